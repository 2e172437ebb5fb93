"""Mistakes as another person would make them, in trainings that the rules' authors have not seen.

The ways to be wrong are the functions in slips/, which were written from the list of mistakes, without a look at the
rules; what is drawn with them is the training, its stage, the form of the loss, the numbers, and what is done to the
tensors on the way.
"""

import random
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch

from tests.linter.clean import Clean, found_in
from tests.linter.slips.drawing import SLIPS, Case

# Of every rule.
CASES = 10

for _file in sorted((Path(__file__).parent / "slips").glob("[a-z]*.py")):
    import_module(f"tests.linter.slips.{_file.stem}")


@dataclass(frozen=True)
class Mistake:
    """A case, how it was made, and the code of the rule that is to find it."""

    code: str
    name: str
    arguments: Case

    def __str__(self) -> str:
        return f"{self.code} {Clean(self.name, self.arguments)}"

    @property
    def is_found(self) -> bool:
        """Whether its rule finds it, when all are asked."""
        return self.code in found_in(Clean(self.name, self.arguments)).codes


def mistake(code: str, number: int) -> Mistake:
    """The case of this number for a rule; always the same."""
    draw = random.Random(f"other {code} {number}")
    make = draw.choice(SLIPS[code])
    torch.default_generator.manual_seed(number)
    return Mistake(code, f"{make.__name__} ({number})", make(draw))


def mistakes(code: str, cases: int = CASES) -> list[Mistake]:
    """So many cases for a rule."""
    return [mistake(code, number) for number in range(cases)]
