"""Quality focal loss: its formula, its zero at p = y, its limits, and the settings it keeps."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from tests.backends import formulas, instruction_set, kernels, loss_and_gradient
from xent.backends import native
from xent.nn import BCEWithLogitsLoss
from xent.presets import QualityFocalLoss, quality_focal_loss, sigmoid_focal_loss

LOGITS = torch.tensor([[0.5, -2.0, 3.0], [-0.25, 1.5, -5.0]], dtype=torch.float64)
TARGET = torch.tensor([[1.0, 0.0, 0.25], [0.8, 0.3, 0.0]], dtype=torch.float64)


def plainly(z: Tensor, y: Tensor, beta: float) -> Tensor:
    """The formula, with probabilities."""
    p = 1 / (1 + torch.exp(-z))
    return (y - p).abs() ** beta * (-y * torch.log(p) - (1 - y) * torch.log(1 - p))


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 2.0, 3.5])
def test_it_is_its_formula(beta: float) -> None:
    loss = quality_focal_loss(LOGITS, TARGET, beta, reduction="none")
    torch.testing.assert_close(loss, plainly(LOGITS, TARGET, beta), rtol=1e-9, atol=1e-12)


def test_by_hand() -> None:
    # p = 3/4, y = 1/4: (1/2)^2 * (1/4 log(4/3) + 3/4 log 4)
    z, y = torch.tensor([math.log(3.0)], dtype=torch.float64), torch.tensor([0.25], dtype=torch.float64)
    loss = quality_focal_loss(z, y, 2.0)
    assert loss.item() == pytest.approx((math.log(4 / 3) + 3 * math.log(4)) / 16, rel=1e-12)


def test_for_hard_targets_it_is_focal_loss_without_alpha() -> None:
    hard = (TARGET > 0.5).double()
    expected = sigmoid_focal_loss(LOGITS, hard, None, 1.5, reduction="none")
    torch.testing.assert_close(quality_focal_loss(LOGITS, hard, 1.5, reduction="none"), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("beta", [0.25, 1.0, 1.5, 2.0])
def test_where_the_prediction_meets_the_target_there_is_nothing(beta: float) -> None:
    z = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    loss = quality_focal_loss(z, torch.full_like(z, 0.5), beta)
    (gradient,) = torch.autograd.grad(loss, z, create_graph=True)
    assert loss.item() == 0
    assert gradient.tolist() == [0.0, 0.0, 0.0]
    (second,) = torch.autograd.grad(gradient.sum(), z)
    assert second.isfinite().all()


@pytest.mark.parametrize("beta", [0.25, 0.75])
def test_beta_below_1_falls_to_the_cusp_from_both_sides(beta: float) -> None:
    # Near p = y = 1/2 the loss is |d|^beta log 2 with d = p - 1/2 = dz/4, its slope beta*|d|^(beta-1)/4 * log 2.
    step = 1e-6
    z = torch.tensor([-4 * step, 4 * step], dtype=torch.float64, requires_grad=True)
    loss = quality_focal_loss(z, torch.full_like(z, 0.5), beta, reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == pytest.approx([step**beta * math.log(2)] * 2, rel=1e-5)
    slope = beta * step ** (beta - 1) / 4 * math.log(2)
    assert gradient.tolist() == pytest.approx([-slope, slope], rel=1e-3)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_limits(beta: float, dtype: torch.dtype) -> None:
    # Right and certain: nothing. Wrong and certain: the factor is 1 and stays so, cross entropy remains.
    z = torch.tensor([math.inf, -math.inf, 800.0, -800.0, 800.0, -800.0], dtype=dtype, requires_grad=True)
    y = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0, 1.0], dtype=dtype)
    loss = quality_focal_loss(z, y, beta, reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == [0.0, 0.0, 0.0, 0.0, 800.0, 800.0]
    assert gradient.tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, -1.0]


@pytest.mark.parametrize("beta", [0.0, 0.5, 2.0])
def test_infinitely_wrong_logits(beta: float) -> None:
    z = torch.tensor([-math.inf, math.inf, math.inf], requires_grad=True)
    loss = quality_focal_loss(z, torch.tensor([1.0, 0.0, 0.5]), beta, reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == [math.inf] * 3
    assert gradient.tolist() == pytest.approx([-1.0, 1.0, 0.5 * 0.5**beta])


def test_small_distances_keep_their_digits() -> None:
    # y = 1, z = 20 in float32: 1 - p = 2.06e-9, which p rounded to 1 would make 0.
    z = torch.tensor([20.0], requires_grad=True)
    loss = quality_focal_loss(z, torch.ones(1), 1.0)
    (gradient,) = torch.autograd.grad(loss, z)
    miss = 1 / (1 + math.exp(20.0))
    nll = math.log1p(math.exp(-20.0))
    assert loss.item() == pytest.approx(miss * nll, rel=1e-6)
    assert gradient.item() == pytest.approx(-miss * miss - miss * (1 - miss) * nll, rel=1e-6)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 3.0])
def test_derivatives(beta: float) -> None:
    logits, target = LOGITS.clone().requires_grad_(), TARGET.clone().clamp(0.1, 0.9).requires_grad_()
    assert gradcheck(lambda z: quality_focal_loss(z, TARGET, beta), logits)
    assert gradgradcheck(lambda z: quality_focal_loss(z, TARGET, beta), logits)
    assert gradcheck(lambda z, y: quality_focal_loss(z, y, beta), (logits, target))


@pytest.mark.parametrize("way", native.state().supported)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("spread", [1.0, 15.0, 100.0])
def test_kernels_are_within_the_contract(way: str, dtype: torch.dtype, beta: float, spread: float) -> None:
    torch.manual_seed(0)
    z, y = (spread * torch.randn(5, 700)).to(dtype), torch.randint(2, (5, 700)).to(dtype)
    with instruction_set(way), kernels():
        found = loss_and_gradient(lambda z: quality_focal_loss(z, y, beta, reduction="none"), z)
    in_rows = torch.linspace(0.5, 2, z.numel()).view_as(z).to(dtype).double()
    z, y = z.double(), y.double()
    with formulas():
        loss, gradient = loss_and_gradient(lambda z: quality_focal_loss(z, y, beta, reduction="sum"), z)
        loss = quality_focal_loss(z, y, beta, reduction="none")
    arithmetic = 2.0**-52 if dtype == torch.float64 else 2.0**-23
    smallest = 2.0**-24 if dtype == torch.float16 else 2.0**-126
    for result, exact in zip(found, (loss, gradient / 0.5 * in_rows), strict=True):
        bound = (torch.finfo(dtype).eps + 4 * arithmetic * (1 + beta) * (1 + z.abs())) * exact.abs() + 4 * smallest
        assert ((result.double() - exact).abs() <= bound).all()


@pytest.mark.parametrize("way", native.state().supported)
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_kernels_agree_with_formulas(way: str, beta: float, reduction: str, weighted: bool) -> None:
    torch.manual_seed(0)
    z, y, mask = 3 * torch.randn(5, 77).double(), torch.rand(5, 77).double(), torch.rand(5, 77) < 0.7
    settings = {"mask": mask, "sample_weight": torch.rand(5), "neg_weight": torch.rand(77)} if weighted else {}
    z[~mask] = math.nan if weighted else 800.0
    settings |= {"weight": torch.rand(77), "pos_weight": torch.rand(77)}

    def loss(z: Tensor) -> Tensor:
        return quality_focal_loss(z, y, beta, reduction=reduction, **settings)

    with instruction_set(way), kernels():
        found = loss_and_gradient(loss, z)
    with formulas():
        expected = loss_and_gradient(loss, z)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-14)


def test_the_gradient_may_take_the_place_of_the_logits() -> None:
    expected = loss_and_gradient(lambda z: quality_focal_loss(z, TARGET), LOGITS)
    found = loss_and_gradient(lambda z: quality_focal_loss(z, TARGET, inplace_gradient=True), LOGITS.clone())
    torch.testing.assert_close(found, expected)


def test_transforms_and_compilation_see_the_same() -> None:
    expected = torch.autograd.functional.jacobian(lambda z: quality_focal_loss(z, TARGET), LOGITS)
    torch.testing.assert_close(torch.func.grad(lambda z: quality_focal_loss(z, TARGET))(LOGITS), expected)
    compiled = torch.compile(quality_focal_loss, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(LOGITS, TARGET), quality_focal_loss(LOGITS, TARGET))


def test_dtypes() -> None:
    assert quality_focal_loss(LOGITS.bfloat16(), TARGET.bfloat16()).dtype == torch.bfloat16
    assert quality_focal_loss(LOGITS.bfloat16(), TARGET.float()).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert quality_focal_loss(LOGITS.bfloat16(), TARGET.bfloat16()).dtype == torch.float32


def test_weights_of_elements_and_sides() -> None:
    settings = {
        "weight": torch.tensor([1.0, 2.0, 3.0]),
        "pos_weight": torch.tensor(4.0),
        "neg_weight": torch.tensor(2.0),
    }
    p = torch.sigmoid(LOGITS)
    entropy = -4 * TARGET * torch.log(p) - 2 * (1 - TARGET) * torch.log(1 - p)
    expected = (torch.tensor([1.0, 2.0, 3.0]) * (TARGET - p) ** 2 * entropy).mean()
    torch.testing.assert_close(quality_focal_loss(LOGITS, TARGET, **settings), expected, rtol=1e-9, atol=0)


def test_beta_0_is_binary_cross_entropy() -> None:
    torch.testing.assert_close(QualityFocalLoss(0.0)(LOGITS, TARGET), BCEWithLogitsLoss()(LOGITS, TARGET))


def test_module_is_the_function() -> None:
    settings = {"pos_weight": torch.tensor([1.0, 2.0, 4.0]), "reduction": "sum", "ignore_index": 0.25}
    criterion = QualityFocalLoss(1.0, **settings)
    expected = quality_focal_loss(LOGITS, TARGET, 1.0, **settings)
    other = QualityFocalLoss(1.0, pos_weight=torch.ones(3), reduction="sum", ignore_index=0.25)
    other.load_state_dict(criterion.state_dict())
    for same in (criterion, other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, TARGET), expected)
    assert repr(criterion) == "QualityFocalLoss(beta=1.0, ignore_index=0.25)"


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"beta": -0.5}, ValueError, "`beta` must be finite, at least 0, got -0.5"),
        ({"beta": "2"}, TypeError, "`beta` must be a number, not str"),
        ({"positive": None}, TypeError, "`positive` has no place here: its factor is"),
        ({"label_smoothing": 0.1}, TypeError, "`label_smoothing` has no place here: targets may be soft; pass"),
        ({"logits": None}, TypeError, "`logits` has no place here: transform the logits before the call"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"QualityFocalLoss: {message}"):
        QualityFocalLoss(**settings)
    with pytest.raises(error, match=rf"quality_focal_loss: {message}"):
        quality_focal_loss(LOGITS, TARGET, **settings)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (TARGET.long(), RuntimeError, "`target` must be floating point. Pass target.float()"),
        (TARGET[:1], ValueError, "must be the same as input size"),
        ([1.0], TypeError, "argument 'target' must be Tensor, not list"),
    ],
)
def test_targets_that_are_none(target: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        quality_focal_loss(LOGITS, target)
