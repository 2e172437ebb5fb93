"""What is held while reading is some batches, whatever the length of the file."""

import tracemalloc

import pytest

from tests.predictions.files import predictions, write
from xent.predictions import open_predictions


@pytest.mark.parametrize(
    ("form", "lengths"),
    [("npz", (4000, 32_000)), ("npz-compressed", (4000, 32_000)), ("npy", (4000, 32_000)), ("jsonl", (500, 4000))],
)
def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch, form, lengths):
    monkeypatch.setattr("xent.predictions.predictions.BATCH_BYTES", 2**15)
    peaks = []
    for rows in lengths:
        opened = open_predictions(write(form, tmp_path / str(rows), *predictions(rows=rows, classes=16)))
        tracemalloc.start()
        read = sum(len(batch) for batch in opened.batches())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == rows
    # The larger file has 2 MiB of scores, or as much text.
    assert peaks[1] < peaks[0] + 2**17 < 2**20


def test_pieces_of_a_mapped_file_are_let_go(tmp_path):
    opened = open_predictions(write("npy", tmp_path, *predictions()))
    first, second = [batch.scores for batch in opened.batches(200)]
    assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()
