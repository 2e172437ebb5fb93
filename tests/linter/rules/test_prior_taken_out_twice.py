import pytest

import xent
from tests.linter.rules.test_prior_still_inside import COUNTS, balanced_rows


def found(logits, labels, **settings):
    return xent.lint(logits, labels, loss=None, select=["XE703"], **{"counts": COUNTS, **settings})


def test_the_power_is_found():
    (finding,) = found(*balanced_rows(-1.0))
    assert finding.numbers["inside"] == pytest.approx(-1, abs=4 * finding.numbers["error"])
    assert finding.probable


@pytest.mark.parametrize("power", [-0.2, 0.0, 1.0])
def test_other_powers(power):
    assert not found(*balanced_rows(power))


def test_without_counts():
    assert not found(*balanced_rows(-1.0), counts=None)
