"""LDAM: the formula, by hand and in float64; its margins; what is refused."""

import math
import re

import pytest
import torch
from torch.autograd import gradcheck

from xent import LogitTransform, cross_entropy
from xent.presets import LDAMLoss, ldam_loss

COUNTS = [1000, 81, 16, 1]
COSINES = torch.tensor(
    [[0.7, -0.1, 0.3, 0.1], [0.2, 0.5, -0.9, 0.4], [0.1, 0.9, 1.0, -0.7], [0.0, -1.0, 0.5, 0.2]], dtype=torch.float64
)
LABELS = torch.tensor([0, 1, 2, 3])


@pytest.mark.parametrize(("max_margin", "scale"), [(0.5, 30.0), (0.2, 1.0), (0.0, 7.0)])
def test_it_is_its_formula(max_margin: float, scale: float) -> None:
    """-log of e^(s(z_y - m_y)) over itself and the sum over k != y of e^(s z_k), with m_k = const / n_k^(1/4)."""
    rarest = min(COUNTS)
    expected = []
    for z, y in zip(COSINES, LABELS.tolist(), strict=True):
        margin = max_margin * (rarest / COUNTS[y]) ** 0.25
        others = sum(((z[k] - z[y] + margin) * scale).exp() for k in range(4) if k != y)
        expected.append(torch.log1p(others))
    given = ldam_loss(COSINES, LABELS, COUNTS, max_margin, scale, reduction="none")
    torch.testing.assert_close(given, torch.stack(expected), rtol=1e-9, atol=0)
    module = LDAMLoss(COUNTS, max_margin, scale, reduction="none")
    torch.testing.assert_close(module(COSINES.float(), LABELS), torch.stack(expected).float(), rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("cosine", "label", "expected"),
    [
        # Margins 1/4 and 1/2. Label 0: 4 log 3 * (1/2 - 1/4) = log 3 beside 0, p = 3/4.
        (0.5, 0, math.log(4 / 3)),
        # Label 1: log 9 beside 4 log 3 * -1/2 = -log 9, p = 1/82.
        (0.5, 1, math.log(82)),
        # Label 0, where the margin is just met: 0 beside 0.
        (0.25, 0, math.log(2)),
    ],
)
def test_by_hand(cosine: float, label: int, expected: float) -> None:
    z = torch.tensor([[cosine, 0.0]], dtype=torch.float64)
    loss = ldam_loss(z, torch.tensor([label]), [16, 1], scale=4 * math.log(3))
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_the_margin_is_of_the_label_alone() -> None:
    """Subtracted from every logit it would be an offset, and the loss of another row another."""
    without = cross_entropy(COSINES, LABELS, logits=LogitTransform(scale=30.0), reduction="none")
    with_margin = ldam_loss(COSINES, LABELS, COUNTS, reduction="none")
    assert (with_margin > without).all()


def test_scores_of_a_trained_model_do_not_depend_on_the_weights_scale() -> None:
    """A class weight beside LDAM counts in the mean's denominator, as in cross entropy."""
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    mean = ldam_loss(COSINES, LABELS, COUNTS, weight=weight)
    rows = ldam_loss(COSINES, LABELS, COUNTS, reduction="none")
    torch.testing.assert_close(mean, (weight * rows).sum() / weight.sum(), rtol=1e-12, atol=0)


def test_gradients() -> None:
    z = COSINES.clone().requires_grad_()
    assert gradcheck(lambda z: ldam_loss(z, LABELS, COUNTS, scale=3.0), z)
    assert gradcheck(lambda z: ldam_loss(z, LABELS, COUNTS, scale=3.0, label_smoothing=0.1, reduction="none"), z)


def test_state_and_repr() -> None:
    module, other = LDAMLoss(COUNTS), LDAMLoss([1, 1, 1, 1])
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(COSINES.float(), LABELS), module(COSINES.float(), LABELS), rtol=0, atol=0)
    assert set(module.state_dict()) == {"logits.margin"}
    assert repr(module) == "LDAMLoss(\n  max_margin=0.5\n  (logits): LogitTransform(scale=30.0, margin=Tensor(4))\n)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LDAMLoss([5, 0]), ValueError, "got 0 for class 1. A class without training rows"),
        (lambda: LDAMLoss(COUNTS, -0.1), ValueError, "LDAMLoss: `max_margin` must be finite, at least 0, got -0.1"),
        (lambda: LDAMLoss(COUNTS, scale=0.0), ValueError, "LDAMLoss: `scale` must be finite, above 0, got 0.0"),
        (lambda: LDAMLoss(COUNTS, scale=None), TypeError, "LDAMLoss: `scale` must be a number, not NoneType"),
        (lambda: LDAMLoss(COUNTS, logits=LogitTransform(scale=2.0)), TypeError, "`scale` of `logits` is what LDAMLoss"),
        (
            lambda: LDAMLoss(COUNTS, logits=LogitTransform(margin=torch.zeros(4))),
            TypeError,
            "`margin` of `logits` is what LDAMLoss sets itself",
        ),
        (
            lambda: ldam_loss(COSINES, torch.softmax(COSINES, 1), COUNTS),
            ValueError,
            "need a label per row, and `target` holds probabilities",
        ),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
