"""The command line's subcommands."""

from typing import Annotated

import typer

from xent import __version__
from xent.cli import audit, bench, compare, lint, losses

app = typer.Typer(
    help="Cross entropy for PyTorch.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    # A defect's traceback is printed as Python prints it, to be pasted into a report.
    pretty_exceptions_enable=False,
)
app.command(epilog=compare.EPILOG)(compare.compare)
app.command(epilog=audit.EPILOG)(audit.audit)
app.command(epilog=bench.EPILOG)(bench.bench)
app.command(epilog=lint.EPILOG)(lint.lint)
app.command(epilog=losses.EPILOG)(losses.losses)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xent {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Cross entropy for PyTorch."""
