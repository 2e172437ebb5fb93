"""The rules find mistakes that their authors did not make up."""

from functools import cache

import pytest

from tests.linter.others import CASES, SLIPS, Mistake, mistakes
from xent.linter import RULES

# The share that must be found: of all, and of every rule's.
LEAST, LEAST_OF_A_RULE = 0.95, 0.9


@cache
def missed(code: str) -> list[Mistake]:
    return [mistake for mistake in mistakes(code) if not mistake.is_found]


@pytest.mark.parametrize("code", sorted(SLIPS))
def test_mistakes_of_others_are_found(code):
    listed = "\n".join(map(str, missed(code)))
    assert CASES - len(missed(code)) >= LEAST_OF_A_RULE * CASES, f"{RULES[code].name} misses\n{listed}"


def test_nearly_all_are_found():
    cases = CASES * len(SLIPS)
    assert cases >= 300
    assert sum(len(missed(code)) for code in SLIPS) <= (1 - LEAST) * cases
