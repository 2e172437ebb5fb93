"""What the readers of files raise, as the one error of a job."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from xent.jobs import InputError

EXTRA = 'pip install "xent[audit]"'


@contextmanager
def reading(path: str, *errors: type[Exception]) -> Iterator[None]:
    """Make these errors, and those of the file system, an InputError that names the file."""
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        # Errors of the system have a text of their own; those of libraries that only look like it have none.
        raise unreadable(path, error.strerror or _first_line(error)) from error
    except errors as error:
        raise unreadable(path, _first_line(error)) from error


def unreadable(path: str, why: str) -> InputError:
    """The error for a file that is damaged or of another kind than its name says."""
    return InputError(f"{path} cannot be read: {why.rstrip('.')}. Is it whole, and of the kind that its name says?")


def missing(library: str, path: str) -> InputError:
    """The error for a library that is not installed."""
    return InputError(f"{path} needs {library}: {EXTRA}")


def file_size(path: str) -> int:
    """Bytes of a file that is there and not empty."""
    with reading(path):
        size = os.stat(path).st_size
    if not size:
        raise InputError(f"{path} is empty: there is nothing to read")
    return size


def _first_line(error: BaseException) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    # Of a damaged file any byte may come up.
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= 160 else line[:157] + "..."
