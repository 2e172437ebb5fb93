"""What ``xent lint`` does: lint predictions, or tell what the rules are."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.text import Text

from xent.audit.misuse import lint_predictions
from xent.cli.predictions import names, open_given
from xent.jobs import InputError
from xent.linter import Rule, choose
from xent.report.findings import print_findings
from xent.report.reading import reading_display
from xent.report.rules_markdown import page, section
from xent.report.rules_terminal import print_rule, print_rules

CLEAN, FOUND, BAD_INPUT = 0, 1, 2


def run(
    paths: Sequence[Path],
    *,
    scores: str,
    target: str,
    labels: Sequence[Path] | None,
    kind: str,
    counts: str,
    select: str,
    ignore: str,
    as_json: bool,
) -> int:
    """Lint saved predictions and return the exit status."""
    screen, messages = Console(), Console(stderr=True)
    try:
        if not paths:
            raise InputError("give a file of predictions; or --rules, for what is looked for")
        rules = choose(names(select), names(ignore))
        predictions = open_given(paths, scores=scores, target=target, labels=labels, kind=kind, counts=counts)
        with reading_display(messages, predictions.rows) as show:
            findings = lint_predictions(predictions, rules, show)
    except ValueError as error:
        # InputError is one, and so is an unknown code.
        messages.print(Text(f"xent lint: {error}"), soft_wrap=True)
        return BAD_INPUT
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        print_findings(screen, findings)
    return FOUND if findings.errors else CLEAN


def explain_rules(code: str, select: str, ignore: str, *, as_json: bool, as_markdown: bool) -> int:
    """Print the rules, or one of them, and return the exit status."""
    screen, messages = Console(), Console(stderr=True)
    try:
        rules = _all_rules(code or names(select), names(ignore))
    except ValueError as error:
        messages.print(Text(f"xent lint: {error}"), soft_wrap=True)
        return BAD_INPUT
    if as_json:
        print(json.dumps([_as_json(rule) for rule in rules], indent=2))
    elif as_markdown:
        print(section(rules[0]) if code else page(rules), end="")
    elif code:
        for rule in rules:
            print_rule(screen, rule)
    else:
        print_rules(screen, rules)
    return CLEAN


def _all_rules(select: str | tuple[str, ...], ignore: tuple[str, ...]) -> list[Rule]:
    """Those that look at a call, and those over time, which only a watch asks."""
    import_module("xent.watcher.rules")
    rules = [rule for over_time in (False, True) for rule in choose(select, ignore, over_time=over_time)]
    return sorted(rules, key=lambda rule: rule.code)


def _as_json(rule: Rule) -> dict[str, object]:
    content = {name: value for name, value in vars(rule).items() if name != "check"}
    return {**content, "severity": rule.severity.value, "losses": sorted(rule.losses)}
