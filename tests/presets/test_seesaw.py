"""Seesaw: the formula, what its gradient leaves out, and counts that run in training mode only."""

import copy
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from xent import LogitTransform, cross_entropy
from xent.presets import SeesawLoss, seesaw_loss

COUNTS = [60, 30, 9, 1]
LOGITS = torch.tensor(
    [[2.0, -1.0, 0.3, 0.1], [0.2, 1.5, 2.0, 0.4], [1.0, 0.9, 1.2, -0.7], [3.0, 0.0, 0.5, 1.0], [-1.0, 0.1, 0.2, 0.3]],
    dtype=torch.float64,
)
LABELS = torch.tensor([0, 1, 2, 3, 0])


def factors(z: Tensor, y: int, counts: list[int], p: float, q: float) -> list[float]:
    """Row y of S as the paper has it, by cases."""
    sigma = (z.exp() / z.exp().sum()).tolist()
    row = []
    for k, count in enumerate(counts):
        mitigation = 1.0 if counts[y] <= count else (count / counts[y]) ** p
        compensation = 1.0 if sigma[k] <= sigma[y] else (sigma[k] / sigma[y]) ** q
        row.append(mitigation * compensation)
    return row


def by_formula(logits: Tensor, counts: list[int], p: float, q: float) -> Tensor:
    rows = []
    for z, y in zip(logits, LABELS.tolist(), strict=True):
        s = factors(z.detach(), y, counts, p, q)
        others = sum(s[k] * z[k].exp() for k in range(4) if k != y)
        rows.append(-(z[y].exp() / (others + z[y].exp())).log())
    return torch.stack(rows)


@pytest.mark.parametrize(("p", "q"), [(0.8, 2.0), (0.0, 2.0), (0.8, 0.0), (0.0, 0.0), (1.5, 0.5)])
def test_it_is_its_formula_and_no_gradient_goes_through_s(p: float, q: float) -> None:
    ours, theirs = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    given, expected = seesaw_loss(ours, LABELS, COUNTS, p, q, reduction="none"), by_formula(theirs, COUNTS, p, q)
    torch.testing.assert_close(given, expected, rtol=1e-9, atol=0)
    given.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12)


def test_by_hand() -> None:
    # M = (1/4)^(1/2) = 1/2 and C = (3/4) / (1/4) = 3, S = 3/2: p = 1 / (1 + 3/2 * 3) = 2/11.
    z = torch.tensor([[0.0, math.log(3)]], dtype=torch.float64)
    loss = seesaw_loss(z, torch.tensor([0]), [4, 1], p=0.5, q=1.0)
    assert loss.item() == pytest.approx(math.log(11 / 2), rel=1e-12)
    # The rare class's own row is not mitigated, and it is the likelier one: plain cross entropy, p = 3/4.
    assert seesaw_loss(z, torch.tensor([1]), [4, 1], p=0.5).item() == pytest.approx(math.log(4 / 3), rel=1e-12)


def test_without_exponents_it_is_cross_entropy() -> None:
    plain = cross_entropy(LOGITS, LABELS)
    torch.testing.assert_close(seesaw_loss(LOGITS, LABELS, COUNTS, 0.0, 0.0), plain, rtol=1e-12, atol=0)


def test_a_class_without_rows_counts_as_one() -> None:
    assert seesaw_loss(LOGITS, LABELS, [60, 30, 9, 0]) == seesaw_loss(LOGITS, LABELS, COUNTS)


def test_compensation_is_of_the_transformed_logits() -> None:
    settings = LogitTransform(softcap=1.5, scale=2.0)
    transformed = 2.0 * 1.5 * torch.tanh(LOGITS / 1.5)
    given = seesaw_loss(LOGITS, LABELS, COUNTS, logits=settings, reduction="none")
    torch.testing.assert_close(given, by_formula(transformed, COUNTS, 0.8, 2.0), rtol=1e-9, atol=0)


def test_a_removed_class_has_no_part_in_it() -> None:
    """What stands in its place is not read."""
    without = seesaw_loss(LOGITS[:3, :3], LABELS[:3], COUNTS[:3])
    for nothing in (-math.inf, math.nan, 5.0):
        z = LOGITS[:3].clone()
        z[:, 3] = nothing
        valid = LogitTransform(valid_classes=3)
        assert seesaw_loss(z, LABELS[:3], COUNTS, logits=valid) == without
    z[:, 3] = -math.inf
    assert seesaw_loss(z, LABELS[:3], COUNTS) == without


def test_an_impossible_label_costs_what_it_does_in_cross_entropy() -> None:
    z = torch.tensor([[-math.inf, 0.0, 1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    loss = seesaw_loss(z, torch.tensor([0]), COUNTS)
    loss.backward()
    assert loss.item() == math.inf
    assert z.grad[0, 0] == -1
    assert z.grad[0, 1:].sum().item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_that_are_left_out_are_not_read(dtype: torch.dtype) -> None:
    z = LOGITS.to(dtype).clone()
    z[1], z[3] = math.nan, math.inf
    z.requires_grad_()
    labels = torch.tensor([0, -100, 2, 3, 0])
    mask = torch.tensor([True, True, True, False, True])
    loss = seesaw_loss(z, labels, COUNTS, mask=mask)
    loss.backward()
    kept = [0, 2, 4]
    expected = seesaw_loss(LOGITS[kept].to(dtype), LABELS[kept], COUNTS)
    torch.testing.assert_close(loss, expected)
    assert (z.grad[[1, 3]] == 0).all()
    assert (z.grad[kept] != 0).all()


def test_classes_along_another_axis() -> None:
    z = LOGITS.reshape(5, 4, 1).expand(5, 4, 3)
    labels = LABELS[:, None].expand(5, 3)
    flat = seesaw_loss(LOGITS, LABELS, COUNTS)
    torch.testing.assert_close(seesaw_loss(z, labels, COUNTS), flat, rtol=1e-12, atol=0)
    torch.testing.assert_close(seesaw_loss(z.mT, labels, COUNTS, dim=-1), flat, rtol=1e-12, atol=0)
    single = seesaw_loss(LOGITS[3], LABELS[3], COUNTS)
    torch.testing.assert_close(single, seesaw_loss(LOGITS[3:4], LABELS[3:4], COUNTS), rtol=1e-12, atol=0)


# The module


def test_a_batch_is_counted_before_its_loss_is_formed() -> None:
    criterion = SeesawLoss(4)
    z = LOGITS.float()
    for batch in range(1, 4):
        counts = [2 * batch, batch, batch, batch]
        assert criterion(z, LABELS) == seesaw_loss(z, LABELS, counts)
        assert criterion.counts.tolist() == counts


def test_in_evaluation_mode_nothing_is_counted() -> None:
    criterion = SeesawLoss(counts=COUNTS).eval()
    assert criterion(LOGITS, LABELS) == seesaw_loss(LOGITS, LABELS, COUNTS)
    assert criterion.counts.tolist() == COUNTS
    criterion.train()(LOGITS, LABELS)
    assert criterion.counts.tolist() == [62, 31, 10, 2]


def test_only_rows_that_are_read_are_counted_each_once() -> None:
    criterion = SeesawLoss(4, ignore_index=1)
    sample_weight = torch.tensor([3.0, 1.0, 0.0, 0.5, 1.0], dtype=torch.float64)
    mask = torch.tensor([True, True, True, True, False])
    criterion(LOGITS, LABELS, sample_weight=sample_weight, mask=mask)
    assert criterion.counts.tolist() == [1, 0, 0, 1]


def test_a_mask_of_leading_axes_counts_every_place_of_its_rows() -> None:
    criterion = SeesawLoss(4)
    z, labels = LOGITS.reshape(5, 4, 1).expand(5, 4, 3), LABELS[:, None].expand(5, 3)
    criterion(z, labels, mask=torch.tensor([True, False, False, True, False]))
    assert criterion.counts.tolist() == [3, 0, 0, 3]


def test_a_batch_that_is_refused_is_not_counted() -> None:
    criterion = SeesawLoss(4)
    for labels in (torch.tensor([0, 1, 2, 3, 4]), torch.tensor([0, 1])):
        with pytest.raises((IndexError, ValueError)):
            criterion(LOGITS, labels)
    assert criterion.counts.tolist() == [0, 0, 0, 0]


def test_half_precision_modules_count_on() -> None:
    """In bfloat16 a count would stop at 256."""
    criterion = SeesawLoss(counts=[100_000, 5, 5, 5]).bfloat16()
    criterion(LOGITS.bfloat16(), LABELS)
    assert criterion.counts.tolist() == [100_002, 6, 6, 6]


def test_narrow_labels() -> None:
    criterion = SeesawLoss(4, ignore_index=255)
    criterion(LOGITS, torch.tensor([0, 255, 3, 3, 255], dtype=torch.uint8))
    assert criterion.counts.tolist() == [1, 0, 0, 2]


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda module: pickle.loads(pickle.dumps(module)),
        lambda module: (other := SeesawLoss(4, reduction="sum")).load_state_dict(module.state_dict()) and other,
    ],
)
def test_copies_go_on_where_it_was(copied: Callable[[SeesawLoss], SeesawLoss]) -> None:
    criterion = SeesawLoss(4, reduction="sum")
    criterion(LOGITS, LABELS)
    other = copied(criterion)
    assert other(LOGITS, LABELS) == criterion(LOGITS, LABELS)
    assert other.counts.tolist() == criterion.counts.tolist() == [4, 2, 2, 2]


@pytest.mark.parametrize("training", [True, False])
def test_compiled(training: bool) -> None:
    torch.compiler.reset()
    eager, compiled = (SeesawLoss(counts=COUNTS, label_smoothing=0.1).train(training) for _ in range(2))
    step = torch.compile(compiled, fullgraph=True, backend="aot_eager")
    for _ in range(2):
        ours, theirs = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
        expected, given = eager(ours, LABELS), step(theirs, LABELS)
        expected.backward()
        given.backward()
        torch.testing.assert_close(given, expected)
        torch.testing.assert_close(theirs.grad, ours.grad)
        assert compiled.counts.tolist() == eager.counts.tolist()
    assert (eager.counts.tolist() != COUNTS) == training


def test_function_compiled() -> None:
    torch.compiler.reset()
    counts = torch.tensor(COUNTS)
    compiled = torch.compile(lambda z: seesaw_loss(z, LABELS, counts), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(LOGITS), seesaw_loss(LOGITS, LABELS, counts))


def test_transforms_of_torch_func() -> None:
    z = LOGITS.clone().requires_grad_()
    seesaw_loss(z, LABELS, COUNTS, reduction="sum").backward()
    gradient = torch.func.vmap(torch.func.grad(lambda z, y: seesaw_loss(z, y, COUNTS)))(LOGITS, LABELS)
    torch.testing.assert_close(gradient, z.grad)


def _rank(rank: int, folder: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    together, alone = SeesawLoss(4, sync_counts=True), SeesawLoss(4)
    labels = LABELS if rank == 0 else torch.tensor([3, 3, 3, -100, 3])
    for criterion in (together, alone):
        criterion(LOGITS, labels)
    torch.save([together.counts, alone.counts], f"{folder}/{rank}")
    torch.distributed.destroy_process_group()


def test_counts_of_all_ranks(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_rank, (str(tmp_path),), nprocs=2)
    for rank, own in enumerate(([2, 1, 1, 1], [0, 0, 0, 4])):
        together, alone = torch.load(tmp_path / str(rank))
        assert together.tolist() == [2, 1, 1, 5]
        assert alone.tolist() == own


def test_without_torch_distributed_a_rank_counts_for_itself() -> None:
    criterion = SeesawLoss(4, sync_counts=True)
    criterion(LOGITS, LABELS)
    assert criterion.counts.tolist() == [2, 1, 1, 1]
    assert repr(criterion) == "SeesawLoss(num_classes=4, p=0.8, q=2, sync_counts=True)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SeesawLoss(), TypeError, "SeesawLoss: `num_classes` is missing. Pass it, or the `counts`"),
        (lambda: SeesawLoss(0), ValueError, "SeesawLoss: `num_classes` must be at least 1, got 0"),
        (lambda: SeesawLoss(COUNTS), TypeError, "`num_classes` must be a whole number, not list. Counts to start from"),
        (lambda: SeesawLoss(3, counts=COUNTS), ValueError, "must hold one number for each of 3 classes, got 4"),
        (lambda: SeesawLoss(counts=[0.6, 0.4]), ValueError, "whole numbers of at least 0, got 0.6 for class 0. Freq"),
        (lambda: SeesawLoss(counts=[5, -1]), ValueError, "got -1 for class 1"),
        (lambda: SeesawLoss(counts=[math.nan, 1.0]), ValueError, "got nan for class 0"),
        (lambda: SeesawLoss(counts=[[1, 2]]), ValueError, "`counts` must have shape (C,), one count a class, got (1,"),
        (lambda: SeesawLoss(counts=[True, False]), TypeError, "`counts` must be real numbers"),
        (lambda: SeesawLoss(4, -0.1), ValueError, "SeesawLoss: `p` must be finite, at least 0, got -0.1"),
        (lambda: SeesawLoss(4, q=None), TypeError, "SeesawLoss: `q` must be a number, not NoneType"),
        (
            lambda: SeesawLoss(4, logits=LogitTransform(offset=torch.zeros(4))),
            TypeError,
            "`offset` of `logits` is what SeesawLoss sets itself",
        ),
        (
            lambda: seesaw_loss(LOGITS, LABELS, COUNTS, logits=LogitTransform(offset=torch.zeros(4))),
            TypeError,
            "`offset` of `logits` is what seesaw_loss sets itself",
        ),
        (lambda: seesaw_loss(LOGITS, LABELS, [1, 2, 3]), ValueError, "one number for each of the 4 classes of `input`"),
        (lambda: seesaw_loss(LOGITS, LABELS, [0.6, 0.2, 0.1, 0.1]), ValueError, "Frequencies will not do"),
        (
            lambda: seesaw_loss(LOGITS, torch.softmax(LOGITS, 1), COUNTS),
            ValueError,
            "seesaw_loss: `target` holds probabilities, and S belongs to a label. Pass class indices",
        ),
        (lambda: SeesawLoss(4)(LOGITS, torch.softmax(LOGITS, 1)), ValueError, "SeesawLoss: `target` holds probab"),
        (lambda: SeesawLoss(4)(LOGITS.tolist(), LABELS), TypeError, "argument 'input' must be Tensor, not list"),
        (lambda: SeesawLoss(4)(LOGITS, LABELS.tolist()), TypeError, "argument 'target' must be Tensor, not list"),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
