"""xent.facts against SciPy and NumPy, row by row."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from torch import Tensor
from torch.autograd import gradcheck

import xent
from xent import LogitTransform

ROWS, CLASSES = 9, 6


def _logits() -> Tensor:
    return 3 * torch.randn(ROWS, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


LABELS = torch.tensor([0, 5, 2, 2, 1, 3, 0, 4, 4])


def _expect(logits: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    rows = np.arange(len(labels))
    return {
        "nll": -scipy.special.log_softmax(logits, axis=1)[rows, labels],
        "lse": scipy.special.logsumexp(logits, axis=1),
        "entropy": scipy.stats.entropy(scipy.special.softmax(logits, axis=1), axis=1),
        "argmax": logits.argmax(1),
        "rank": (logits > logits[rows, labels][:, None]).sum(1),
    }


def _assert_facts(facts: xent.Facts, expected: dict[str, np.ndarray], rtol: float) -> None:
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(facts, name).numpy(), values, rtol=rtol, err_msg=name)


def test_by_hand() -> None:
    """Logits 2, .5, .3 with label 1: lse = log(7.389056 + 1.648721 + 1.349859) = 2.340616, nll = lse - .5.

    p = .711332, .158719, .129949; entropy = .711332*.340616 + .158719*1.840616 + .129949*2.040616 = .799608
    """
    row = xent.facts(torch.tensor([[2.0, 0.5, 0.3]]), torch.tensor([1]))
    assert row.nll.item() == pytest.approx(1.840616, abs=1e-6)
    assert row.lse.item() == pytest.approx(2.340616, abs=1e-6)
    assert row.entropy.item() == pytest.approx(0.799608, abs=1e-6)
    assert (row.argmax.item(), row.rank.item()) == (0, 1)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 1e-5)])
def test_against_scipy(dtype: torch.dtype, rtol: float) -> None:
    """Half precision is the input's alone: the facts are float32."""
    logits = _logits().to(dtype)
    facts = xent.facts(logits, LABELS)
    assert facts.nll.dtype == facts.entropy.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert facts.argmax.dtype == facts.rank.dtype == torch.int64
    _assert_facts(facts, _expect(logits.double().numpy(), LABELS.numpy()), rtol)


@pytest.mark.parametrize("dim", [1, -1, 0])
def test_class_axis(dim: int) -> None:
    logits = _logits().reshape(3, 3, CLASSES)
    labels = LABELS.reshape(3, 3)
    expected = {name: value.reshape(3, 3) for name, value in _expect(_logits().numpy(), LABELS.numpy()).items()}
    _assert_facts(xent.facts(logits.movedim(-1, dim), labels, dim=dim), expected, 1e-12)


def test_one_row() -> None:
    facts = xent.facts(_logits()[0], LABELS[0])
    assert all(value.shape == () for value in facts)
    _assert_facts(facts, {name: value[0] for name, value in _expect(_logits().numpy(), LABELS.numpy()).items()}, 1e-12)


def test_a_long_lead() -> None:
    """nll = log1p(2 e^-40) = 8.496709e-18, entropy = 2 e^-40 * 40 + nll = 3.483651e-16."""
    facts = xent.facts(torch.tensor([[40.0, 0.0, 0.0]]), torch.tensor([0]))
    assert facts.nll.item() == pytest.approx(2 * math.exp(-40), rel=1e-5)
    assert facts.entropy.item() == pytest.approx(2 * 41 * math.exp(-40), rel=1e-5)


def test_equal_logits_do_not_raise_the_rank() -> None:
    facts = xent.facts(torch.tensor([[1.0, 2.0, 2.0, 0.0]]), torch.tensor([2]))
    assert facts.rank.item() == 0


def test_rank_gives_top_k() -> None:
    rank = xent.facts(_logits(), LABELS).rank
    for k in range(1, CLASSES + 1):
        in_top_k = (_logits().topk(k, 1).indices == LABELS[:, None]).any(1)
        assert torch.equal(rank < k, in_top_k)


@pytest.mark.parametrize("way", ["ignore_index", "mask"])
def test_rows_that_are_left_out(way: str) -> None:
    kept = torch.tensor([True, False, True, True, False, True, True, True, True])
    labels = LABELS.masked_fill(~kept, 255) if way == "ignore_index" else LABELS
    facts = xent.facts(_logits(), labels, **({"ignore_index": 255} if way == "ignore_index" else {"mask": kept}))
    plain = xent.facts(_logits(), LABELS)
    assert (facts.nll[~kept] == 0).all()
    assert (facts.rank[~kept] == -1).all()
    torch.testing.assert_close(facts.nll[kept], plain.nll[kept])
    assert torch.equal(facts.rank[kept], plain.rank[kept])
    for name, absent in (("lse", 0), ("entropy", 0), ("argmax", -1)):
        torch.testing.assert_close(getattr(facts, name)[kept], getattr(plain, name)[kept])
        assert (getattr(facts, name)[~kept] == absent).all()


def test_a_removed_class_adds_nothing() -> None:
    """Entropy with 0 log 0 = 0."""
    transform = LogitTransform(valid_classes=CLASSES - 1)
    labels = LABELS.clamp(max=CLASSES - 2)
    facts = xent.facts(_logits(), labels, logits=transform)
    _assert_facts(facts, _expect(_logits()[:, :-1].numpy(), labels.numpy()), 1e-12)


def test_derivatives_beside_a_removed_class() -> None:
    logits = _logits()
    logits[:, 3] = -math.inf
    logits.requires_grad_()
    facts = xent.facts(logits, LABELS.clamp(max=2))
    (gradient,) = torch.autograd.grad((facts.entropy + facts.lse).sum(), logits)
    assert torch.isfinite(gradient).all()
    assert (gradient[:, 3] == 0).all()


def test_nll_is_the_loss() -> None:
    transform = LogitTransform(scale=2.0, margin=torch.linspace(0, 1, CLASSES, dtype=torch.float64))
    torch.testing.assert_close(
        xent.facts(_logits(), LABELS, logits=transform).nll,
        xent.cross_entropy(_logits(), LABELS, logits=transform, reduction="none"),
    )


def test_derivatives() -> None:
    """The gradient of lse is p, and that of nll is p - e_y."""
    logits = _logits().requires_grad_()
    p = torch.softmax(logits.detach(), 1)
    (of_lse,) = torch.autograd.grad(xent.facts(logits, LABELS).lse.sum(), logits)
    torch.testing.assert_close(of_lse, p)
    (of_nll,) = torch.autograd.grad(xent.facts(logits, LABELS).nll.sum(), logits)
    torch.testing.assert_close(of_nll, p - torch.eye(CLASSES, dtype=torch.float64)[LABELS])
    assert gradcheck(lambda z: xent.facts(z, LABELS)[:3], logits, fast_mode=True)


def test_refusals() -> None:
    with pytest.raises(IndexError, match=r"Target 6 is out of bounds. `target` must hold classes in \[0, 5\]"):
        xent.facts(_logits(), LABELS + 1)
    with pytest.raises(RuntimeError, match="expected target dtype to be Long or Byte, but got Float"):
        xent.facts(_logits(), LABELS.float())
    with pytest.raises(TypeError, match="argument 'target' must be Tensor, not list"):
        xent.facts(_logits(), [0])
