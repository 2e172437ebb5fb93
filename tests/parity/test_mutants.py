"""Every deliberate defect is caught, by the check that is meant to."""

import pytest

from .mutants import MUTANTS, first_catch


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.loss}: {mutant.defect}")
def test_mutant_is_caught(mutant):
    caught = first_catch(mutant)
    assert caught is not None, "no check fails"
    assert caught[0] == mutant.caught_by, caught
