"""Every rule finds the mistake that it is for, in trainings of all kinds."""

import pytest

from tests.linter.planting import CASES, PLANTERS, detected, planted
from xent.linter import RULES, choose

# The share of planted mistakes that a rule must find.
LEAST = 0.95


def test_every_rule_has_planted_mistakes():
    assert [rule.code for rule in choose()] == sorted(PLANTERS)


@pytest.mark.parametrize("code", sorted(PLANTERS))
def test_planted_mistakes_are_found(code):
    found = [detected(code, case) for case in planted(code)]
    assert len(found) == CASES
    assert sum(found) >= LEAST * CASES, f"{RULES[code].name}: {sum(found)} of {CASES}"
