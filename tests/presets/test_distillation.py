"""Distillation: Hinton's formula, what the divergence has in common with it, and the teacher's rights."""

import copy
import math
from typing import Any

import pytest
import torch

import xent
from xent.presets import DistillationLoss, distillation_loss

STUDENT = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0], [0.1, 0.2, 0.4]], dtype=torch.float64)
TEACHER = torch.tensor([[5.0, 0.0, 1.0], [-2.0, 4.0, 1.0], [0.5, -0.5, 9.0]], dtype=torch.float64)


def plainly(temperature: float) -> torch.Tensor:
    soft = torch.softmax(TEACHER / temperature, 1)
    return -(temperature**2) * (soft * torch.log_softmax(STUDENT / temperature, 1)).sum(1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 20.0])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_formula(temperature: float, reduction: str) -> None:
    rows = plainly(temperature)
    expected = {"none": rows, "sum": rows.sum(), "mean": rows.mean()}[reduction]
    for loss in (
        distillation_loss(STUDENT, TEACHER, temperature, reduction=reduction),
        DistillationLoss(temperature, reduction=reduction)(STUDENT, TEACHER),
    ):
        torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


def test_by_hand() -> None:
    """At T = 2, q = (3/4, 1/4) and p = (2/3, 1/3): 4 (3/4 log 3/2 + 1/4 log 3)."""
    student, teacher = (torch.tensor([[2 * math.log(odds), 0.0]], dtype=torch.float64) for odds in (2, 3))
    expected = 3 * math.log(3 / 2) + math.log(3)
    assert distillation_loss(student, teacher, 2.0).item() == pytest.approx(expected, rel=1e-12)


def test_the_divergence_has_the_same_gradient_and_differs_by_the_entropy() -> None:
    ours, theirs = (STUDENT.clone().requires_grad_() for _ in range(2))
    loss = distillation_loss(ours, TEACHER, 3.0)
    soft = torch.softmax(TEACHER / 3, 1)
    divergence = 9 * torch.nn.functional.kl_div(torch.log_softmax(theirs / 3, 1), soft, reduction="batchmean")
    loss.backward()
    divergence.backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-15)
    entropy = -9 * (soft * soft.log()).sum(1).mean()
    torch.testing.assert_close((loss - divergence).detach(), entropy, rtol=1e-9, atol=0)


def test_no_gradient_where_the_student_agrees() -> None:
    logits = TEACHER.clone().requires_grad_()
    distillation_loss(logits, TEACHER).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-15


def test_the_teacher_gets_no_gradient() -> None:
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone().requires_grad_()
    distillation_loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad is not None


def test_gradient() -> None:
    logits = STUDENT.clone().requires_grad_()
    for reduction in ("none", "mean"):
        assert torch.autograd.gradcheck(
            lambda z, how=reduction: distillation_loss(z, TEACHER, 3.0, z_loss=0.1, reduction=how), logits
        )


def test_rows_that_do_not_count() -> None:
    teacher = TEACHER.clone()
    teacher[1] = torch.nan
    kept = torch.tensor([True, False, True])
    s = torch.tensor([1.0, 1.0, 3.0], dtype=torch.float64)
    rows = plainly(2.0)
    expected = (rows[0] + 3 * rows[2]) / 4
    torch.testing.assert_close(
        DistillationLoss()(STUDENT, teacher, mask=kept, sample_weight=s), expected, rtol=1e-9, atol=0
    )
    torch.testing.assert_close(
        distillation_loss(STUDENT, teacher, mask=kept, normalizer=10.0), (rows[0] + rows[2]) / 10, rtol=1e-9, atol=0
    )


def test_z_loss_is_not_multiplied() -> None:
    expected = plainly(2.0) + 0.3 * torch.logsumexp(STUDENT / 2, 1) ** 2
    torch.testing.assert_close(
        distillation_loss(STUDENT, TEACHER, z_loss=0.3, reduction="none"), expected, rtol=1e-9, atol=0
    )


def test_padding_is_removed_from_both() -> None:
    """A teacher's padding may hold anything."""
    student = torch.nn.functional.pad(STUDENT, (0, 2), value=7.0)
    teacher = torch.nn.functional.pad(TEACHER, (0, 2), value=50.0)
    settings: dict[str, Any] = {"logits": xent.LogitTransform(valid_classes=3), "reduction": "none"}
    for loss in (distillation_loss(student, teacher, **settings), DistillationLoss(**settings)(student, teacher)):
        torch.testing.assert_close(loss, plainly(2.0), rtol=1e-9, atol=0)


def test_softcap_and_offset_are_the_students() -> None:
    offset = torch.tensor([0.5, 0.0, -0.5], dtype=torch.float64)
    student = 3 * (STUDENT / 3).tanh() / 2 + offset
    expected = -4 * (torch.softmax(TEACHER / 2, 1) * torch.log_softmax(student, 1)).sum(1)
    found = DistillationLoss(logits=xent.LogitTransform(softcap=3.0, offset=offset), reduction="none")(STUDENT, TEACHER)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_lower_precision(dtype: torch.dtype) -> None:
    """The teacher's probabilities are not rounded to its dtype: the loss is float32."""
    student, teacher = STUDENT.to(dtype).requires_grad_(), TEACHER.to(dtype)
    loss = distillation_loss(student, teacher)
    loss.backward()
    expected = distillation_loss(student.detach().double(), teacher.double())
    assert loss.dtype == torch.float32
    assert student.grad is not None
    assert student.grad.dtype == dtype
    torch.testing.assert_close(loss.detach().double(), expected, rtol=1e-6, atol=0)


def test_kernels_serve_it() -> None:
    answer = xent.info(distillation_loss, STUDENT.bfloat16(), TEACHER.bfloat16())
    assert answer.backend == "native", answer.reason


def test_class_axis() -> None:
    student, teacher = (logits.T.contiguous()[None] for logits in (STUDENT, TEACHER))
    torch.testing.assert_close(
        distillation_loss(student, teacher, reduction="none")[0], plainly(2.0), rtol=1e-9, atol=0
    )
    found = distillation_loss(STUDENT[:, None], TEACHER[:, None], dim=-1, reduction="none")[:, 0]
    torch.testing.assert_close(found, plainly(2.0), rtol=1e-9, atol=0)


def test_module() -> None:
    module = DistillationLoss(3.0, logits=xent.LogitTransform(offset=torch.tensor([0.5, 0.0, -0.5]).double()))
    other = DistillationLoss(3.0, logits=xent.LogitTransform(offset=torch.zeros(3).double()))
    other.load_state_dict(module.state_dict())
    for one in (other, copy.deepcopy(module)):
        assert torch.equal(one(STUDENT, TEACHER), module(STUDENT, TEACHER))
    assert repr(DistillationLoss(3.0)) == "DistillationLoss(temperature=3.0)"


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_temperature_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=rf"DistillationLoss: `temperature` must be finite, above 0, got {wrong}\."):
        DistillationLoss(wrong)
    with pytest.raises(ValueError, match=rf"distillation_loss: `temperature` must be finite, above 0, got {wrong}\."):
        distillation_loss(STUDENT, TEACHER, wrong)


def test_teachers_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match=r"`teacher` must hold logits, got torch.int64\. For labels"):
        distillation_loss(STUDENT, torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match=r"`teacher` must have the shape of `input`, \(3, 3\), got \(2, 3\)\."):
        distillation_loss(STUDENT, TEACHER[:2])


def test_scale_is_its_own() -> None:
    for make in (DistillationLoss, lambda **given: distillation_loss(STUDENT, TEACHER, **given)):
        with pytest.raises(TypeError, match="`scale` of `logits` is what"):
            make(logits=xent.LogitTransform(scale=2.0))
    with pytest.raises(ValueError, match="margin need a label per row"):
        distillation_loss(STUDENT, TEACHER, logits=xent.LogitTransform(margin=torch.ones(3)))
