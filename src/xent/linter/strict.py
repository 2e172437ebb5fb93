"""XENT_STRICT=1: findings of severity error are exceptions."""

import os

from xent.linter.finding import Findings, LintError


def is_strict() -> bool:
    """Whether the environment asks for it."""
    return os.environ.get("XENT_STRICT", "") not in ("", "0")


def raise_errors(findings: Findings) -> None:
    """Raise a LintError for errors among the findings, if the environment asks for it.

    Raises:
        LintError: XENT_STRICT is set, and there are errors.
    """
    if is_strict() and findings.errors:
        raise LintError(findings)
