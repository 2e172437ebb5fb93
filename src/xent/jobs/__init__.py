"""What every job over data shares: the error that is its caller's to mend, and files written whole or not at all."""

from xent.jobs.errors import InputError
from xent.jobs.files import check_writable, make_directory, write_atomically

__all__ = ["InputError", "check_writable", "make_directory", "write_atomically"]
