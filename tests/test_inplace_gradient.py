"""The gradient in the place of the logits."""

import pytest
import torch
from torch import Tensor

import xent

SOFT = torch.tensor([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]])


def cross_entropy(z: Tensor, **settings: object) -> Tensor:
    return xent.cross_entropy(z, torch.tensor([0, 2]), **settings)


def probabilities(z: Tensor, **settings: object) -> Tensor:
    return xent.cross_entropy(z, SOFT.to(z.dtype), label_smoothing=0.1, **settings)


def binary(z: Tensor, **settings: object) -> Tensor:
    return xent.binary_cross_entropy_with_logits(z, SOFT.to(z.dtype), **settings)


LOSSES = pytest.mark.parametrize("loss", [cross_entropy, probabilities, binary])


def inputs(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Weights that require grad, and logits formed from them by an operation that does not keep its result."""
    weights = torch.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=dtype, requires_grad=True)
    return weights, weights + 1


@LOSSES
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("factor", [1.0, 0.5])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_same_loss_and_gradient(loss, dtype: torch.dtype, factor: float, reduction: str) -> None:
    results = []
    for inplace in (False, True):
        weights, z = inputs(dtype)
        result = loss(z, reduction=reduction, inplace_gradient=inplace)
        (factor * result).backward()
        results.append((result.detach(), weights.grad))
    for plain, given_up in zip(*results, strict=True):
        assert torch.equal(plain, given_up)


@LOSSES
def test_gradient_stands_where_the_logits_stood(loss) -> None:
    weights, z = inputs()
    version = z._version
    result = loss(z, inplace_gradient=True)
    assert z._version > version
    place = z.data_ptr()
    (gradient,) = torch.autograd.grad(result, z)
    assert gradient.data_ptr() == place
    assert weights.grad is None


def test_one_who_kept_the_logits_is_told() -> None:
    weights = torch.ones(2, 3, requires_grad=True)
    z = weights.exp()  # its backward reads its result
    loss = cross_entropy(z, inplace_gradient=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_second_derivative_is_refused() -> None:
    _, z = inputs()
    loss = cross_entropy(z, inplace_gradient=True)
    with pytest.raises(RuntimeError, match="Pass inplace_gradient=False"):
        torch.autograd.grad(loss, z, create_graph=True)


def test_second_backward_is_torchs_error() -> None:
    _, z = inputs()
    loss = cross_entropy(z, inplace_gradient=True)
    loss.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()


def test_retained_graph_gives_the_gradient_again() -> None:
    _, z = inputs()
    loss = cross_entropy(z, inplace_gradient=True)
    first = torch.autograd.grad(loss, z, retain_graph=True)[0].clone()
    assert torch.equal(first, torch.autograd.grad(loss, z)[0])


@LOSSES
def test_logits_are_left_alone_without_gradient(loss) -> None:
    _, z = inputs()
    with torch.no_grad():
        before = z.clone()
        loss(z, inplace_gradient=True)
    assert torch.equal(z, before)


def test_modules_pass_it_on() -> None:
    for criterion, target in (
        (xent.CrossEntropyLoss(inplace_gradient=True), torch.tensor([0, 2])),
        (xent.BCEWithLogitsLoss(inplace_gradient=True), SOFT),
    ):
        _, z = inputs()
        version = z._version
        criterion(z, target)
        assert z._version > version
        assert "inplace_gradient=True" in repr(criterion)


@pytest.mark.parametrize(
    ("z", "settings", "error", "text"),
    [
        (torch.zeros(2, 3), {"reduction": "none"}, ValueError, "`inplace_gradient` needs reduction='mean' or 'sum'"),
        (torch.zeros(2, 3).half(), {}, ValueError, "`inplace_gradient` is not for float16"),
        (torch.zeros(1, 3).expand(2, 3), {}, ValueError, "`inplace_gradient` needs `input` to hold each logit once"),
        (torch.zeros(4).as_strided((2, 3), (1, 1)), {}, ValueError, "needs `input` to hold each logit once"),
        (torch.zeros(2, 3), {"inplace_gradient": 1}, TypeError, "`inplace_gradient` must be True or False, got 1"),
    ],
)
def test_refused(z: Tensor, settings: dict[str, object], error: type[Exception], text: str) -> None:
    for loss in (cross_entropy, binary):
        with pytest.raises(error, match=text):
            loss(z, **{"inplace_gradient": True, **settings})
