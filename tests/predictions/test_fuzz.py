"""Damaged files: each opens and streams, or is an InputError of one line. Nothing else comes out."""

import random
import shutil
from pathlib import Path

import pytest

from tests.predictions.files import WRITERS, predictions, write
from xent.jobs import InputError
from xent.predictions import open_predictions

# Of each format; ten formats make 400.
DAMAGES = 40


def damaged(whole: bytes, generator: random.Random) -> bytes:
    """The file cut off, with bytes flipped (in the header as often as elsewhere), repeated, or of zeros in places."""
    data = bytearray(whole)
    how = generator.choice(["cut", "flip", "flip header", "flip end", "zeros", "repeat", "insert"])
    at = generator.randrange(len(data))
    if how == "cut":
        del data[at:]
    elif how == "zeros":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
    elif how == "repeat":
        data[at:at] = data[at : at + generator.randrange(1, 200)]
    elif how == "insert":
        data[at:at] = generator.randbytes(generator.randrange(1, 9))
    else:
        low, high = {"flip header": (0, 200), "flip end": (len(data) - 300, len(data))}.get(how, (0, len(data)))
        for _ in range(generator.choice([1, 1, 4, 16])):
            data[generator.randrange(max(0, low), min(high, len(data)))] = generator.randrange(256)
    return bytes(data)


def _stream(paths: Path | list[Path]) -> str | None:
    """The error, if there is one."""
    try:
        for batch in open_predictions(paths).batches():
            assert batch.scores.shape == (len(batch), batch.scores.shape[1])
    except InputError as error:
        return str(error)
    return None


@pytest.mark.parametrize("form", WRITERS)
def test_damaged_files(tmp_path, form):
    written = write(form, tmp_path, *predictions(rows=64, classes=4))
    paths = written if isinstance(written, list) else [written]
    wholes = [path.read_bytes() for path in paths]
    generator = random.Random(form)
    refused = 0
    for _ in range(DAMAGES):
        for path, whole in zip(paths, wholes, strict=True):
            path.write_bytes(damaged(whole, generator))
        error = _stream(written)
        refused += error is not None
        assert error is None or ("\n" not in error and 20 < len(error) < 700)
    assert refused >= DAMAGES // 5
    for path, whole in zip(paths, wholes, strict=True):
        path.write_bytes(whole)
    assert _stream(written) is None


@pytest.mark.parametrize("form", WRITERS)
def test_cut_off_anywhere(tmp_path, form):
    written = write(form, tmp_path, *predictions(rows=64, classes=4))
    path = written[0] if isinstance(written, list) else written
    whole = path.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 12)):
        path.write_bytes(whole[:length])
        error = _stream(written)
        # Text that ends with a line is whole.
        assert error or form in ("csv", "jsonl")


@pytest.mark.parametrize("form", WRITERS)
def test_one_format_under_the_name_of_another(tmp_path, form):
    written = write(form, tmp_path / "from", *predictions(rows=64, classes=4))
    path = written[0] if isinstance(written, list) else written
    for name, _ in WRITERS.values():
        other = tmp_path / f"{form}-as-{name}"
        shutil.copy(path, other)
        if other.suffix not in (path.suffix, ".npy"):
            assert _stream(other)
