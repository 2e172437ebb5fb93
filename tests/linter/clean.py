"""Clean cases: losses and predictions as a careful person has them, in trainings of many kinds. Nothing is to be found.

The ways to be right are the functions in sound/, the trainings are in worlds/, which are other than those that the
planted mistakes are made in.
"""

import random
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch

import xent
from tests.linter.sound.drawing import SOUND, Case
from xent.linter import Findings

# Cases, in turn of every way.
CASES = 600

for _file in sorted((Path(__file__).parent / "sound").glob("[a-z]*.py")):
    import_module(f"tests.linter.sound.{_file.stem}")


@dataclass(frozen=True)
class Clean:
    """A case, and how it was made."""

    name: str
    arguments: Case

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(f'{key}={_short(value)}' for key, value in self.arguments.items())}"


def clean(number: int) -> Clean:
    """The case of this number; always the same."""
    names = sorted(SOUND)
    name = names[number % len(names)]
    torch.default_generator.manual_seed(number)
    return Clean(f"{name} ({number})", SOUND[name](random.Random(f"clean {number}")))


def found_in(case: Clean) -> Findings:
    """What the linter says of a case."""
    return xent.lint(case.arguments["logits"], case.arguments["target"], **_others(case.arguments))


def _others(arguments: Case) -> Case:
    return {name: value for name, value in arguments.items() if name not in ("logits", "target")}


def _short(value: object) -> str:
    if isinstance(value, torch.Tensor) and value.numel() > 6:
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    return getattr(value, "__name__", repr(value)).replace("\n", " ")
