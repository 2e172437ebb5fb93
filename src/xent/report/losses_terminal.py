"""The catalogue in the terminal: a list of the losses, and one loss in detail."""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xent.catalog import Row
from xent.report import losses_words as words
from xent.report.table import titled_table

INDENT = (0, 0, 0, 4)


def print_list(console: Console, rows: Sequence[Row]) -> None:
    """Print one line a loss, by link."""
    for link, title in words.LINKS.items():
        console.print(Text(title, style="bold"))
        console.print(_list_table([row for row in rows if row.link == link]))
        console.print()
    console.print(Text("Counts: made from the training counts of the classes.", style="dim"))
    console.print(Text("In detail: xent losses NAME", style="dim"))


def print_row(console: Console, row: Row) -> None:
    """Print everything that the table says of a loss."""
    console.print(Text.assemble((row.name, "bold"), f"  {row.title}, {row.link} link"))
    for title, parts in _parts(row).items():
        if parts:
            console.print()
            console.print(Text(title, style="bold"))
        for part in parts:
            console.print(Padding(part, INDENT))
    console.print(Text(f"    {row.link_to_source}", style=f"link {row.link_to_source}"), soft_wrap=True)


def _parts(row: Row) -> dict[str, list[RenderableType]]:
    return {
        "Formula": [Text(row.formula, style="cyan")],
        "Parameters": [
            *([_parameters_table(row)] if row.parameters else []),
            Text(f"{'and' if row.parameters else 'none of its own;'} the settings of {words.CORE[row.link]}"),
        ],
        "Code": [Text(row.code(), style="cyan")],
        "What holds": [Text(trait) for trait in words.traits(row)],
        "By hand": list(_hand(row)),
        "Note": [Text(row.note)] if row.note else [],
        "Source": [Text(row.source)],
    }


def _hand(row: Row) -> Iterator[Text]:
    for hand in row.hand:
        yield Text(words.hand_call(row, hand))
        yield Text(hand.arithmetic)
        yield Text(words.hand_result(row, hand), style="green")


def _list_table(rows: Sequence[Row]) -> Table:
    table = titled_table("")
    table.add_column("name", no_wrap=True)
    table.add_column("loss")
    table.add_column("counts", no_wrap=True)
    table.add_column("source")
    for row in rows:
        source = Text(row.cited, style=f"link {row.link_to_source}")
        table.add_row(Text(row.name, style="bold"), row.title, "yes" if row.takes_counts else "", source)
    return table


def _parameters_table(row: Row) -> Table:
    table = titled_table("")
    for header in words.Parameter._fields:
        table.add_column(header)
    for parameter in words.parameters(row):
        table.add_row(*map(Text, parameter))
    return table
