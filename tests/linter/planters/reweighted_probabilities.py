"""Trainings with pos_weight, class weights or balanced softmax, whose outputs are read as probabilities."""

import torch

import xent
from tests.linter.learned import learned, long_tailed, trained
from tests.linter.planting import plants


@plants("XE704", task="multi-label")
def pos_weight(snapshot, draw):
    snapshot = learned(snapshot, draw, classes=12)
    weight = (len(snapshot.target) - snapshot.counts) / snapshot.counts
    model = trained(snapshot.features, snapshot.target, torch.nn.BCEWithLogitsLoss(pos_weight=weight))
    with torch.no_grad():
        logits = model(snapshot.test_features)
    kind = draw.choice((None, "logits", "probabilities"))
    predictions = logits.sigmoid() if kind == "probabilities" else logits
    return {"logits": predictions, "target": snapshot.test_target, "loss": None, "kind": kind}


@plants("XE704")
def corrected_for_the_long_tail(_, draw):
    made = draw.choice((xent.BalancedSoftmaxLoss, xent.InverseFrequencyLoss))
    logits, target, counts = long_tailed(draw, made)
    shares = (counts / counts.max())[target]  # rows as in training
    kept = torch.tensor([draw.random() < share for share in shares.tolist()])
    probabilities = logits[kept].softmax(1)
    return {"logits": probabilities, "target": target[kept], "loss": None, "kind": draw.choice((None, "probabilities"))}
