"""Files that are written whole or not at all."""

import os
from pathlib import Path

from xent.jobs.errors import InputError


def make_directory(directory: Path) -> None:
    """Make a directory and its parents; one that cannot be written is an InputError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"out: cannot write to {directory}: {error.strerror}") from error
    probe = directory / ".probe"
    write_atomically(probe, b"")
    probe.unlink()


def check_writable(directory: Path) -> None:
    """Raise an InputError now if a directory could not be made later, or not be written; nothing is made."""
    there = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"out: cannot write to {directory}: {there} is no directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"out: cannot write to {directory}: Permission denied")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file, or leave what was there: nobody ever reads a part of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"out: cannot write {path}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
