"""Observes the losses of a training while it runs, xent's and torch's, and reports mistakes once each."""

from xent.watcher.environment import watch_program
from xent.watcher.reporting import LintWarning
from xent.watcher.watching import Watch, watch

__all__ = ["LintWarning", "Watch", "watch", "watch_program"]
