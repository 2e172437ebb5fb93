"""Training rows, scored by the model that learned them by heart."""

from functools import partial

import torch

import xent
from tests.linter.learned import saved, trained
from tests.linter.planting import plants


@plants("XE709")
def learned_by_heart(snapshot, draw):
    chosen = draw.sample(range(len(snapshot.target)), k=draw.choice((100, 200, 300)))
    features, target = snapshot.features[chosen], snapshot.target[chosen].clone()
    wrong = draw.sample(range(len(chosen)), k=len(chosen) // 20)
    target[wrong] = torch.tensor([draw.randrange(snapshot.classes) for _ in wrong])
    slowly = partial(torch.optim.Adam, lr=0.01)
    model = trained(features, target, xent.CrossEntropyLoss(), hidden=256, optimizer=slowly, steps=300)
    with torch.no_grad():
        predictions, kind = saved(model(features), draw)
    counts = torch.bincount(target, minlength=predictions.shape[1])
    return {"logits": predictions, "target": target, "loss": None, "kind": kind, "counts": counts}
