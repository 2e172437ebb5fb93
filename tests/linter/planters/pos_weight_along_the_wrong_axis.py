"""Images (B, C, H, W) with one weight a class, W = C and not."""

import torch

from tests.linter.planting import plants
from tests.linter.trainings import multi_label


def image(rows, height, width):
    """Rows of classes as pixels: (B * H * W, C) -> (B, C, H, W)."""
    return rows.reshape(-1, height, width, rows.shape[-1]).movedim(-1, 1)


@plants("XE308", task="multi-label")
def as_many_columns_as_classes(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes > 4])
    logits, target = snapshot.batch(draw, rows=6 * snapshot.classes * draw.choice((8, 12)))
    shape = draw.choice((6, 8)), snapshot.classes
    whole = len(target) // (shape[0] * shape[1]) * shape[0] * shape[1]
    pos_weight = (len(snapshot.target) - snapshot.counts) / snapshot.counts
    return {
        "logits": image(logits[:whole], *shape),
        "target": image(target[:whole], *shape),
        "loss": torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight),
    }


@plants("XE308", task="multi-label")
def other_shapes(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes >= 4])
    logits, target = snapshot.batch(draw, rows=2 * 5 * 16)
    pos_weight = (len(snapshot.target) - snapshot.counts) / snapshot.counts
    loss = "binary_cross_entropy_with_logits"
    return {"logits": image(logits, 5, 16), "target": image(target, 5, 16), "loss": loss, "pos_weight": pos_weight}
