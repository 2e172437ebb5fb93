"""Findings as warnings that point at the line of the program that calls the loss."""

import warnings

from xent.watcher.place import Place


class LintWarning(UserWarning):
    """A mistake that a watch has found in a training.

    Args:
        message: The finding.

    Example:
        >>> import warnings, xent
        >>> warnings.simplefilter("error", xent.LintWarning)  # from here on, findings are exceptions
        >>> warnings.simplefilter("default", xent.LintWarning)
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


def warn(message: str, place: Place) -> None:
    """Warn of something, as if the line that calls the loss had."""
    warnings.warn_explicit(message, LintWarning, place.file, place.line, module=place.module or None)
