"""The losses on offer: the code that is shown builds the loss that is trained, and that loss is the formula."""

import math

import pytest
import torch
import torch.nn.functional as F

import xent
from xent.catalog import ROWS
from xent.compare import CANDIDATES, RENAMED, InputError
from xent.compare.candidates import DEFAULTS, choose
from xent.imbalance import ClassCounts

LOGITS = torch.tensor([[2.0, 0.5, 0.3], [0.2, 1.5, 0.1], [1.0, 0.9, 1.2], [0.4, -1.0, 0.7]])
LABELS = torch.tensor([0, 1, 2, 1])
INDICATORS = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
TRAINED = {
    "single-label": torch.tensor([0] * 6 + [1] * 3 + [2]),
    "multi-label": torch.tensor([[1.0, 0.0, 0.0]] * 6 + [[0.0, 1.0, 0.0]] * 3 + [[0.0, 0.0, 1.0]]),
}
TARGET = {"single-label": LABELS, "multi-label": INDICATORS}
N = torch.tensor([6, 3, 1])
COUNTS = {
    "single-label": ClassCounts(N, torch.tensor([10, 10, 10])),
    "multi-label": ClassCounts(N, torch.tensor([10, 10, 10]), multi_label=True),
}
EPOCHS = 10

# 1 - .999^n for n = 6, 3, 1
EFFECTIVE = torch.tensor([0.005985020, 0.002997001, 0.001])


def focal(logits, labels):
    log_p = logits.log_softmax(1).gather(1, labels[:, None])
    return (-((1 - log_p.exp()) ** 2) * log_p).mean()


def ldam(cosines, labels):
    # Margins in proportion to n^-1/4, the largest .5 for n = 1.
    margin = F.one_hot(labels, 3) * (0.5 * N**-0.25)
    return F.cross_entropy(30 * (cosines - margin), labels)


# Of those that are trained by default, and of those that are no rows of the catalogue, whose own tests hold the rest.
FORMULAS = {
    "ce": lambda: F.cross_entropy(LOGITS, LABELS),
    "label-smoothing": lambda: F.cross_entropy(LOGITS, LABELS, label_smoothing=0.1),
    "focal": lambda: focal(LOGITS, LABELS),
    "inverse-frequency": lambda: F.cross_entropy(LOGITS, LABELS, weight=1 / N),
    "class-balanced": lambda: F.cross_entropy(LOGITS, LABELS, weight=1 / EFFECTIVE),
    "balanced-softmax": lambda: F.cross_entropy(LOGITS + N.log(), LABELS),
    "post-hoc-adjustment": lambda: F.cross_entropy(LOGITS, LABELS),
    "deferred-reweighting": lambda: F.cross_entropy(LOGITS, LABELS),
    "cosine-balanced-softmax": lambda: F.cross_entropy(30 * LOGITS + N.log(), LABELS),
    "ldam": lambda: ldam(LOGITS, LABELS),
    "bce": lambda: F.binary_cross_entropy_with_logits(LOGITS, INDICATORS),
    "bce-pos-weight": lambda: F.binary_cross_entropy_with_logits(LOGITS, INDICATORS, pos_weight=(10 - N) / N),
}


def criterion_of(name):
    candidate = CANDIDATES[name]
    return candidate.criterion(COUNTS[candidate.task], EPOCHS)


def test_every_row_of_the_catalogue_is_a_candidate_but_for_those_of_a_teacher():
    assert {name for name, row in ROWS.items() if row.target == "target"} == set(CANDIDATES) & set(ROWS)
    assert set(CANDIDATES) - set(ROWS) == {"post-hoc-adjustment", "deferred-reweighting", "cosine-balanced-softmax"}
    assert "distillation" not in CANDIDATES


@pytest.mark.parametrize("name", FORMULAS)
def test_the_criterion_is_the_formula(name):
    task = CANDIDATES[name].task
    torch.testing.assert_close(criterion_of(name)(LOGITS, TARGET[task]), FORMULAS[name]())


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_code_to_copy_builds_the_criterion(name):
    candidate = CANDIDATES[name]
    names = {
        "torch": torch,
        "xent": xent,
        "train_labels": TRAINED[candidate.task],
        "epochs": EPOCHS,
        "model": torch.nn.Identity(),
        "features": LOGITS,
    }
    exec(candidate.code, names)
    built, trained = names["criterion"], criterion_of(name)
    assert repr(built) == repr(trained)
    target = TARGET[candidate.task]
    losses = []
    for criterion in (built, trained):
        torch.manual_seed(0)  # equalization draws
        losses.append(criterion(LOGITS, target))
    torch.testing.assert_close(*losses)
    if "logits" in names:
        adjustment = 0.0 if candidate.adjustment is None else candidate.adjustment(COUNTS["single-label"])
        torch.testing.assert_close(names["logits"], candidate.prediction(LOGITS) - adjustment)


def test_what_is_predicted_with_is_what_the_loss_sees():
    # LDAM sees cosines times 30, and capped logits stay below the cap.
    torch.testing.assert_close(CANDIDATES["ldam"].prediction(LOGITS), 30 * LOGITS)
    torch.testing.assert_close(
        CANDIDATES["softcap"].prediction(torch.tensor([30.0, 1e6])).cpu(), torch.tensor([30 * math.tanh(1), 30.0])
    )
    for name in ("ldam", "cosine-balanced-softmax"):
        assert CANDIDATES[name].cosines
        assert "normalised last layer" in CANDIDATES[name].title


def test_deferred_weights_come_after_four_fifths_of_the_epochs():
    criterion = criterion_of("deferred-reweighting")
    plain = [criterion(LOGITS, LABELS)]
    for _ in range(EPOCHS - 1):
        criterion.step()
        plain.append(criterion(LOGITS, LABELS))
    weighted = F.cross_entropy(LOGITS, LABELS, weight=1 / EFFECTIVE)
    torch.testing.assert_close(torch.stack(plain), torch.stack([FORMULAS["ce"]()] * 8 + [weighted] * 2))


def test_adjustment_is_the_log_prior():
    torch.testing.assert_close(
        CANDIDATES["post-hoc-adjustment"].adjustment(COUNTS["single-label"]), torch.tensor([0.6, 0.3, 0.1]).log()
    )


def names_of(given, task="single-label"):
    return [candidate.name for candidate in choose(given, task)]


def test_choose_adds_the_plain_loss_and_keeps_the_order_of_the_table():
    assert names_of(("class-balanced", "focal", "focal")) == ["ce", "focal", "class-balanced"]
    assert names_of(("asl",), "multi-label") == ["bce", "asl"]


def test_choose_knows_the_defaults_and_all():
    for task in ("single-label", "multi-label"):
        assert set(names_of(None, task)) == set(DEFAULTS[task])
        assert names_of(("focal" if task == "single-label" else "asl", "all"), task) == (
            [name for name, candidate in CANDIDATES.items() if candidate.task == task]
        )
    assert len(DEFAULTS["single-label"]) == 7


def test_former_names_still_work():
    assert RENAMED == {"weighted": "inverse-frequency", "effective-number": "class-balanced"}
    assert names_of(("weighted", "effective-number")) == ["ce", "inverse-frequency", "class-balanced"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ballanced-softmax", "'ballanced-softmax' is unknown; did you mean balanced-softmax? Known: ce, label-smooth"),
        ("focall", "did you mean focal?"),
        ("xyzzy", "'xyzzy' is unknown; Known: ce,"),
        ("distillation", "'distillation' is unknown"),
        ("", "'' is unknown"),
        ("asl", "asl is for multi-label data, and these are single-label; give some of ce, label-smoothing"),
    ],
)
def test_an_unsuitable_loss_is_answered_with_the_known(given, message):
    with pytest.raises(InputError) as error:
        choose(("ce", given), "single-label")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
