"""Every format gives back what was written, however it is cut into batches and parts."""

import pickle

import numpy as np
import pytest
import torch

from tests.predictions.files import WRITERS, gathered, predictions, write
from xent.predictions import from_tensors, open_predictions


@pytest.mark.parametrize("rows", [None, 1, 7, 1000])
@pytest.mark.parametrize("form", WRITERS)
def test_what_was_written_is_read(tmp_path, form, rows):
    logits, target = predictions()
    opened = open_predictions(write(form, tmp_path, logits, target))
    scores, labels = gathered(opened, rows)
    assert torch.equal(scores.float(), logits)
    assert scores.is_floating_point()
    assert labels.dtype == torch.int64
    assert torch.equal(labels, target)
    assert (opened.classes, opened.multi_label, opened.kind, opened.names) == (5, False, "logits", None)
    assert opened.rows in (300, None)
    assert opened.bytes > 0


@pytest.mark.parametrize("parts", [2, 3, 8])
@pytest.mark.parametrize("form", WRITERS)
def test_parts_cover_it_in_order_and_can_be_sent(tmp_path, form, parts):
    logits, target = predictions()
    for k in range(3):
        write(form, tmp_path / str(k), logits[100 * k : 100 * k + 100], target[100 * k : 100 * k + 100])
    directories = [tmp_path / str(k) for k in range(3)]
    opened = open_predictions(directories)
    pieces = pickle.loads(pickle.dumps(opened.parts(parts)))
    assert 1 < len(pieces) <= parts
    assert [piece.first for piece in pieces] == np.cumsum([0, *(len(gathered(one)[1]) for one in pieces[:-1])]).tolist()
    read = [gathered(piece, 13) for piece in pieces]
    assert torch.equal(torch.cat([scores for scores, _ in read]).float(), logits)
    assert torch.equal(torch.cat([labels for _, labels in read]), target)


@pytest.mark.parametrize("form", ["npz", "npy", "safetensors", "torch", "parquet"])
def test_one_file_of_known_length_is_cut(tmp_path, form):
    parts = open_predictions(write(form, tmp_path, *predictions())).parts(4)
    assert len(parts) == 4
    assert all(40 <= (part.rows or 0) <= 130 for part in parts)
    assert abs(sum(part.bytes for part in parts) - open_predictions(tmp_path).bytes) < 10


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_one_file_of_text_is_one_part(tmp_path, form):
    opened = open_predictions(write(form, tmp_path, *predictions()))
    assert opened.parts(4) == [opened]


FLOATING = (torch.float16, torch.float32, torch.float64)


@pytest.mark.parametrize(
    ("form", "dtype"),
    [(form, dtype) for form in ("npz", "npy", "safetensors", "torch") for dtype in FLOATING]
    + [("safetensors", torch.bfloat16), ("torch", torch.bfloat16)],
)
def test_dtypes_of_scores_are_kept(tmp_path, form, dtype):
    logits, target = predictions(dtype=dtype)
    scores, _ = gathered(open_predictions(write(form, tmp_path, logits, target)))
    assert scores.dtype == dtype
    assert torch.equal(scores, logits)


def test_bfloat16_of_numpy_is_two_bytes_of_nothing(tmp_path):
    logits, target = predictions(dtype=torch.bfloat16)
    np.savez(tmp_path / "some.npz", logits=logits.view(torch.int16).numpy().view("V2"), target=target.numpy())
    scores, _ = gathered(open_predictions(tmp_path / "some.npz"))
    assert torch.equal(scores, logits)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "u4", "i8", "u8", "f4", "f8", ">i4", ">f8", "f2"])
def test_labels_of_every_dtype(tmp_path, dtype):
    logits, target = predictions()
    np.savez(tmp_path / "some.npz", logits=logits.numpy(), target=target.numpy().astype(dtype))
    assert torch.equal(gathered(open_predictions(tmp_path / "some.npz"))[1], target)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["F", ">f4"])
def test_arrays_that_lie_otherwise(tmp_path, save, order):
    logits, target = predictions()
    array = np.asfortranarray(logits.numpy()) if order == "F" else logits.numpy().astype(order)
    save(tmp_path / "some.npz", logits=array, target=target.numpy())
    np.save(tmp_path / "logits.npy", array)
    np.save(tmp_path / "labels.npy", target.numpy())
    for paths in (tmp_path / "some.npz", [tmp_path / "logits.npy", tmp_path / "labels.npy"]):
        assert torch.equal(gathered(open_predictions(paths), 17)[0], logits)
        assert torch.equal(torch.cat([gathered(part)[0] for part in open_predictions(paths).parts(3)]), logits)


def test_labels_as_a_column_are_labels(tmp_path):
    logits, target = predictions()
    np.savez(tmp_path / "some.npz", logits=logits.numpy(), target=target.numpy()[:, None])
    opened = open_predictions(tmp_path / "some.npz")
    assert not opened.multi_label
    assert torch.equal(gathered(opened)[1], target)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.float32, torch.int64])
def test_indicators(tmp_path, dtype):
    logits, target = predictions()
    indicators = torch.nn.functional.one_hot(target, 5).to(dtype)
    np.savez(tmp_path / "some.npz", logits=logits.numpy(), target=indicators.numpy())
    opened = open_predictions(tmp_path / "some.npz")
    assert opened.multi_label
    assert torch.equal(gathered(opened, 9)[1], indicators)


@pytest.mark.parametrize("shape", [(300,), (300, 1)])
def test_one_score_a_row_is_a_question_of_yes_and_no(shape):
    logits, target = predictions(classes=1)
    opened = from_tensors(logits.reshape(shape), (target > 0).numpy())
    assert (opened.classes, opened.multi_label) == (1, True)
    scores, labels = gathered(opened)
    assert scores.shape == labels.shape == (300, 1)


def test_labels_that_are_no_class_and_scores_that_are_nan_are_passed_on():
    logits, target = predictions()
    logits[3, 2] = torch.nan
    target[7], target[8] = -100, 5
    scores, labels = gathered(from_tensors(logits, target))
    assert scores[3, 2].isnan()
    assert torch.equal(labels, target)


def test_tensors_are_not_copied_and_large_ones_come_in_batches():
    logits, target = predictions(rows=150, classes=2**16)
    batches = list(from_tensors(logits, target).batches())
    assert [len(batch) for batch in batches] == [64, 64, 22]
    assert batches[1].scores.data_ptr() == logits[64:].data_ptr()


def test_memory_is_let_go_while_a_large_file_is_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr("xent.predictions.formats.mapped.HELD", 500)
    logits, target = predictions()
    for form in ("safetensors", "torch"):
        assert torch.equal(gathered(open_predictions(write(form, tmp_path / form, logits, target)), 7)[0], logits)
