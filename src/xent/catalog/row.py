"""What the table says of a loss."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from xent.core.event import Event
from xent.core.logits import LogitTransform
from xent.imbalance import ClassCounts, Counts


class Trait(Enum):
    """A property of a loss, which the tests hold it to."""

    PROPER = "proper: the true distribution minimises the expected loss"
    PRIOR = "minimised at the prior: without features, the best prediction is the frequency of the classes"
    UNIFORM = "minimised at equal logits: without features, the best logits do not follow the frequency of the classes"
    BOUNDED = "bounded gradient: no row's gradient exceeds that of cross entropy"
    PLAIN_FOR_EQUAL_COUNTS = "plain for equal counts: cross entropy, where all classes come equally often"
    SHIFT_INVARIANT = "shift invariant: a constant added to the logits changes nothing"
    EQUIVARIANT = "no class is special: permuting the classes of everything changes nothing"
    SOFT_TARGETS_OF_ITS_OWN = "probability targets have a meaning of their own: they do not mix the losses of labels"
    CONSTANT_PART = "no gradient goes through a part of it: the gradient is not the derivative of the value"


class Domain(NamedTuple):
    """What a parameter may be, and what it means. Its default is read from the signature."""

    values: str
    meaning: str


@dataclass(frozen=True)
class Hand:
    """A value computed by hand.

    Attributes:
        logits: The logits, (N, C).
        target: Class indices, or for each row of logits a row of indicators, probabilities, or a teacher's logits.
        arguments: Of the loss's function.
        expected: The mean loss in nats, to the digits given.
        arithmetic: How it comes about.
    """

    logits: tuple[tuple[float, ...], ...]
    target: tuple[int, ...] | tuple[tuple[float, ...], ...]
    arguments: Mapping[str, Any]
    expected: float
    arithmetic: str


@dataclass(frozen=True, eq=False)
class Row:
    """A named loss.

    Attributes:
        name: What the command line calls it.
        title: What it is, in words.
        link: Whether rows of classes compete (softmax) or every class is a question of its own (sigmoid).
        formula: In plain text, with the names of design and documentation.
        function: The loss as a function of (input, target, ...).
        module: The loss as a module.
        parameters: What is its own, by name, in the order of the signature; settings of the core are common to all.
        source: Authors, title, year; several are parted by "; ".
        link_to_source: Where to read it.
        hand: Values by hand, at least one.
        traits: What the tests hold it to.
        arguments: Settings that make the loss out of a function that is more general; shown and used everywhere.
        note: What to know before using it: what others get wrong, when it hurts.
    """

    name: str
    title: str
    link: Literal["softmax", "sigmoid"]
    formula: str
    function: Callable[..., Tensor]
    module: type[torch.nn.Module]
    parameters: Mapping[str, Domain]
    source: str
    link_to_source: str
    hand: tuple[Hand, ...]
    traits: frozenset[Trait] = frozenset()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def takes_counts(self) -> bool:
        """Whether it is made from the training counts of the classes."""
        return "counts" in self.parameters

    @property
    def target(self) -> str:
        """What the function calls its second argument: "target", or "teacher" where that is the logits of another."""
        return list(inspect.signature(self.function).parameters)[1]

    @property
    def cited(self) -> str:
        """The source in short: authors and year."""
        return "; ".join(f"{source.split(',')[0]}, {source.split(', ')[-1]}" for source in self.source.split("; "))

    def default(self, parameter: str) -> Any:
        """What a parameter of its own is unless it is given; ``inspect.Parameter.empty`` if it must be given."""
        signature = {**inspect.signature(self.module).parameters, **inspect.signature(self.function).parameters}
        return signature[parameter].default

    def computed(self, hand: Hand) -> float:
        """What the function makes of a value by hand, in float64."""
        logits = torch.tensor(hand.logits, dtype=torch.float64)
        target = torch.tensor(hand.target, dtype=torch.int64 if isinstance(hand.target[0], int) else torch.float64)
        return float(self.function(logits, target, **{**self.arguments, **hand.arguments}))

    def settings(self, counts: Counts) -> dict[str, Any]:
        """Arguments that make the loss for these training counts; ClassCounts know of how many rows they are."""
        known = ("total",) if isinstance(counts, ClassCounts) else ()
        given = {name: value for name, value in self.arguments.items() if name not in known}
        return {**given, **({"counts": counts} if self.takes_counts else {})}

    def code(self) -> str:
        """The line that makes the module."""
        given = [f"{name}={as_code(value)}" for name, value in self.arguments.items()]
        if self.takes_counts:
            first = next(iter(inspect.signature(self.module).parameters))
            given.insert(0, "counts" if first == "counts" else "counts=counts")
        return f"criterion = xent.{self.module.__name__}({', '.join(given)})"


def as_code(value: Any) -> str:
    """What makes the value, where torch and xent have been imported."""
    prefix = "torch." if isinstance(value, Tensor) else "xent." if isinstance(value, (Event, LogitTransform)) else ""
    return f"{prefix}{value!r}"
