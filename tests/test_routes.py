"""Whichever way a call is computed, the gradient is the same, also at the edges.

There are two: the explicit formula of eager calls, and what autograd makes of the traced one (torch.func, compilers,
learnable settings).
"""

import math

import pytest
import torch
from torch import Tensor

import xent
from xent import Event, LogitTransform

INF = math.inf
EVENTS = [
    Event(),
    Event(gamma=2),
    Event(gamma=1),
    Event(gamma=0.5),
    Event(gamma=0.1),
    Event(poly=1),
    Event(q=0.7),
    Event(gamma=0.5, poly=1, q=0.3),
]
ROWS = [
    [0.5, 0.2, -INF],
    [0.0, -INF, -INF],
    [-INF, 1.0, 0.0],
    [102.0, 0.0, -1.0],
    [88.0, 0.0, 0.0],
    [0.0, 102.0, 0.0],
    [1e4, -1e4, 0.0],
]


def routes(loss, z: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient by the eager route, and by autograd through the traced formula."""
    leaf = z.clone().requires_grad_()
    (eager,) = torch.autograd.grad(loss(leaf), leaf)
    return eager, torch.func.grad(loss)(z)


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_softmax(event: Event, row: list[float], smoothing: float) -> None:
    z = torch.tensor([row])
    eager, traced = routes(
        lambda z: xent.cross_entropy(z, torch.tensor([0]), event=event, label_smoothing=smoothing), z
    )
    assert eager.isfinite().all()
    # A smoothed row's gradient is a difference of terms of size 1, which its precision refers to.
    torch.testing.assert_close(traced, eager, rtol=1e-4, atol=1e-7 if smoothing else 1e-30)


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("shift", [0.0, 0.05])
def test_sigmoid(event: Event, shift: float) -> None:
    negative = Event(event.gamma, event.poly, event.q, shift)
    target = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.3])
    z = torch.tensor([0.5, -INF, INF, 102.0, -102.0, -INF, INF, 2.0])

    def loss(z: Tensor) -> Tensor:
        return xent.binary_cross_entropy_with_logits(z, target, positive=event, negative=negative, reduction="sum")

    eager, traced = routes(loss, z)
    assert eager.isfinite().all()
    torch.testing.assert_close(traced, eager, rtol=1e-4, atol=1e-30)


def test_compiled() -> None:
    settings = {"event": Event(gamma=2), "label_smoothing": 0.1, "logits": LogitTransform(valid_classes=2)}
    z, label = torch.tensor([[0.5, 0.2, -0.3]], requires_grad=True), torch.tensor([0])
    compiled = torch.compile(lambda z: xent.cross_entropy(z, label, **settings), fullgraph=True, backend="aot_eager")
    (traced,) = torch.autograd.grad(compiled(z), z)
    (eager,) = torch.autograd.grad(xent.cross_entropy(z, label, **settings), z)
    torch.testing.assert_close(traced, eager)


def test_changing_settings_compile() -> None:
    """Floats that change from call to call become symbols of the compiler."""

    @torch.compile(fullgraph=True, backend="aot_eager")
    def loss(z: Tensor, target: Tensor, number: float) -> Tensor:
        return xent.cross_entropy(z, target, logits=LogitTransform(scale=number), event=Event(gamma=number))

    z, target = torch.tensor([[0.5, 0.2, -0.3]]), torch.tensor([0])
    for number in (1.5, 2.5, 3.5):
        eager = xent.cross_entropy(z, target, logits=LogitTransform(scale=number), event=Event(gamma=number))
        torch.testing.assert_close(loss(z, target, number), eager)


@pytest.mark.parametrize("transform", [LogitTransform(offset=torch.ones(3)), LogitTransform(scale=torch.ones(3) * 2)])
def test_modules_compile_with_dynamic_shapes(transform: LogitTransform) -> None:
    criterion = xent.CrossEntropyLoss(logits=transform)
    compiled = torch.compile(criterion, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (2, 5):
        z, target = torch.randn(rows, 3), torch.zeros(rows, dtype=torch.long)
        torch.testing.assert_close(compiled(z, target), criterion(z, target))


@pytest.mark.parametrize("scale", [torch.tensor(2.0), torch.tensor([2.0, 2.0, 2.0])])
def test_scale_is_learned_beside_a_removed_class(scale: Tensor) -> None:
    """What the scale of three classes learns is what it learns without the impossible one."""
    gradients = []
    for z in (torch.tensor([[0.0, 1.0, -INF]]), torch.tensor([[0.0, 1.0, -1e4]])):
        learned = scale.clone().requires_grad_()
        xent.cross_entropy(z, torch.tensor([0]), logits=LogitTransform(scale=learned)).backward()
        gradients.append(learned.grad)
    torch.testing.assert_close(*gradients)


def test_confident_contrastive_rows_are_finite() -> None:
    """Cosines of 1 and below at a learned scale of 100: p rounds to one, and gamma < 1."""
    scale, z = torch.tensor(100.0, requires_grad=True), torch.tensor([[1.0, -0.02, 0.0]], requires_grad=True)
    loss = xent.cross_entropy(z, torch.tensor([0]), logits=LogitTransform(scale=scale), event=Event(gamma=0.1))
    loss.backward()
    assert scale.grad.isfinite()
    assert z.grad.isfinite().all()


def test_narrow_labels_do_not_wrap_around() -> None:
    """156 is -100 modulo 256, and 256 classes are 0 modulo 256."""
    torch.manual_seed(0)
    z = torch.randn(3, 256)
    for dtype in (torch.uint8, torch.int16, torch.int32):
        label = torch.tensor([156, 240, 2], dtype=dtype)
        expected = xent.cross_entropy(z, label.long())
        torch.testing.assert_close(xent.cross_entropy(z, label), expected)
        torch.testing.assert_close(xent.nll_loss(z.log_softmax(1), label), expected)
    wide = torch.randn(1, 70_000)
    assert xent.cross_entropy(wide, torch.tensor([30_000], dtype=torch.int16)).isfinite()


def test_changed_settings_are_noticed() -> None:
    """Backward, where it computes again, does so with the settings of the call, or refuses."""
    z, label = torch.zeros(2, 2, requires_grad=True), torch.tensor([0, 1])
    scale = torch.tensor(1.0)
    loss = xent.cross_entropy(z, label, reduction="none", logits=LogitTransform(scale=scale))
    scale.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.sum().backward()


def test_a_running_count_may_run_on() -> None:
    z = torch.zeros(2, 2, dtype=torch.float16, requires_grad=True)
    count = torch.tensor([2.0])
    loss = xent.cross_entropy(z, torch.tensor([0, 1]), normalizer=count)
    count += 98
    loss.backward()
    assert loss.shape == ()
    # (p - 1)/2 and p/2 with p = .5
    torch.testing.assert_close(z.grad, torch.tensor([[-0.25, 0.25], [0.25, -0.25]], dtype=torch.float16))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_on_meta(dtype: torch.dtype) -> None:
    z = torch.zeros(2, 3, dtype=dtype, device="meta")
    assert xent.cross_entropy(z, torch.zeros(2, dtype=torch.long, device="meta")).dtype == dtype


def test_facts_of_rows_left_out_have_no_gradient() -> None:
    z = torch.tensor([[0.0, 0.0], [math.nan, 0.0], [-INF, -INF]], requires_grad=True)
    facts = xent.facts(z, torch.tensor([0, -100, -100]))
    (gradient,) = torch.autograd.grad((facts.nll + facts.lse + facts.entropy).sum(), z)
    assert gradient.isfinite().all()
    assert torch.equal(gradient[1:], torch.zeros(2, 2))
    assert facts.argmax.tolist() == facts.rank.tolist() == [0, -1, -1]


def test_a_transform_may_be_assigned_to_a_module() -> None:
    criterion = xent.CrossEntropyLoss()
    criterion.logits = LogitTransform(softcap=3.0)
    z, label = torch.tensor([[5.0, 0.0]]), torch.tensor([0])
    assert torch.equal(criterion(z, label), xent.cross_entropy(z, label, logits=LogitTransform(softcap=3.0)))


@pytest.mark.parametrize("unread", [math.nan, INF, -INF])
@pytest.mark.parametrize("softcap", [None, 5.0])
def test_what_stands_in_a_removed_class_is_not_read(unread: float, softcap: float | None) -> None:
    """A padded vocabulary may hold anything: loss and gradients are those of the classes that remain."""
    label, gradients = torch.tensor([0]), []
    for row, valid in (([1.0, 0.5, unread], 2), ([1.0, 0.5], None)):
        z, scale = torch.tensor([row], requires_grad=True), torch.tensor(2.0, requires_grad=True)
        learned = LogitTransform(softcap=softcap, scale=scale, valid_classes=valid)
        fixed = LogitTransform(softcap=softcap, scale=2.0, valid_classes=valid)
        (eager,) = torch.autograd.grad(xent.cross_entropy(z, label, logits=fixed), z)
        gradients.append((eager[:, :2], *torch.autograd.grad(xent.cross_entropy(z, label, logits=learned), (z, scale))))
        assert (eager[:, 2:] == 0).all()
        assert (gradients[-1][1][:, 2:] == 0).all()
    (eager, traced, scale_gradient), (expected, _, expected_scale) = gradients
    torch.testing.assert_close(eager, expected)
    torch.testing.assert_close(traced[:, :2], expected)
    torch.testing.assert_close(scale_gradient, expected_scale)
