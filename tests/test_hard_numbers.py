"""Every case of the table of hard numbers is within the accuracy contract, loss and gradient (docs/accuracy.md).

By the reference, and by the kernels for every instruction set that this machine has.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch.nn.functional as F

import xent
from tests.backends import formulas, instruction_set, kernels
from tests.hard_numbers import CASES, CE, LOGITS, PROBABILITIES, Case, entries, measure, truth
from xent.backends import native

PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
REFERENCE = "reference"
WAYS = (REFERENCE, *native.state().supported)


@contextmanager
def computed_by(way: str) -> Iterator[None]:
    """The losses within are computed by the reference, or by the kernels for an instruction set."""
    if way == REFERENCE:
        with formulas():
            yield
    else:
        with instruction_set(way), kernels():
            yield


def _find(loss: str, name: str) -> Case:
    return next(case for case in CASES if (case.loss, case.name) == (loss, name))


@pytest.mark.parametrize(("case", "dtype"), [pytest.param(c, d, id=f"{c.loss}, {c.name}, {d}") for c, d in entries()])
def test_xent_is_within_the_contract(case: Case, dtype: str) -> None:
    exact = truth(case, dtype)  # takes longer than all that is measured against it
    results = {}
    for way in WAYS:
        with computed_by(way):
            results[way] = measure(case, dtype, xent, exact)
    assert {way: result for way, result in results.items() if not result.holds} == {}


@pytest.mark.parametrize(
    ("loss", "name", "dtype"),
    [
        (CE, "lead of 17 at the target", "fp32"),
        (CE, "lead of 8 at the target", "bf16"),
        (CE, "-inf at a non-target, one-hot probabilities", "fp32"),
        (CE, "NaN in an ignored row", "bf16"),
        (CE, "mean over 70000 rows", "fp16"),
        (CE, "near-uniform, C = 128256", "fp16"),
        (LOGITS, "x = -17, y = 0", "fp32"),
        (LOGITS, "negatives in (-8, -4), 70000 rows", "bf16"),
        (LOGITS, "x = -inf, y = 0", "fp32"),
        (PROBABILITIES, "p = 0, y = 1", "fp32"),
    ],
)
def test_the_table_can_fail(loss: str, name: str, dtype: str) -> None:
    case = _find(loss, name)
    assert not measure(case, dtype, F, truth(case, dtype)).holds


def test_names_are_unique() -> None:
    assert len({(case.loss, case.name) for case in CASES}) == len(CASES)


def test_the_page_shows_every_case() -> None:
    shown = PAGE.read_text(encoding="utf-8")
    assert [case.name for case in CASES if f"| `{case.loss}` | {case.name} |" not in shown] == []
