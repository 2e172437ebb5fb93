"""The catalogue as a page of the documentation."""

from collections.abc import Iterator, Sequence

from xent.catalog import Row
from xent.report import losses_words as words

HEAD = """\
# The catalogue of losses

<!-- Written by `xent losses --markdown` from the table in src/xent/catalog. Change the table, not this page. -->

Most of them are settings of [one core](losses.md), and all take its other settings too: class weights, label smoothing,
masks, probability targets, every reduction. What makes no sense is refused, with the reason. `xent losses NAME` shows a
loss in the terminal. The values by hand and the properties are tested.

Notation: z are the logits, y is the label, p = softmax(z), or sigmoid(z) of a binary loss; n_k is the training count of
class k, and π_k = n_k / Σn its frequency. The code on this page goes on from:

```python
import torch
import xent

counts = torch.tensor([900, 90, 10])  # training rows of each class
```
"""


def page(rows: Sequence[Row]) -> str:
    """The whole page: a list by link, and a section a loss."""
    lists = (_list(title, [row for row in rows if row.link == link]) for link, title in words.LINKS.items())
    return "\n".join([HEAD, *lists, *(section(row) for row in rows)])


def section(row: Row) -> str:
    """A loss in detail."""
    return "\n\n".join(_blocks(row)) + "\n"


def _blocks(row: Row) -> Iterator[str]:
    yield f"## {row.name}"
    yield f"{row.title[0].upper()}{row.title[1:]}."
    yield "\n".join(f"    {line}" for line in row.formula.splitlines())
    if row.parameters:
        yield _table(words.Parameter._fields, (_parameter(parameter) for parameter in words.parameters(row)))
    yield f"```python\n{row.code()}\n```"
    if row.traits:
        yield "\n".join(f"- {trait}" for trait in words.traits(row))
    for hand in row.hand:
        yield f"Of {words.hand_call(row, hand)}: {hand.arithmetic}; {words.hand_result(row, hand)}."
    if row.note:
        yield row.note
    yield f"Source: [{row.source}]({row.link_to_source})."


def _parameter(parameter: words.Parameter) -> tuple[str, ...]:
    return f"`{parameter.name}`", parameter.default, parameter.values, parameter.meaning


def _list(title: str, rows: Sequence[Row]) -> str:
    cells = ((f"[{row.name}](#{row.name})", row.title, "yes" if row.takes_counts else "", row.cited) for row in rows)
    return f"**{title}**\n\n" + _table(("name", "loss", "counts", "source"), cells) + "\n"


def _table(header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
