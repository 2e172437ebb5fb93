import torch

import xent

CODE = "XE103"


def found(probabilities):
    target = torch.zeros_like(probabilities)
    findings = xent.lint(probabilities, target, loss="binary_cross_entropy", select=[CODE])
    return findings[0] if findings else None


def test_numbers_outside():
    finding = found(torch.tensor([[-1.5, 0.5], [0.25, 2.0]]))
    assert dict(finding.numbers) == {"outside": 2.0, "lowest": -1.5, "highest": 2.0}
    assert "2 of the 4" in finding.seen


def test_a_layer_whose_numbers_lie_inside():
    for bias in (True, False):
        last = torch.nn.Linear(2, 1, bias=bias)
        torch.nn.init.constant_(last.weight, 0.25)
        torch.nn.init.constant_(last.bias, 0.0) if bias else None
        finding = found(last(torch.ones(3, 2)))
        assert finding.numbers["outside"] == 0
        assert finding.numbers["highest"] == 0.5


def test_a_layer_of_sequences():
    last = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(last.weight, 0.25)
    torch.nn.init.constant_(last.bias, 0.1)
    assert found(last(torch.ones(3, 2, 2).transpose(0, 1))) is not None


def test_probabilities():
    last = torch.nn.Linear(2, 1)
    assert found(last(torch.ones(3, 2)).sigmoid()) is None
    assert found(torch.tensor([0.0, 1.0, 0.5])) is None


def test_a_mixture_of_probabilities():
    last = torch.nn.Linear(2, 2)
    experts = last(torch.ones(3, 2)).sigmoid()
    shares = torch.nn.Parameter(torch.zeros(2)).softmax(0)
    assert found(0.5 * experts + 0.5 * experts) is None
    assert found(experts @ shares[:, None]) is None
