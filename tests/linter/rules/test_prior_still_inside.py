import pytest
import torch

import xent

COUNTS = torch.tensor([800, 80, 8])


def balanced_rows(power):
    """Logits of a model that is right about balanced rows, with this power of the prior inside."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(900) % 3
    centres = 2.5 * torch.eye(3)
    features = centres[labels] + torch.randn(900, 3, generator=generator)
    # log of the density N(centre, 1), and all classes equally likely: the exact posterior
    logits = features @ centres.T - centres.square().sum(1) / 2
    return logits + power * torch.log(COUNTS / COUNTS.sum()), labels


def found(logits, labels, **settings):
    return xent.lint(logits, labels, loss=None, select=["XE702"], **{"counts": COUNTS, **settings})


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_the_power_is_found(power):
    (finding,) = found(*balanced_rows(power))
    assert finding.numbers["tau"] == pytest.approx(power, abs=4 * finding.numbers["error"])
    assert finding.numbers["error"] < 0.05
    assert finding.numbers["rows"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("power", [0.0, -1.0])
def test_a_prior_that_is_not_inside(power):
    assert not found(*balanced_rows(power))


def test_rows_as_in_training():
    logits, labels = balanced_rows(1.0)
    rows = torch.cat([(labels == k).nonzero().flatten()[:n] for k, n in enumerate((300, 30, 3))])
    assert not found(logits[rows], labels[rows])


def test_nothing_to_judge_by():
    logits, labels = balanced_rows(1.0)
    assert not found(logits, labels, counts=None)
    assert not found(logits, labels, counts=torch.tensor([40, 20, 10]))
    assert not found(logits[:30], labels[:30])
    assert not found(logits[torch.randperm(900, generator=torch.Generator().manual_seed(1))], labels)  # knows nothing
