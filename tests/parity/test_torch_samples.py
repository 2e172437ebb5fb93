"""PyTorch's own samples, reference functions, criterion tests and error inputs, and the samples added to them."""

import pytest
import torch
import torch.nn.functional as F

import xent

from . import differences
from .checks import DERIVATIVE_CHECKS, VALUE_CHECKS, Loss, ignoring_torchs_warnings
from .errors import op_error_inputs, refusals
from .samples import DTYPES, LOSSES, MODULES, Sample, criterion_cases, module_inputs, samples

# Samples of the OpInfo, inputs of the ModuleInfo and criterion tests in torch 2.13.
TORCHS_COUNTS = {
    "cross_entropy": (21, 105, 0),
    "nll_loss": (61, 28, 3),
    "binary_cross_entropy": (11, 6, 3),
    "binary_cross_entropy_with_logits": (26, 6, 3),
    "kl_div": (16, 10, 3),
}


def _run(check, loss: str, sample: Sample) -> None:
    try:
        check(getattr(xent, loss), sample)
    except Exception as error:
        raise AssertionError(f"{check.__name__} of {sample}") from error


@pytest.mark.parametrize("loss", LOSSES)
def test_torchs_samples_are_all_there(loss):
    origins = [sample.origin.split()[0] for sample in samples(loss, torch.float64)]
    criterion = sum("_no_batch_dim_" in origin for origin in origins)
    assert (origins.count("OpInfo"), origins.count("ModuleInfo"), criterion) == TORCHS_COUNTS[loss]


@pytest.mark.parametrize("check", VALUE_CHECKS.values(), ids=VALUE_CHECKS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_samples(loss, dtype, check):
    for sample in samples(loss, dtype):
        _run(check, loss, sample)


@pytest.mark.parametrize("check", DERIVATIVE_CHECKS.values(), ids=DERIVATIVE_CHECKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_derivatives(loss, check):
    for sample in samples(loss, torch.float64):
        if sample.smooth:
            _run(check, loss, sample)


@pytest.mark.parametrize("name", MODULES)
def test_modules_against_torchs_reference_functions(name):
    """In float64 and float32, for which the reference functions are written; in float32 these are less exact."""
    for dtype, rtol, atol in ((torch.float64, 1e-11, 1e-13), (torch.float32, 1e-5, 1e-6)):
        for origin, each in module_inputs(MODULES[name], dtype):
            with ignoring_torchs_warnings():
                module = getattr(xent, name)(*each.constructor_input.args, **each.constructor_input.kwargs)
                result = module(*each.forward_input.args)
                expected = each.reference_fn(module, *each.forward_input.args)
            assert result.dtype == dtype, origin
            torch.testing.assert_close(result, expected, rtol=rtol, atol=atol, equal_nan=True)


CRITERION_CASES = {f"{name}-{reduction}": (name, reduction, test) for name, reduction, test in criterion_cases()}


@pytest.mark.parametrize(("name", "reduction", "test"), CRITERION_CASES.values(), ids=CRITERION_CASES)
def test_criterion_tests(name, reduction, test):
    module = getattr(xent, name)(reduction=reduction)
    input, target = test["input_fn"](), test["target_fn"]()
    with ignoring_torchs_warnings():
        torch.testing.assert_close(module(input, target), test["reference_fn"](input, target, module))


def _losses(loss: str) -> dict[str, Loss]:
    return {"torch": getattr(F, loss), "xent": getattr(xent, loss)}


@pytest.mark.parametrize("whose", ["torch", "xent"])
@pytest.mark.parametrize("loss", LOSSES)
def test_refusals(loss, whose):
    for refused in refusals(loss):
        refused.check(_losses(loss)[whose])


def test_the_op_infos_have_no_error_inputs():
    assert op_error_inputs() == []


@pytest.mark.parametrize(
    ("loss", "difference"),
    [(loss, difference) for loss, checks in differences.CHECKS.items() for difference in checks],
)
def test_differences(loss, difference):
    """Ours passes, and torch's does not: the list holds true differences only."""
    difference(getattr(xent, loss))
    with pytest.raises((AssertionError, RuntimeError, pytest.fail.Exception)):
        difference(getattr(F, loss))
