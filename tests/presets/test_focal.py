"""Focal loss of softmax rows: the formula of the paper, and its mean over rows, which others take over classes, too."""

import math

import pytest
import torch
from torch import Tensor

from xent.presets import FocalLoss, focal_loss

LOGITS = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0], [0.5, 0.4, -0.2], [1.0, 3.0, -2.0]], dtype=torch.float64)
LABELS = torch.tensor([1, 0, 2, 1])
GAMMA = 2.0


def by_rows(logits: Tensor, labels: Tensor, gamma: float) -> Tensor:
    """The formula, with probabilities, one number a row."""
    p = torch.softmax(logits, 1).gather(1, labels[:, None]).squeeze(1)
    return -((1 - p) ** gamma) * torch.log(p)


def by_elements(logits: Tensor, labels: Tensor, gamma: float) -> Tensor:
    """The formula as MONAI and kornia lay it out: one number an element, 0 for every class that is not the label."""
    p = torch.softmax(logits, 1)
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    return -one_hot * (1 - p) ** gamma * torch.log(p)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_formula_of_the_paper(gamma: float) -> None:
    loss = focal_loss(LOGITS, LABELS, gamma, reduction="none")
    torch.testing.assert_close(loss, by_rows(LOGITS, LABELS, gamma), rtol=1e-9, atol=0)


def test_the_mean_is_over_rows() -> None:
    """MONAI and kornia divide by N*C: their loss, and the steps it makes, are a C-th."""
    loss = focal_loss(LOGITS, LABELS, GAMMA)
    torch.testing.assert_close(loss, by_rows(LOGITS, LABELS, GAMMA).mean(), rtol=1e-9, atol=0)
    torch.testing.assert_close(loss, 3 * by_elements(LOGITS, LABELS, GAMMA).mean(), rtol=1e-9, atol=0)


def test_one_row_of_two_equal_logits() -> None:
    # p = 1/2: (1/2)^2 log 2, of one row; divided by its two classes it would be half of that.
    loss = focal_loss(torch.zeros(1, 2, dtype=torch.float64), torch.tensor([0]), GAMMA)
    assert loss.item() == pytest.approx(math.log(2) / 4, rel=1e-12)


@pytest.mark.parametrize("unused", [1, 7])
def test_classes_that_cannot_be_do_not_dilute_the_mean(unused: int) -> None:
    """A vocabulary that is padded has the loss and the gradient of one that is not."""
    padding = torch.full((len(LOGITS), unused), -math.inf, dtype=torch.float64)
    plain, padded = LOGITS.clone().requires_grad_(), torch.cat([LOGITS, padding], 1).requires_grad_()
    loss, expected = focal_loss(padded, LABELS, GAMMA), focal_loss(plain, LABELS, GAMMA)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)
    (gradient,), (expected_gradient,) = torch.autograd.grad(loss, padded), torch.autograd.grad(expected, plain)
    torch.testing.assert_close(gradient[:, :3], expected_gradient, rtol=1e-12, atol=0)


@pytest.mark.parametrize("ignored", [0, 2])
def test_the_mean_of_an_image_is_over_the_pixels_that_count(ignored: int) -> None:
    image, labels = LOGITS.T.reshape(1, 3, 2, 2), LABELS.clone()
    labels[:ignored] = 255
    loss = FocalLoss(GAMMA, ignore_index=255)(image, labels.view(1, 2, 2))
    expected = by_rows(LOGITS[ignored:], LABELS[ignored:], GAMMA).mean()
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


def test_module_is_the_function() -> None:
    criterion = FocalLoss(1.5, label_smoothing=0.1)
    assert torch.equal(criterion(LOGITS, LABELS), focal_loss(LOGITS, LABELS, 1.5, label_smoothing=0.1))
    assert repr(FocalLoss(1.5)) == "FocalLoss(event=Event(gamma=1.5))"
