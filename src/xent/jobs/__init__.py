"""What every job over data shares: the error that is its caller's to mend, and files written whole or not at all."""

from xent.jobs.errors import InputError
from xent.jobs.files import make_directory, write_atomically

__all__ = ["InputError", "make_directory", "write_atomically"]
