import pytest
import torch

import xent

LOGITS = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
TARGET = torch.arange(50) % 4
INDICATORS = torch.nn.functional.one_hot(TARGET, 4).float()


def found(predictions, target, kind):
    return xent.lint(predictions, target, loss=None, kind=kind, select=["XE707"])


@pytest.mark.parametrize(
    ("predictions", "target", "kind", "words"),
    [
        (LOGITS.softmax(1), TARGET, "logits", "and every row lies in [0, 1] and sums to 1"),
        (LOGITS.sigmoid(), INDICATORS, "logits", "and all lie in [0, 1]"),
        (LOGITS, TARGET, "probabilities", "and lie between"),
        (LOGITS.sigmoid(), TARGET, "probabilities", "and the sum of a row misses 1 by"),
        (LOGITS, TARGET, "log-probabilities", f"and the largest is {float(LOGITS.max()):.4g}, above 0"),
    ],
)
def test_says_what_it_has_seen(predictions, target, kind, words):
    (finding,) = found(predictions, target, kind)
    assert f"said to be {kind}, {words}" in finding.seen
    assert finding.numbers["highest"] == float(predictions.max())


@pytest.mark.parametrize(
    ("predictions", "target", "kind"),
    [
        (LOGITS, TARGET, "logits"),
        (LOGITS, INDICATORS, "logits"),
        (LOGITS.log_softmax(1), TARGET, "logits"),
        (LOGITS.softmax(1).bfloat16(), TARGET, "probabilities"),
        (LOGITS.sigmoid(), INDICATORS, "probabilities"),
        (LOGITS.log_softmax(1).half(), TARGET, "log-probabilities"),
        (LOGITS.softmax(1), TARGET, None),
        (LOGITS[:2].softmax(1), TARGET[:2], "logits"),
    ],
)
def test_kinds_that_fit(predictions, target, kind):
    assert not found(predictions, target, kind)
