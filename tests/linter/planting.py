"""Mistakes, planted in real trainings: for each rule a function that makes one, as a person would."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import xent
from tests.linter.trainings import Snapshot, multi_label, single_label

# Cases of every rule.
CASES = 24

Plant = Callable[[Snapshot, random.Random], dict[str, Any]]


@dataclass(frozen=True)
class Planter:
    """Makes the arguments of ``xent.lint`` that hold a mistake."""

    code: str
    task: Literal["single-label", "multi-label"]
    plant: Plant


PLANTERS: dict[str, list[Planter]] = {}


def plants(code: str, task: Literal["single-label", "multi-label"] = "single-label") -> Callable[[Plant], Plant]:
    """Register a way to make the mistake that a rule finds; a rule may have several, which take turns."""

    def register(plant: Plant) -> Plant:
        PLANTERS.setdefault(code, []).append(Planter(code, task, plant))
        return plant

    return register


def planted(code: str, cases: int = CASES) -> list[dict[str, Any]]:
    """Cases of a rule's mistake, on trainings drawn at random."""
    found = []
    for number in range(cases):
        draw = random.Random(f"{code} {number}")
        planter = PLANTERS[code][number % len(PLANTERS[code])]
        snapshot = draw.choice(single_label() if planter.task == "single-label" else multi_label())
        found.append(planter.plant(snapshot, draw))
    return found


def detected(code: str, case: dict[str, Any]) -> bool:
    """Whether the rule finds its mistake."""
    return code in xent.lint(**case, select=[code]).codes


for _file in sorted((Path(__file__).parent / "planters").glob("[a-z]*.py")):
    import_module(f"tests.linter.planters.{_file.stem}")
