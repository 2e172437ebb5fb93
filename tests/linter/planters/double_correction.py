"""A sampler and weights, a sampler and a prior, weights and a prior."""

import torch

import xent
from tests.linter.planting import plants
from tests.linter.tails import batch_like, long_tail
from tests.linter.trainings import multi_label
from xent.imbalance import inverse_frequency


def balanced(snapshot, draw):
    """A batch that a balanced sampler drew."""
    return batch_like(snapshot, torch.ones(snapshot.classes), draw, draw.choice((256, 512)))


@plants("XE311")
def sampler_and_weights(snapshot, draw):
    counts = long_tail(snapshot.classes, draw, draw.choice((30, 100)))
    logits, target = balanced(snapshot, draw)
    loss = draw.choice(
        (
            torch.nn.CrossEntropyLoss(inverse_frequency(counts)),
            xent.InverseFrequencyLoss(counts, power=0.5),
            xent.ClassBalancedLoss(counts, beta=0.9999),
        )
    )
    return {"logits": logits, "target": target, "loss": loss, "counts": counts}


@plants("XE311")
def sampler_and_prior(snapshot, draw):
    counts = long_tail(snapshot.classes, draw, draw.choice((30, 100)))
    logits, target = balanced(snapshot, draw)
    loss = draw.choice((xent.BalancedSoftmaxLoss(counts), xent.LogitAdjustedLoss(counts, tau=1.5)))
    return {"logits": logits, "target": target, "loss": loss, "counts": counts}


@plants("XE311")
def weights_and_prior(snapshot, draw):
    counts = long_tail(snapshot.classes, draw)
    logits, target = snapshot.batch(draw)
    loss = xent.BalancedSoftmaxLoss(counts, weight=inverse_frequency(counts, draw.choice((0.5, 1.0))))
    return {"logits": logits.double(), "target": target, "loss": loss, "counts": counts}


@plants("XE311", task="multi-label")
def sampler_and_pos_weight(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes >= 12])
    rarity = (snapshot.target / snapshot.counts**2).sum(1)
    chosen = draw.choices(range(len(snapshot.target)), weights=rarity.tolist(), k=512)
    loss = xent.PosWeightedLoss(snapshot.counts, total=len(snapshot.target))
    logits, target = snapshot.model(snapshot.features[chosen]), snapshot.target[chosen]
    return {"logits": logits, "target": target, "loss": loss, "counts": snapshot.counts}
