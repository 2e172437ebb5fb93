"""The teacher in the model's place, and the model in the teacher's."""

import torch.nn.functional as F

from tests.linter.planters.kl_of_probabilities import teacher
from tests.linter.planting import plants


@plants("XE109")
def swapped(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    return {
        "logits": teacher(logits, draw).log_softmax(1),
        "target": logits.softmax(1),
        "loss": F.kl_div,
        "reduction": draw.choice(("batchmean", "mean", "sum")),
    }


@plants("XE109")
def swapped_in_logarithms(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    return {
        "logits": teacher(logits, draw).log_softmax(1),
        "target": logits.log_softmax(1),
        "loss": "kl_div",
        "log_target": True,
    }
