"""What a row of the catalogue comes to in words and numbers, the same in the terminal and on the page."""

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from xent.catalog import Hand, Row, Trait
from xent.catalog.row import as_code

LINKS = {
    "softmax": "Softmax: the classes of a row compete, one is right",
    "sigmoid": "Sigmoid: every class is a question of its own (multi-label)",
}

# The function whose further settings a loss of the link takes.
CORE = {"softmax": "xent.cross_entropy", "sigmoid": "xent.binary_cross_entropy_with_logits"}


class Parameter(NamedTuple):
    """A parameter of a loss, all in words."""

    name: str
    default: str
    values: str
    meaning: str


def parameters(row: Row) -> Iterator[Parameter]:
    """What is a loss's own."""
    for name, domain in row.parameters.items():
        yield Parameter(name, _default(row, name), domain.values, domain.meaning)


def _default(row: Row, parameter: str) -> str:
    """Such as ``2.0``, or "required", and what the row's code gives."""
    value = row.default(parameter)
    text = "required" if value is inspect.Parameter.empty else as_code(value)
    return f"{text}, here {as_code(row.arguments[parameter])}" if parameter in row.arguments else text


def traits(row: Row) -> Iterator[str]:
    """What the tests hold a loss to, in the order in which traits are defined."""
    for trait in Trait:
        if trait in row.traits:
            yield trait.value


def hand_call(row: Row, hand: Hand) -> str:
    """What the value by hand is of: logits, target and arguments."""
    given = {"logits": _numbers(hand.logits), row.target: _numbers(hand.target)}
    given |= {name: _numbers(value) for name, value in hand.arguments.items()}
    return ", ".join(f"{name} {value}" for name, value in given.items())


def hand_result(row: Row, hand: Hand) -> str:
    """The value by hand, and beside it what the function computes."""
    return f"by hand {hand.expected:.9g}, computed {row.computed(hand):.9g}"


def _numbers(value: Any) -> str:
    """Numbers as a reader writes them, up to nine digits."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_numbers, value))})"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
