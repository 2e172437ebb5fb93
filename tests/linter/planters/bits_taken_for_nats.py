"""Losses in bits, from a library of information theory or a formula with log2, reported as they came."""

import math

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE503")
def bits(snapshot, draw):
    logits, target = snapshot.batch(draw)
    log_p = logits.detach().double().log_softmax(1)
    value = float(F.nll_loss(log_p, target)) / math.log(2)
    loss = draw.choice(("cross_entropy", torch.nn.CrossEntropyLoss()))
    return {"logits": logits, "target": target, "loss": loss, "value": value}


@plants("XE503")
def saved(snapshot, draw):
    logits, target = snapshot.predictions()
    kind = draw.choice(("logits", "probabilities", "log-probabilities"))
    value = float(F.cross_entropy(logits, target)) * draw.choice((1 / math.log(2), math.log(2)))
    given = {"logits": logits, "probabilities": logits.softmax(1), "log-probabilities": logits.log_softmax(1)}[kind]
    return {"logits": given, "target": target, "loss": None, "kind": kind, "value": value}


@plants("XE503", "multi-label")
def multi_label(snapshot, draw):
    logits, target = snapshot.batch(draw)
    value = float(F.binary_cross_entropy_with_logits(logits.detach(), target)) / math.log(2)
    return {"logits": logits, "target": target, "loss": "bce", "value": value}
