"""What ``xent losses`` does: choose rows of the catalogue and print them."""

from collections.abc import Sequence
from difflib import get_close_matches

from rich.console import Console
from rich.text import Text

from xent.catalog import ROWS, Row
from xent.jobs import InputError
from xent.report.losses_json import rows_json
from xent.report.losses_markdown import page, section
from xent.report.losses_terminal import print_list, print_row

FINISHED, BAD_INPUT = 0, 2


def show(name: str, *, as_json: bool, as_markdown: bool) -> int:
    """Print the losses, or the one of that name, and return the exit status."""
    try:
        if as_json and as_markdown:
            raise InputError("--json and --markdown exclude one another: give one of them")
        rows = _choose(name)
    except InputError as error:
        Console(stderr=True).print(Text(f"xent losses: {error}"), soft_wrap=True)
        return BAD_INPUT
    if as_json or as_markdown:
        # Byte for byte, whatever the terminal: it is to be piped.
        print(rows_json(rows) if as_json else section(rows[0]) if name else page(rows), end="")
    elif name:
        print_row(Console(), rows[0])
    else:
        print_list(Console(), rows)
    return FINISHED


def _choose(name: str) -> Sequence[Row]:
    if not name:
        return tuple(ROWS.values())
    if name not in ROWS:
        close = get_close_matches(name, ROWS, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        raise InputError(f"{name!r} is unknown; {hint}Known: {', '.join(ROWS)}")
    return (ROWS[name],)
