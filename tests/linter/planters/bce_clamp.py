"""Probabilities that have rounded to 0 or 1 and are wrong: sharp models, half precision, clipped scores."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE110", "multi-label")
def sharp(snapshot, draw):
    """A model that is sure of itself: logits of hundreds, as unscaled features give."""
    logits, target = snapshot.batch(draw)
    probabilities = (draw.choice((500.0, 2000.0)) * logits).sigmoid()
    return {
        "logits": probabilities,
        "target": target,
        "loss": draw.choice((F.binary_cross_entropy, torch.nn.BCELoss())),
    }


@plants("XE110", "multi-label")
def half_precision(snapshot, draw):
    logits, target = snapshot.batch(draw)
    probabilities = (100 * logits.detach()).to(draw.choice((torch.float16, torch.bfloat16))).sigmoid()
    return {"logits": probabilities, "target": target.to(probabilities.dtype), "loss": "binary_cross_entropy"}


@plants("XE110", "multi-label")
def decisions(snapshot, draw):
    """Thresholded scores in the place of probabilities."""
    logits, target = snapshot.batch(draw)
    return {"logits": (logits.detach() > 0).float(), "target": target, "loss": "binary_cross_entropy"}
