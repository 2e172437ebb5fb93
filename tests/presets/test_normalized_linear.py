"""The normalised head: cosines, whatever the length of a row, and rows without a direction."""

import copy
import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

import xent
from xent.presets import NormalizedLinear


def head(dtype: torch.dtype = torch.float64) -> NormalizedLinear:
    torch.manual_seed(0)
    return NormalizedLinear(5, 3, dtype=dtype)


def features(*shape: int) -> Tensor:
    return torch.randn(*shape, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,)])
def test_logits_are_cosines(shape: tuple[int, ...]) -> None:
    layer, x = head(), features(*shape)
    expected = F.cosine_similarity(x.unsqueeze(-2), layer.weight, dim=-1)
    torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-15)


def test_by_hand() -> None:
    layer = NormalizedLinear(2, 2, dtype=torch.float64)
    layer.weight.data = torch.tensor([[3.0, 4.0], [0.0, -2.0]], dtype=torch.float64)
    # (1, 0) with (3, 4): 3/5; with (0, -2): 0. (0, 7): 4/5 and -1.
    x = torch.tensor([[1.0, 0.0], [0.0, 7.0]], dtype=torch.float64)
    torch.testing.assert_close(layer(x), torch.tensor([[0.6, 0.0], [0.8, -1.0]], dtype=torch.float64))


@pytest.mark.parametrize(("dtype", "sizes"), [(torch.float32, (1e-44, 1e-30, 1e30)), (torch.float16, (6e-8, 6e4))])
def test_the_length_of_a_row_does_not_matter(dtype: torch.dtype, sizes: tuple[float, ...]) -> None:
    """Its square, or its sum of squares, may be no number of the dtype."""
    layer = head(dtype)
    x = torch.tensor([1.0, -1.0, 0.0, 1.0, 1.0], dtype=dtype)
    for size in sizes:
        torch.testing.assert_close(layer(x * size), layer(x), rtol=0, atol=2 * torch.finfo(dtype).eps)


def test_a_row_of_zeros_has_cosines_and_gradients_0() -> None:
    layer, x = head(), features(3)
    x[1] = 0.0
    x.requires_grad_()
    layer.weight.data[2] = 0.0
    z = layer(x)
    assert (z[1] == 0).all()
    assert (z[:, 2] == 0).all()
    xent.cross_entropy(z, torch.tensor([0, 1, 2])).backward()
    assert (x.grad[1] == 0).all()
    assert (layer.weight.grad[2] == 0).all()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(layer.weight.grad).all()
    assert (x.grad[0] != 0).all()


def test_gradients() -> None:
    layer, x = head(), features(4).requires_grad_()
    weight = layer.weight.detach().clone().requires_grad_()

    def cosines(x: Tensor, weight: Tensor) -> Tensor:
        return torch.func.functional_call(layer, {"weight": weight}, (x,))

    assert gradcheck(cosines, (x, weight))
    assert gradgradcheck(cosines, (x, weight))


def test_the_gradient_is_at_right_angles_to_the_row() -> None:
    x = features(4).requires_grad_()
    head()(x)[:, 0].sum().backward()
    torch.testing.assert_close((x.grad * x).sum(1), torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-14)


def test_compiled_and_copied() -> None:
    torch.compiler.reset()
    layer, x = head(), features(4)
    torch.testing.assert_close(torch.compile(layer, fullgraph=True, backend="aot_eager")(x), layer(x))
    other = NormalizedLinear(5, 3, dtype=torch.float64)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))
    assert torch.equal(copy.deepcopy(layer)(x), layer(x))
    assert repr(layer) == "NormalizedLinear(in_features=5, out_features=3)"


def test_weights_are_drawn_anew() -> None:
    layer = head()
    before = layer.weight.detach().clone()
    layer.reset_parameters()
    assert (layer.weight != before).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: NormalizedLinear(0, 3), ValueError, "NormalizedLinear: `in_features` must be at least 1, got 0"),
        (lambda: NormalizedLinear(3, -1), ValueError, "NormalizedLinear: `out_features` must be at least 1, got -1"),
        (lambda: NormalizedLinear(3.0, 1), TypeError, "`in_features` must be a whole number, not float"),
        (lambda: head()(torch.zeros(2, 4)), ValueError, "`input` must have shape (..., 5), got (2, 4)"),
        (lambda: head()(torch.tensor(1.0)), ValueError, "`input` must have shape (..., 5), got ()"),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
