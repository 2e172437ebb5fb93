"""``xent losses``: its options and help. What it does is in losses_job.py, imported when it is needed."""

from typing import Annotated

import typer

EPILOG = """
Examples:

- `xent losses`

- `xent losses focal`

- `xent losses --json`
"""


def losses(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="A loss to show in detail.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As a page of documentation.")] = False,
) -> None:
    """Which losses are there? List the named losses; of one, show formula, parameters, code, source and values by hand.

    They are made of cross entropy or binary cross entropy, and take the settings of those too.
    """
    from xent.cli.losses_job import show

    raise typer.Exit(show(name, as_json=as_json, as_markdown=as_markdown))
