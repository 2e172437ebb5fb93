"""ZLPR: its formula, hand values, limits, elements left out, and the settings it keeps."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from tests.backends import formulas, instruction_set, kernels, loss_and_gradient
from xent.backends import native
from xent.functional import cross_entropy
from xent.presets import ZLPRLoss, zlpr_loss

LOGITS = torch.tensor(
    [[0.5, -2.0, 3.0, 0.0], [-0.25, 1.5, -5.0, 1.0], [2.0, 1.0, -1.0, 0.5], [-3.0, 0.0, 1.0, 2.0]], dtype=torch.float64
)
TARGET = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.float64)


def plainly(z: Tensor, y: Tensor) -> Tensor:
    """Of every row, by loops and exponentials; a soft target is the share in which an element is of a side."""
    losses = []
    for row, sides in zip(z.tolist(), y.tolist(), strict=True):
        negative = sum((1 - side) * math.exp(value) for value, side in zip(row, sides, strict=True))
        positive = sum(side * math.exp(-value) for value, side in zip(row, sides, strict=True))
        losses.append(math.log(1 + negative) + math.log(1 + positive))
    return torch.tensor(losses, dtype=torch.float64)


def test_it_is_its_formula() -> None:
    torch.testing.assert_close(zlpr_loss(LOGITS, TARGET, reduction="none"), plainly(LOGITS, TARGET), rtol=1e-9, atol=0)


def test_soft_targets() -> None:
    soft = torch.tensor([[0.9, 0.1, 0.5, 0.0]], dtype=torch.float64).expand(4, 4)
    torch.testing.assert_close(zlpr_loss(LOGITS, soft, reduction="none"), plainly(LOGITS, soft), rtol=1e-9, atol=0)


def test_by_hand() -> None:
    # Positives at log 2 and log 4: 1 + 1/2 + 1/4; negatives at log 3 and 0: 1 + 3 + 1.
    z = torch.tensor([[math.log(2), math.log(4), math.log(3), 0.0]], dtype=torch.float64)
    loss = zlpr_loss(z, torch.tensor([[1.0, 1.0, 0.0, 0.0]], dtype=torch.float64))
    assert loss.item() == pytest.approx(math.log(7 / 4) + math.log(5), rel=1e-12)


def test_gradient_by_hand() -> None:
    # The same row: each negative's share of 5, each positive's of 7/4.
    z = torch.tensor([[math.log(2), math.log(4), math.log(3), 0.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(zlpr_loss(z, torch.tensor([[1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)), z)
    assert gradient[0].tolist() == pytest.approx([-2 / 7, -1 / 7, 3 / 5, 1 / 5], rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_what_is_small_keeps_its_digits(dtype: torch.dtype) -> None:
    # log(1 + e^-40) twice; 1 + e^-40 is 1 in every dtype.
    z = torch.tensor([[40.0, -40.0]], dtype=dtype, requires_grad=True)
    loss = zlpr_loss(z, torch.tensor([[1.0, 0.0]], dtype=dtype), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, z)
    small = math.exp(-40)
    assert loss.item() == pytest.approx(2 * small, rel=2 * torch.finfo(dtype).eps)
    assert gradient[0].tolist() == pytest.approx([-small, small], rel=2 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_large_logits_do_not_overflow(size: float) -> None:
    z = torch.tensor([[-size, size], [size, -size]], requires_grad=True)
    loss = zlpr_loss(z, torch.tensor([[1.0, 0.0], [1.0, 0.0]]), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == pytest.approx([2 * size, 0.0])
    assert gradient.tolist() == [[-1.0, 1.0], [0.0, 0.0]]


def test_infinite_logits() -> None:
    z = torch.tensor([[math.inf, -math.inf]], requires_grad=True)
    loss = zlpr_loss(z, torch.tensor([[1.0, 0.0]]))
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss.item() == 0.0
    assert gradient.tolist() == [[0.0, 0.0]]
    assert zlpr_loss(z, torch.tensor([[0.0, 1.0]])).isnan()  # as cross entropy of a row that holds inf
    assert cross_entropy(z, torch.tensor([1])).isnan()


def test_a_class_at_0_parts_the_sides() -> None:
    """Without positives there is the negatives' half only, and the other way about; one logit makes 2 log(1+e^-|z|)."""
    zeros, ones = torch.zeros(4, 4).double(), torch.ones(4, 4).double()
    torch.testing.assert_close(zlpr_loss(LOGITS, zeros, reduction="none"), LOGITS.exp().sum(1).log1p())
    torch.testing.assert_close(zlpr_loss(LOGITS, ones, reduction="none"), (-LOGITS).exp().sum(1).log1p())


def test_reductions_are_over_rows() -> None:
    rows = plainly(LOGITS, TARGET)
    torch.testing.assert_close(zlpr_loss(LOGITS, TARGET), rows.mean())
    torch.testing.assert_close(zlpr_loss(LOGITS, TARGET, reduction="sum"), rows.sum())
    torch.testing.assert_close(zlpr_loss(LOGITS, TARGET, normalizer=10.0), rows.sum() / 10)
    weight = torch.tensor([1.0, 0.0, 2.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(zlpr_loss(LOGITS, TARGET, sample_weight=weight), (weight * rows).sum() / 3.5)


def test_elements_are_left_out_of_their_row() -> None:
    mask = torch.tensor([[True, True, False, True], [False] * 4, [True] * 4, [True, False, False, True]])
    rows = torch.stack(
        [plainly(LOGITS[i : i + 1, mask[i]], TARGET[i : i + 1, mask[i]])[0] for i in (0, 2, 3)]  # row 1 is not there
    )
    spoiled = LOGITS.masked_fill(~mask, math.nan)
    torch.testing.assert_close(zlpr_loss(spoiled, TARGET, mask=mask), rows.mean())
    marked = TARGET.masked_fill(~mask, -1.0)
    torch.testing.assert_close(zlpr_loss(spoiled, marked, ignore_index=-1), rows.mean())
    assert zlpr_loss(spoiled, marked, ignore_index=-1, reduction="none")[1] == 0


def test_dim_is_movedim() -> None:
    image, target = LOGITS.view(2, 2, 4).movedim(-1, 1), TARGET.view(2, 2, 4).movedim(-1, 1)
    torch.testing.assert_close(zlpr_loss(image, target, dim=1, reduction="none"), plainly(LOGITS, TARGET).view(2, 2))
    torch.testing.assert_close(zlpr_loss(LOGITS[0], TARGET[0]), plainly(LOGITS, TARGET)[0])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_derivatives(reduction: str) -> None:
    logits = LOGITS.clone().requires_grad_()
    mask = LOGITS != 1.0
    assert gradcheck(lambda z: zlpr_loss(z, TARGET, reduction=reduction, mask=mask), logits)
    assert gradgradcheck(lambda z: zlpr_loss(z, TARGET, reduction=reduction), logits)


def shares(z: Tensor, y: Tensor) -> Tensor:
    """What one side pushes, by the softmax of its logits and a class at 0."""
    beside = torch.cat([torch.zeros_like(z[:, :1]), z + torch.log(y)], 1)
    return beside.softmax(1)[:, 1:]


@pytest.mark.parametrize("way", native.state().supported)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(("spread", "shift"), [(1.0, 0.0), (15.0, 0.0), (100.0, 0.0), (1.0, -90.0), (1.0, 90.0)])
@pytest.mark.parametrize("classes", [1, 21, 700])
def test_kernels_are_within_the_contract(
    way: str, dtype: torch.dtype, soft: bool, spread: float, shift: float, classes: int
) -> None:
    torch.manual_seed(classes)
    y = torch.rand(9, classes).to(dtype) if soft else torch.randint(2, (9, classes)).to(dtype)
    z = (spread * torch.randn(9, classes) + shift).to(dtype)
    with instruction_set(way), kernels():
        loss, gradient = loss_and_gradient(lambda z: zlpr_loss(z, y, reduction="none"), z)
    z, y = z.double(), y.double()
    with formulas():
        expected = zlpr_loss(z, y, reduction="none")
    push, pull = shares(z, 1 - y), shares(-z, y)
    of_rows = torch.linspace(0.5, 2, 9).to(dtype).double()[:, None]
    arithmetic = 2.0**-52 if dtype == torch.float64 else 2.0**-23
    far = 1 + z.abs().amax(1)
    smallest = 2.0**-24 if dtype == torch.float16 else 2.0**-126
    for found, exact, size, spread_of in (
        (loss, expected, expected, far),
        (gradient, (push - pull) * of_rows, (push + pull) * of_rows, far[:, None]),
    ):
        bound = torch.finfo(dtype).eps * exact.abs() + 4 * arithmetic * spread_of * size + smallest
        assert ((found.double() - exact).abs() <= bound).all()


@pytest.mark.parametrize("way", native.state().supported)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_kernels_leave_out_what_formulas_leave_out(way: str, reduction: str) -> None:
    torch.manual_seed(0)
    z, y, mask = torch.randn(6, 2, 37).double(), torch.randint(2, (6, 2, 37)).double(), torch.rand(6, 2, 37) < 0.5
    mask[1, 1] = False
    z[~mask] = math.nan
    weight = torch.tensor([1.0, 2.0, 0.0, 0.5, 3.0, 1.0])

    def loss(z: Tensor) -> Tensor:
        return zlpr_loss(z, y, reduction=reduction, mask=mask, sample_weight=weight)

    with instruction_set(way), kernels():
        found = loss_and_gradient(loss, z)
    with formulas():
        expected = loss_and_gradient(loss, z)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)


def test_where_nothing_is_left_there_is_no_gradient() -> None:
    z = LOGITS.clone().requires_grad_()
    loss = zlpr_loss(z, TARGET, mask=torch.zeros(4, dtype=torch.bool))
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss.isnan()
    assert (gradient == 0).all()


def test_transforms_and_compilation_see_the_same() -> None:
    expected = torch.autograd.functional.jacobian(lambda z: zlpr_loss(z, TARGET), LOGITS)
    torch.testing.assert_close(torch.func.grad(lambda z: zlpr_loss(z, TARGET))(LOGITS), expected)
    torch.testing.assert_close(torch.func.vmap(zlpr_loss)(LOGITS, TARGET), plainly(LOGITS, TARGET))
    compiled = torch.compile(zlpr_loss, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(LOGITS, TARGET), zlpr_loss(LOGITS, TARGET))


def test_dtypes() -> None:
    assert zlpr_loss(LOGITS.bfloat16(), TARGET.bfloat16()).dtype == torch.bfloat16
    assert zlpr_loss(LOGITS.bfloat16(), TARGET.float()).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert zlpr_loss(LOGITS.bfloat16(), TARGET.bfloat16()).dtype == torch.float32


def test_targets_outside_their_domain_are_no_silent_matter() -> None:
    for wrong in (-1.0, 255.0):
        assert zlpr_loss(LOGITS, torch.where(TARGET == 0, TARGET, wrong)).isnan()


def test_module_is_the_function() -> None:
    criterion = ZLPRLoss(dim=0, reduction="sum", ignore_index=-1)
    marked = TARGET.masked_fill(LOGITS == 1.0, -1)
    expected = zlpr_loss(LOGITS, marked, dim=0, reduction="sum", ignore_index=-1)
    other = ZLPRLoss(dim=0, reduction="sum", ignore_index=-1)
    other.load_state_dict(criterion.state_dict())
    for same in (criterion, other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, marked), expected)
    assert repr(criterion) == "ZLPRLoss(dim=0, reduction='sum', ignore_index=-1)"
    assert repr(ZLPRLoss()) == "ZLPRLoss()"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pos_weight": torch.ones(4)}, "`pos_weight` has no place here: the classes of a row have one loss together"),
        ({"weight": torch.ones(4)}, "`weight` has no place here"),
        ({"negative": None}, "`negative` has no place here: its events are softmax losses of a row"),
        ({"label_smoothing": 0.1}, "`label_smoothing` has no place here: targets may be soft"),
        ({"logits": None}, "`logits` has no place here: transform the logits before the call"),
        ({"smoothing": 0.1}, "got an unexpected keyword argument 'smoothing'"),
    ],
)
def test_settings_without_a_place(settings: dict, message: str) -> None:
    with pytest.raises(TypeError, match=f"ZLPRLoss.*{message}"):
        ZLPRLoss(**settings)
    with pytest.raises(TypeError, match=f"zlpr_loss.*{message}"):
        zlpr_loss(LOGITS, TARGET, **settings)


@pytest.mark.parametrize(
    ("target", "settings", "error", "message"),
    [
        (TARGET.long(), {}, RuntimeError, "Pass target.float()"),
        (TARGET[:2], {}, ValueError, "must be the same as input size"),
        (TARGET.clone().requires_grad_(), {}, RuntimeError, "Pass target.detach()"),
        (
            TARGET,
            {"sample_weight": torch.ones(4, 4)},
            ValueError,
            r"`sample_weight` must have shape \(4,\), got \(4, 4\)",
        ),
        (TARGET, {"dim": 2}, IndexError, r"`dim` must be in \[-2, 1\]"),
        (TARGET, {"reduction": "avg"}, ValueError, "avg is not a valid value for reduction"),
        (TARGET, {"normalizer": 3.0, "reduction": "sum"}, ValueError, "`normalizer` replaces the denominator"),
    ],
)
def test_refusals(target: Tensor, settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        zlpr_loss(LOGITS, target, **settings)
