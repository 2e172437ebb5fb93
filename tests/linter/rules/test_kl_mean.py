import pytest
import torch

import xent

CODE = "XE108"


def found(shape, **settings):
    target = torch.rand(shape, generator=torch.Generator().manual_seed(0)).softmax(-1)
    findings = xent.lint(target.log(), target, loss="kl_div", select=[CODE], **settings)
    return findings[0] if findings else None


def test_the_factor_is_the_classes():
    finding = found((6, 5))
    assert dict(finding.numbers) == {"factor": 5.0, "rows": 6.0}


def test_the_factor_is_what_torch_does():
    target = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    log_q = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]).log_softmax(1)
    mean = torch.nn.functional.kl_div(log_q, target, reduction="sum") / target.numel()
    batchmean = torch.nn.functional.kl_div(log_q, target, reduction="batchmean")
    assert found((2, 3)).numbers["factor"] == pytest.approx(float(batchmean / mean))


@pytest.mark.parametrize("reduction", ["batchmean", "sum", "none"])
def test_other_reductions(reduction):
    assert found((6, 5), reduction=reduction) is None


def test_one_number_a_row():
    assert found((6, 1)) is None
    assert found((6,)) is None
