"""The losses on offer: the code that is shown builds the loss that is trained, and that loss is the formula."""

import pytest
import torch
import torch.nn.functional as F

import xent
from xent.compare import CANDIDATES, InputError
from xent.compare.candidates import choose

COUNTS = torch.tensor([6, 3, 1])
TRAIN_LABELS = torch.tensor([0] * 6 + [1] * 3 + [2])
LOGITS = torch.tensor([[2.0, 0.5, 0.3], [0.2, 1.5, 0.1], [1.0, 0.9, 1.2], [0.4, -1.0, 0.7]])
LABELS = torch.tensor([0, 1, 2, 1])


def focal(logits, labels):
    log_p = logits.log_softmax(1).gather(1, labels[:, None])
    return (-((1 - log_p.exp()) ** 2) * log_p).mean()


# 1 - .999^n for n = 6, 3, 1
EFFECTIVE = torch.tensor([0.005985020, 0.002997001, 0.001])

FORMULAS = {
    "ce": lambda: F.cross_entropy(LOGITS, LABELS),
    "weighted": lambda: F.cross_entropy(LOGITS, LABELS, weight=1 / COUNTS),
    "effective-number": lambda: F.cross_entropy(LOGITS, LABELS, weight=1 / EFFECTIVE),
    "label-smoothing": lambda: F.cross_entropy(LOGITS, LABELS, label_smoothing=0.1),
    "focal": lambda: focal(LOGITS, LABELS),
    "balanced-softmax": lambda: F.cross_entropy(LOGITS + COUNTS.log(), LABELS),
    "post-hoc-adjustment": lambda: F.cross_entropy(LOGITS, LABELS),
}


def test_every_candidate_has_a_formula_here():
    assert set(FORMULAS) == set(CANDIDATES)


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_criterion_is_the_formula(name):
    criterion = CANDIDATES[name].criterion(COUNTS)
    torch.testing.assert_close(criterion(LOGITS, LABELS), FORMULAS[name]())


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_code_to_copy_builds_the_criterion(name):
    names = {
        "torch": torch,
        "xent": xent,
        "train_labels": TRAIN_LABELS,
        "model": torch.nn.Identity(),
        "features": LOGITS,
    }
    exec(CANDIDATES[name].code, names)
    torch.testing.assert_close(names["criterion"](LOGITS, LABELS), FORMULAS[name]())
    if CANDIDATES[name].adjustment is not None:
        torch.testing.assert_close(names["logits"], LOGITS - CANDIDATES[name].adjustment(COUNTS))


def test_adjustment_is_the_log_prior():
    torch.testing.assert_close(
        CANDIDATES["post-hoc-adjustment"].adjustment(COUNTS), torch.tensor([0.6, 0.3, 0.1]).log()
    )


def test_choose_adds_plain_cross_entropy_and_keeps_the_order_of_the_table():
    assert [c.name for c in choose(("focal", "weighted", "focal"))] == ["ce", "weighted", "focal"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ballanced-softmax", "'ballanced-softmax' is unknown; did you mean balanced-softmax? Known: ce, weighted"),
        ("focall", "did you mean focal?"),
        ("xyzzy", "'xyzzy' is unknown; Known: ce,"),
        ("", "'' is unknown"),
    ],
)
def test_an_unknown_loss_is_answered_with_the_known(given, message):
    with pytest.raises(InputError) as error:
        choose(("ce", given))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
