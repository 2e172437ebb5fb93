"""Class indices, masks of 0 and 255, -1 for "unknown", in a binary loss."""

import torch

from tests.linter.planting import plants

LOSSES = ("binary_cross_entropy_with_logits", "bce", "sigmoid-focal", "asl", torch.nn.BCEWithLogitsLoss())


@plants("XE209", task="multi-label")
def masks_of_255(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target * draw.choice((2, 255)), "loss": draw.choice(LOSSES)}


@plants("XE209", task="multi-label")
def unknown(snapshot, draw):
    logits, target = snapshot.batch(draw)
    unknown = torch.rand(target.shape, generator=torch.Generator().manual_seed(draw.randrange(1000))) < 0.05
    unknown[0, 0] = True
    dtype = draw.choice((torch.float32, torch.float16, torch.bfloat16))
    return {
        "logits": logits.to(dtype),
        "target": target.masked_fill(unknown, -1).to(dtype),
        "loss": draw.choice(LOSSES),
    }


@plants("XE209", task="multi-label")
def into_bce(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits.sigmoid(), "target": 2 * target - 1, "loss": "binary_cross_entropy"}
