import pytest
import torch

import xent
from tests.linter.planters.focal_gamma_below_one import BinaryFocal, Focal

LOGITS, TARGET = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])


def found(loss, logits=LOGITS, target=TARGET):
    return xent.lint(logits, target, loss=loss, select=["XE402"])


class Clamped(Focal):
    """Whose gradient is finite."""

    def forward(self, logits, target):
        p = logits.softmax(1).gather(1, target[:, None]).clamp(1e-6, 1 - 1e-6)
        return -((1 - p) ** self.gamma * p.log()).mean()


class Broken(Focal):
    def forward(self, logits, target):
        raise KeyError(logits, target)


class Counting(Focal):
    """With a state, and a random number."""

    def __init__(self, gamma):
        super().__init__(gamma)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, logits, target):
        self.calls += 1
        return super().forward(logits + 0 * torch.rand(()), target)


@pytest.mark.parametrize("gamma", [0.2, 0.5, 0.99])
def test_the_evidence(gamma):
    (finding,) = found(Focal(gamma))
    assert finding.numbers == {"gamma": gamma, "logit": 200.0}


def test_binary():
    assert found(BinaryFocal(0.5), target=torch.eye(4, 3))


def test_nothing_of_the_users_is_touched():
    loss, logits = Counting(0.5), LOGITS.clone().requires_grad_()
    state = torch.get_rng_state()
    assert found(loss, logits)
    assert loss.calls == 0
    assert logits.grad is None
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("loss", [Focal(1.0), Focal(2.0), Focal(0.0), Clamped(0.5), Broken(0.5), Focal("half")])
def test_near_misses(loss):
    assert not found(loss)


def test_xents_own():
    assert not found(xent.FocalLoss(gamma=0.5))
