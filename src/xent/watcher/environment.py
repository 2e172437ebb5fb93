"""XENT_WATCH=1: the whole program is watched, from the import of xent on."""

from xent.watcher.watching import Watch, watch

_watches: list[Watch] = []


def watch_program() -> Watch:
    """Begin to watch every loss of the program, if that has not begun yet; it lasts until the program ends."""
    if not _watches:
        _watches.append(watch().start())
    return _watches[0]
