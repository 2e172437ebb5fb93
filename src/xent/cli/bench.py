"""``xent bench``: its options and help. What it does is in bench_job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """
Examples:

- `xent bench`

- `xent bench --cases "ce fp32, ce-module"`

- `xent bench --cases 256x128256 --memory both --rounds 25 --out results/vocabulary`

- `xent bench --catalogue`

- `xent bench --audit`
"""


def bench(
    cases: Annotated[
        str,
        typer.Option(metavar="TEXT,TEXT,...", help="Only cases in whose name one of these begins a word; see --list."),
    ] = "",
    rivals: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Whom to compare with: torch, compile; or none.")
    ] = "torch,compile",
    memory: Annotated[
        str, typer.Option(metavar="mapped|fresh|both", help="Memory that malloc keeps mapped, or its default.")
    ] = "mapped",
    rounds: Annotated[
        int | None,
        typer.Option(help="Rounds of each workload.", show_default="at least 9, for a second"),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="torch's threads.", show_default="torch's own choice")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only small cases, and few rounds.")] = False,
    catalogue: Annotated[
        bool, typer.Option("--catalogue", help="Time the named losses against plain xent instead; writes no files.")
    ] = False,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="Time the audit of predictions against scikit-learn and torchmetrics instead."),
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="Show the cases and exit.")] = False,
    out: Annotated[Path, typer.Option(help="Directory for the results.")] = Path("results/bench"),
) -> None:
    """How fast is xent on this machine? Time it against torch, eager and compiled, and against the memory's own speed.

    Each case runs in a process of its own, in which all take turns, so that their times are paired round by round.
    The whole takes about a quarter of an hour on two idle cores, most of it torch.compile.

    Into --out go results.json, results.csv with the time of every round, and ratios-mapped.png and .svg. Interrupt it
    at any time: what has been measured is kept.
    """
    if audit:
        from xent.cli.bench_audit_job import print_audits

        raise typer.Exit(print_audits())
    from xent.cli.bench_job import print_cases, print_costs, run

    if catalogue:
        raise typer.Exit(print_costs())
    if show_list:
        raise typer.Exit(print_cases(cases, quick=quick))
    raise typer.Exit(run(cases, rivals=rivals, memory=memory, rounds=rounds, threads=threads, quick=quick, out=out))
