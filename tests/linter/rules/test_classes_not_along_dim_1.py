import torch

import xent


def found(logits, target, **settings):
    return xent.lint(logits, target, select=["XE210"], **settings)


def square(steps=3, sequences=100):
    """Labels, and logits of shape (N, T, C) that know them, T = C."""
    target = torch.randint(steps, (sequences, steps), generator=torch.Generator().manual_seed(0))
    noise = torch.randn(sequences, steps, steps, generator=torch.Generator().manual_seed(1))
    return 3 * torch.nn.functional.one_hot(target, steps) + noise, target


def test_shapes_that_do_not_fit():
    (finding,) = found(torch.zeros(2, 4, 3), torch.zeros(2, 4, dtype=torch.long))
    assert finding.numbers == {"classes": 3.0, "steps": 4.0}
    assert not finding.probable


def test_a_linear_layer_made_the_last_axis():
    features, target = torch.randn(2, 3, 5), torch.zeros(2, 3, dtype=torch.long)
    for bias in (True, False):
        (finding,) = found(torch.nn.Linear(5, 3, bias=bias)(features), target)
        assert "a linear layer of 3 outputs" in finding.seen
        assert finding.probable


def test_the_last_axis_knows_the_labels():
    logits, target = square()
    (finding,) = found(logits, target)
    last = logits.log_softmax(-1).gather(-1, target[..., None]).mean()
    second = logits.log_softmax(1).gather(1, target[:, None]).mean()
    assert abs(finding.numbers["ahead"] - float(last - second)) < 1e-5
    assert finding.numbers["significance"] > 8


def test_near_misses():
    logits, target = square()
    assert not found(logits.transpose(1, 2), target)
    assert not found(logits, target, dim=-1)
    assert not found(logits[:8], target[:8])  # too few to tell
    assert not found(torch.randn(64, 3, 3), torch.randint(3, (64, 3)))
    features = torch.randn(2, 3, 5)
    assert not found(torch.nn.Linear(5, 3)(features).transpose(1, 2), target[:2])
    assert not found(torch.nn.Linear(5, 9)(features[:, 0]).reshape(2, 3, 3), target[:2])
    assert not found(torch.nn.Conv1d(5, 3, 1)(features.transpose(1, 2)), target[:2])


def test_a_model_that_is_against_the_prior():
    """Its logits along dim 1 are worse than chance, and those along the last axis tell nothing."""
    target = (torch.rand(64, 3, generator=torch.Generator().manual_seed(0)) < 0.1).long()
    against = torch.tensor([0.0, 3.0, 0.0])[None, :, None] + 0.01 * torch.randn(64, 3, 3)
    assert not found(against, target)
