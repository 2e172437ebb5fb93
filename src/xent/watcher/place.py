"""Where a loss is called: what is counted, sampled and reported once belongs to a place in the code.

Not to a loss module: a program may make a new one for every batch.
"""

from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import torch

# What lies between the caller of a module and its forward.
_BETWEEN = vars(torch.nn.modules.module)

# Which loss, in which code, at which instruction.
Key = tuple[int, int, int]


@dataclass(eq=False)
class Place:
    """A place from which a loss is called.

    Attributes:
        code: The code that calls, kept so that nothing else gets its id.
        file: Its file.
        line: The line of the call.
        module: The name of its module.
        calls: Calls so far.
        looks: How many of them were looked at.
        spent: Seconds that this has taken.
        last: Seconds that the latest look has taken.
        reported: Codes of the findings that have been reported.
    """

    code: CodeType | None = None
    file: str = ""
    line: int = 0
    module: str = ""
    calls: int = 0
    looks: int = 0
    spent: float = 0.0
    last: float = 0.0
    reported: set[str] = field(default_factory=set)

    def looked(self, seconds: float) -> None:
        """Enter the cost of a look."""
        self.looks += 1
        self.spent += seconds
        self.last = seconds


def caller(frame: FrameType) -> FrameType:
    """The frame that calls the loss: beyond what torch puts between a module and its forward."""
    while frame.f_globals is _BETWEEN and frame.f_back is not None:
        frame = frame.f_back
    return frame


def key(loss: Any, frame: FrameType) -> Key:
    """What tells places apart: the function or the module's class, and the instruction that calls it."""
    kind = type(loss) if isinstance(loss, torch.nn.Module) else loss
    return id(kind), id(frame.f_code), frame.f_lasti


def place_at(frame: FrameType) -> Place:
    """A new place."""
    return Place(frame.f_code, frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""))
