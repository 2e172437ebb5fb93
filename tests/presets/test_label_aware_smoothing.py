"""Label-aware smoothing: the authors' formula, the settings of the core in it, and what it refuses."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from xent.presets import LabelAwareSmoothingLoss, label_aware_smoothing_loss

COUNTS = torch.tensor([500.0, 20.0, 130.0], dtype=torch.float64)
LOGITS = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0], [0.1, 0.2, 0.4], [1.0, 0.0, -1.0]], dtype=torch.float64)
LABELS = torch.tensor([1, 0, 2, 0])
WEIGHT = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)


def eps_of(count: float, shape: str, head: float = 0.4, tail: float = 0.1) -> float:
    """As the authors' code has it, the convex form as a sine too."""
    share = (count - 20) / (500 - 20)
    return {
        "concave": tail + (head - tail) * math.sin(math.pi / 2 * share),
        "linear": tail + (head - tail) * share,
        "convex": head + (head - tail) * math.sin(1.5 * math.pi + math.pi / 2 * share),
    }[shape]


def targets(shape: str = "concave", prior: Tensor | None = None) -> Tensor:
    eps = torch.tensor([[eps_of(COUNTS[label].item(), shape)] for label in LABELS.tolist()], dtype=torch.float64)
    mixed = torch.full((3,), 1 / 3, dtype=torch.float64) if prior is None else prior
    return (1 - eps) * torch.nn.functional.one_hot(LABELS, 3).double() + eps * mixed


def plainly(shape: str = "concave", weight: Tensor | None = None, prior: Tensor | None = None) -> Tensor:
    weighed = targets(shape, prior) * (1.0 if weight is None else weight)
    return -(weighed * torch.log_softmax(LOGITS, 1)).sum(1)


def loss(**settings: Any) -> Tensor:
    """Of the function; the module gives the same."""
    batch = {name: settings.pop(name) for name in ("sample_weight", "mask", "normalizer") if name in settings}
    found = label_aware_smoothing_loss(LOGITS, LABELS, COUNTS, **settings, **batch)
    assert torch.equal(LabelAwareSmoothingLoss(COUNTS, **settings)(LOGITS, LABELS, **batch), found)
    return found


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("shape", ["concave", "linear", "convex"])
def test_formula_of_the_authors(shape: Any) -> None:
    close(loss(shape=shape, reduction="none"), plainly(shape))
    close(loss(shape=shape), plainly(shape).mean())
    assert plainly("concave").sum() != plainly("linear").sum() != plainly("convex").sum()


def test_class_weights_divide_the_mean_once() -> None:
    rows, d = plainly(weight=WEIGHT), WEIGHT[LABELS]
    close(loss(weight=WEIGHT, reduction="none"), rows)
    close(loss(weight=WEIGHT, reduction="sum"), rows.sum())
    close(loss(weight=WEIGHT), rows.sum() / d.sum())


def test_repetition_masks_and_normalizer() -> None:
    rows, s = plainly(weight=WEIGHT), torch.tensor([1.0, 2.0, 0.0, 0.5], dtype=torch.float64)
    kept = torch.tensor([True, True, True, False])
    d = WEIGHT[LABELS] * s * kept
    close(loss(weight=WEIGHT, sample_weight=s, mask=kept), (s * kept * rows).sum() / d.sum())
    close(loss(weight=WEIGHT, sample_weight=s, mask=kept, normalizer=7.0), (s * kept * rows).sum() / 7)


def test_ignored_rows_are_not_there() -> None:
    labels = LABELS.clone()
    labels[1] = -100
    spoiled = LOGITS.clone()
    spoiled[1] = torch.nan
    spoiled.requires_grad_()
    found = label_aware_smoothing_loss(spoiled, labels, COUNTS)
    found.backward()
    close(found.detach(), plainly()[[0, 2, 3]].mean())
    assert spoiled.grad is not None
    assert torch.equal(spoiled.grad[1], torch.zeros(3, dtype=torch.float64))


def test_all_ignored() -> None:
    logits = LOGITS.clone().requires_grad_()
    found = label_aware_smoothing_loss(logits, torch.full((4,), 255, dtype=torch.uint8), COUNTS, ignore_index=255)
    found.backward()
    assert found.isnan()
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.zeros_like(LOGITS))


def test_z_loss_is_counted_once() -> None:
    z = 0.3 * torch.logsumexp(LOGITS, 1) ** 2
    close(loss(z_loss=0.3, weight=WEIGHT, reduction="none"), plainly(weight=WEIGHT) + WEIGHT[LABELS] * z)


def test_prior_and_removed_classes() -> None:
    prior = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    close(loss(smoothing_prior=prior, reduction="none"), plainly(prior=prior))
    rows = label_aware_smoothing_loss(
        torch.nn.functional.pad(LOGITS, (0, 1)),
        LABELS,
        torch.cat([COUNTS, COUNTS[1:2]]),
        logits=xent.LogitTransform(valid_classes=3),
        reduction="none",
    )
    close(rows, plainly())


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weight": WEIGHT.float(), "smoothing_prior": torch.tensor([0.5, 0.0, 0.25])},
        {"event": xent.Event(gamma=1.5, poly=0.5), "sample_weight": torch.tensor([1.0, 2.0, 0.0, 0.5])},
    ],
    ids=["plain", "weight-prior", "event-sample_weight"],
)
def test_one_call_and_two_agree(reduction: str, settings: dict[str, Any]) -> None:
    """Naming the classes that take part, though it is all of them, takes two."""
    found = []
    for logits in (None, xent.LogitTransform(valid_classes=3)):
        z = LOGITS.float().requires_grad_()
        loss = label_aware_smoothing_loss(z, LABELS, COUNTS, logits=logits, reduction=reduction, **settings)
        found.append((loss.detach(), *torch.autograd.grad(loss.sum(), z)))
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (torch.ones(2), r"must have shape \(3,\), one a class, got \(2,\)\."),
        (torch.tensor([0.5, -0.5, 1.0]), r"must hold finite numbers of at least 0, not all 0\."),
        (torch.zeros(3), r"must hold finite numbers of at least 0, not all 0\."),
    ],
)
def test_priors_that_are_refused(prior: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=f"`smoothing_prior` {message}"):
        label_aware_smoothing_loss(LOGITS, LABELS, COUNTS, smoothing_prior=prior)


def test_an_impossible_class_is_not_smoothed_into() -> None:
    """It has no part in the prior, of which each row's eps is a share."""
    logits = torch.nn.functional.pad(LOGITS, (0, 1), value=-math.inf)
    rows = label_aware_smoothing_loss(logits, LABELS, torch.cat([COUNTS, COUNTS[:1]]), reduction="none")
    close(rows, plainly())


@pytest.mark.parametrize("eps", [0.0, 0.25, 1.0])
def test_one_eps_for_all_is_label_smoothing(eps: float) -> None:
    close(loss(head=eps, tail=eps), xent.cross_entropy(LOGITS, LABELS, label_smoothing=eps))


def test_equal_counts_have_no_head() -> None:
    found = label_aware_smoothing_loss(LOGITS, LABELS, [7, 7, 7])
    torch.testing.assert_close(found, xent.cross_entropy(LOGITS, LABELS, label_smoothing=0.1))


def test_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    for reduction in ("mean", "none"):
        assert torch.autograd.gradcheck(
            lambda z, how=reduction: label_aware_smoothing_loss(z, LABELS, COUNTS, weight=WEIGHT, reduction=how), logits
        )


def test_a_large_sum_in_half_precision_does_not_overflow() -> None:
    """The mean of 2^14 rows of about 8 nats is 8; their sum is beyond float16."""
    logits = torch.tensor([[-8.0, 0.0]], dtype=torch.float16).repeat(2**14, 1)
    found = label_aware_smoothing_loss(logits, torch.zeros(2**14, dtype=torch.int64), [3, 3], tail=0.0)
    assert found.item() == pytest.approx(8.0, rel=1e-3)


def test_module_keeps_what_it_is_made_of() -> None:
    module = LabelAwareSmoothingLoss(COUNTS, weight=WEIGHT, shape="linear")
    other = LabelAwareSmoothingLoss(COUNTS.flip(0), weight=WEIGHT.flip(0))
    other.load_state_dict(module.state_dict())
    expected = module(LOGITS, LABELS)
    assert torch.equal(other(LOGITS, LABELS), expected)
    assert torch.equal(copy.deepcopy(module)(LOGITS, LABELS), expected)
    assert repr(module) == "LabelAwareSmoothingLoss(head=0.4, tail=0.1, shape=linear)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": 1.5}, r"`head` must be finite, at least 0 and at most 1, got 1.5\."),
        ({"tail": -0.5}, r"`tail` must be finite, at least 0 and at most 1, got -0.5\."),
        ({"shape": "round"}, r"`shape` must be one of concave, linear, convex, got 'round'\."),
        ({"inplace_gradient": True}, r"the logits are read twice\. Pass inplace_gradient=False\."),
    ],
)
def test_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"LabelAwareSmoothingLoss: {message}"):
        LabelAwareSmoothingLoss(COUNTS, **arguments)
    with pytest.raises(ValueError, match=f"label_aware_smoothing_loss: {message}"):
        label_aware_smoothing_loss(LOGITS, LABELS, COUNTS, **arguments)


def test_refused_targets_counts_and_smoothing() -> None:
    with pytest.raises(ValueError, match=r"depends on its label, and `target` holds probabilities\. Pass class ind"):
        label_aware_smoothing_loss(LOGITS, LOGITS.softmax(1), COUNTS)
    with pytest.raises(ValueError, match=r"`counts` are of 2 classes, and `input` has 3 of them along axis 1\."):
        label_aware_smoothing_loss(LOGITS, LABELS, [5, 2])
    with pytest.raises(ValueError, match=r"`counts` must be finite and above 0, got 0 for class 1\."):
        label_aware_smoothing_loss(LOGITS, LABELS, [5, 0, 2])
    with pytest.raises(TypeError, match="`label_smoothing` is what LabelAwareSmoothingLoss sets itself"):
        LabelAwareSmoothingLoss(COUNTS, label_smoothing=0.1)
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        label_aware_smoothing_loss(LOGITS, LABELS + 2, COUNTS)
