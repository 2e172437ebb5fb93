"""Asking rules without disturbing the training: no rule's failure, gradient or autocast reaches it."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from xent.dispatch import modes
from xent.linter import Finding, Rule


@contextmanager
def aside(device: str) -> Iterator[None]:
    """Compute without a graph, and with the numbers as they are."""
    plain = torch.autocast(device, enabled=False) if modes.autocasts(device) else nullcontext()
    with torch.no_grad(), plain:
        yield


class Jury:
    """Rules, less those that have failed: none is asked again after it has raised an exception."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._failed: set[str] = set()

    def ask(self, seen: Any, without: Collection[str] = ()) -> tuple[list[Finding], dict[str, str]]:
        """What the rules find, and which of them fail for the first time, with their error.

        Args:
            seen: A call, or the course of a loss.
            without: Codes of rules not to ask.
        """
        found: list[Finding] = []
        failed: dict[str, str] = {}
        for rule in self._rules:
            if rule.code in without or rule.code in self._failed:
                continue
            try:
                finding = rule.apply(seen)
            except Exception as error:  # whatever it is, the training goes on
                failed |= self.excuse(rule.code, error)
                continue
            if finding is not None:
                found.append(finding)
        return found, failed

    def excuse(self, what: str, error: Exception) -> dict[str, str]:
        """Note that something has failed: what and why, if it is for the first time."""
        if what in self._failed:
            return {}
        self._failed.add(what)
        return {what: f"{type(error).__name__}: {error}"}
