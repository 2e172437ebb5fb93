"""First steps on inputs that are not normalised, and heads that are too large."""

import copy

import torch

from tests.linter.planting import plants


def _untrained(snapshot):
    """The same layers, as torch makes them."""
    model = copy.deepcopy(snapshot.model)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()
    return model


def _batch(snapshot, draw, model, scale=1.0):
    chosen = torch.tensor(draw.choices(range(len(snapshot.features)), k=draw.choice((32, 64, 256))))
    return model(snapshot.features[chosen] * scale), snapshot.target[chosen]


@plants("XE403")
def pixels_up_to_255(snapshot, draw):
    torch.manual_seed(draw.randrange(1000))
    logits, target = _batch(snapshot, draw, _untrained(snapshot), 255.0)
    loss = draw.choice(("cross_entropy", "focal", "label-smoothing"))
    return {"logits": logits, "target": target, "step": 0, "loss": loss}


@plants("XE403")
def head_of_an_embedding(snapshot, draw):
    torch.manual_seed(draw.randrange(1000))
    features = torch.randn(128, 512)
    head = torch.nn.Embedding(snapshot.classes, 512)
    chosen = torch.tensor(draw.choices(range(len(snapshot.target)), k=128))
    return {"logits": features @ head.weight.T, "target": snapshot.target[chosen], "step": 0}


@plants("XE403", task="multi-label")
def binary(snapshot, draw):
    torch.manual_seed(draw.randrange(1000))
    logits, target = _batch(snapshot, draw, _untrained(snapshot), 255.0)
    return {"logits": logits, "target": target, "step": 0, "loss": "bce"}
