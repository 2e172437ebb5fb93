"""What cannot be read is an InputError of one line, which names the file and says what to do."""

import builtins
import io
import json
import struct
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch

from tests.predictions.files import gathered, predictions, write
from xent.jobs import InputError
from xent.predictions import from_tensors, open_predictions


def _npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def refusal(paths, **options):
    with pytest.raises(InputError) as caught:
        gathered(open_predictions(paths, **options))
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_paths_that_are_no_predictions(tmp_path):
    assert "nothing.npz is not there" in refusal(tmp_path / "nothing.npz")
    assert "no file of predictions: none whose name ends in .npz" in refusal(tmp_path)
    assert "no file is given" in refusal([])
    (tmp_path / "some.txt").write_text("x")
    assert "some.txt is of no kind that can be read: its name ends in none of .npz" in refusal(tmp_path / "some.txt")
    (tmp_path / "some.npz").write_bytes(b"")
    assert "some.npz is empty: there is nothing to read" in refusal(tmp_path / "some.npz")
    assert "is given twice: every row would count twice" in refusal([tmp_path / "some.npz"] * 2)
    (tmp_path / "some.jsonl").write_text("{}")
    assert "files of jsonl and npz together cannot be told apart" in refusal(tmp_path)
    assert "is not there" in refusal("\0.npz")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    paths = write("npy", tmp_path, *predictions())
    monkeypatch.setattr("xent.predictions.formats.npy.open", refused, raising=False)
    assert "logits.npy cannot be read: Permission denied" in refusal(paths)


def test_lengths_that_differ(tmp_path):
    logits, target = predictions()
    path = _npz(tmp_path / "some.npz", logits=logits.numpy(), target=target.numpy()[:-1])
    assert "has 299 rows of 'target' for 300 of 'logits': give a label a row" in refusal(path)
    np.save(tmp_path / "logits.npy", logits.numpy())
    for rows, which in ((200, "fewer"), (400, "more")):
        labels = tmp_path / "labels.jsonl"
        labels.write_text('{"label": 1}\n' * rows)
        assert f"labels.jsonl has {which} rows than" in refusal(tmp_path / "logits.npy", labels=labels)


def test_shapes_that_do_not_fit(tmp_path):
    logits, target = predictions()
    wide = _npz(tmp_path / "wide.npz", logits=logits.numpy(), target=np.zeros((300, 4), int))
    assert "(300, 4)) for scores of 5 classes: give labels of shape (N,), or indicators of shape (N, 5)" in refusal(
        wide
    )
    cube = _npz(tmp_path / "cube.npz", logits=np.zeros((3, 2, 5), "f4"), target=np.zeros((3, 2), int))
    assert "logits (floating (3, 2, 5)): give numbers, (N, C), a row a prediction" in refusal(cube)
    none = _npz(tmp_path / "none.npz", logits=np.zeros((0, 5), "f4"), target=np.zeros(0, int))
    assert "has no rows" in refusal(none)
    flat = _npz(tmp_path / "flat.npz", logits=np.zeros((3, 0), "f4"), target=np.zeros(3, int))
    assert "give numbers, (N, C)" in refusal(flat)
    assert "are scores and target swapped" in _tensors_refused(target, logits)


def test_files_of_different_models(tmp_path):
    first = _npz(tmp_path / "1.npz", logits=np.ones((3, 5), "f4"), target=np.zeros(3, int))
    second = _npz(tmp_path / "2.npz", logits=np.ones((3, 4), "f4"), target=np.zeros(3, int))
    text = refusal([first, second])
    assert "2.npz has scores of shape (N, 4)" in text
    assert "1.npz of shape (N, 5)" in text
    third = _npz(tmp_path / "3.npz", logits=np.ones((3, 5), "f4"), target=np.zeros(3, int), counts=np.ones(5))
    assert "3.npz has other training counts than" in refusal([first, third])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "nan in row 2, which is no class"),
        ("1.5", "1.5 in row 2"),
        ("nan", "nan in row 2"),
        ("inf", "inf in row 2"),
    ],
)
def test_labels_that_are_missing_or_fractional(tmp_path, value, words):
    (tmp_path / "some.csv").write_text(f"logit_0,logit_1,label\n1,2.5,0\n1,2.5,1\n1,2.5,{value}\n")
    assert words in refusal(tmp_path / "some.csv")


def test_words_among_numbers(tmp_path):
    rows = "".join(f"{k},2.5,{k % 2}\n" for k in range(200_000))
    (tmp_path / "some.csv").write_text(f"logit_0,logit_1,label\n{rows}1,2.5,cat\n")
    assert "invalid value 'cat'" in refusal(tmp_path / "some.csv")
    (tmp_path / "some.jsonl").write_text('{"logits": [1, 2], "label": 0}\n{"logits": [1, 2], "label": "cat"}\n')
    assert "'label' is \"cat\" in line 2, and in the first of kind integer" in refusal(tmp_path / "some.jsonl")


def test_labels_that_name_no_class(tmp_path):
    (tmp_path / "some.csv").write_text("logit_cat,logit_dog,label\n1,2.5,dog\n1,2.5,cow\n")
    assert "'label' holds 'cow' in row 1, which is none of the classes cat, dog" in refusal(tmp_path / "some.csv")
    (tmp_path / "none.csv").write_text("logit_cat,logit_dog,label\n1,2.5,dog\n1,2.5,\n")
    assert "'label' holds no value in row 1" in refusal(tmp_path / "none.csv")


@pytest.mark.parametrize(("labels", "count"), [("abcd", "more than 3"), ("aabb", "2")])
def test_more_or_fewer_names_than_classes(labels, count):
    scores = torch.randn(4, 3)
    path = "the tensors"
    text = _tensors_refused(scores, list(labels))
    assert f"target: {path}: 'target' names {count} classes, and there are scores for 3" in text


def _tensors_refused(*tensors, **options):
    with pytest.raises(InputError) as caught:
        gathered(from_tensors(*tensors, **options))
    return str(caught.value)


def test_indicators_that_are_nan():
    indicators = torch.zeros(3, 2)
    indicators[1, 1] = torch.nan
    assert "holds nan in row 1, which is no indicator" in _tensors_refused(torch.randn(3, 2), indicators)


def test_nothing_that_can_be_judged():
    words = "none of 4 rows has a finite score and a label of 0 to 2, so there is nothing to judge"
    assert words in _tensors_refused(torch.randn(4, 3), torch.full((4,), -100), kind="logits")
    assert words in _tensors_refused(torch.full((4, 3), torch.nan), torch.zeros(4))
    part = from_tensors(torch.randn(4, 3), torch.tensor([-100, -100, 0, 1]), kind="logits").parts(2)[0]
    assert len(list(part.batches())) == 1


def test_names_that_are_not_there(tmp_path):
    path = _npz(tmp_path / "some.npz", a=np.zeros((3, 2), "f4"), b=np.zeros((3, 2), "f4"), c=np.zeros(3, int))
    text = refusal(path)
    assert "scores: " in text
    assert "a (floating (3, 2)), b (floating (3, 2)), c (integer (3,))" in text
    assert "has no 'd', but a (floating" in refusal(path, scores="d")
    assert "has no 'y_*', but a" in refusal(path, scores="a", target="y_*")
    both = _npz(
        tmp_path / "both.npz", val_logits=np.ones((3, 2), "f4"), test_logits=np.ones((3, 2), "f4"), y=np.ones(3)
    )
    assert "val_logits (floating (3, 2)), test_logits (floating (3, 2)): say which is meant" in refusal(both)
    alone = _npz(tmp_path / "alone.npz", logits=np.ones((3, 2), "f4"))
    assert "or give a file of labels" in refusal(alone)
    np.save(tmp_path / "logits.npy", np.ones((3, 2), "f4"))
    assert "none of logits.npy is of labels" in refusal(tmp_path / "logits.npy")


def test_kinds_that_are_not_clear(tmp_path):
    assert "'odds' is none of logits, probabilities, log-probabilities" in refusal(tmp_path, kind="odds")
    target = torch.zeros(500)
    assert "do not sum to 1: logits or probabilities" in _tensors_refused(torch.rand(500, 4), target)
    mixed = torch.cat([torch.randn(250, 4).softmax(1), torch.randn(250, 4)])
    assert "look like probabilities in" in _tensors_refused(mixed, target)
    assert "logits of rare labels, or log-probabilities" in _tensors_refused(-torch.rand(500, 4), torch.zeros(500, 4))


@pytest.mark.parametrize("counts", [[1, 2], [1, -2, 3], [1, float("nan"), 3], "nowhere", [[1], [2], [3]], ["a"]])
def test_counts_that_are_none(counts):
    assert "counts: " in _tensors_refused(torch.randn(4, 3), torch.zeros(4), kind="logits", counts=counts)


def test_pickled_objects_are_not_loaded(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, logits=np.ones((3, 2), "f4"), target=np.array([0, 1, "x"], dtype=object))
    for options in ({}, {"target": "target"}):
        assert "'target' holds neither numbers nor plain strings (pickled objects" in refusal(path, **options)
    np.save(tmp_path / "logits.npy", np.ones((3, 2), "f4"))
    np.save(tmp_path / "labels.npy", np.array([0, 1, None], dtype=object))
    assert "'labels' holds neither" in refusal([tmp_path / "logits.npy", tmp_path / "labels.npy"])
    torch.save({"logits": torch.ones(3, 2), "labels": {1, 2}, "more": _Evil()}, tmp_path / "some.pt")
    assert "other objects are not loaded since they could run code" in refusal(tmp_path / "some.pt")
    assert not _Evil.ran


class _Evil:
    ran = False

    def __reduce__(self):
        return (_run, ())


def _run():
    _Evil.ran = True


def _header(shape, dtype="<f4"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(10**15, 10), (10, 10**15), (2**62, 2**62), (-1, 5), (3, 2)])
def test_headers_that_claim_more_than_there_is(tmp_path, shape):
    np.save(tmp_path / "labels.npy", np.zeros(3, int))
    (tmp_path / "logits.npy").write_bytes(_header(shape) + bytes(4))
    assert "logits.npy" in refusal(tmp_path)
    with zipfile.ZipFile(tmp_path / "some.npz", "w") as archive:
        archive.writestr("logits.npy", _header(shape) + bytes(4))
        archive.writestr("target.npy", _header((3,)) + bytes(12))
    assert "some.npz" in refusal(tmp_path / "some.npz")


def test_a_bomb_of_zeros_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "some.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("logits.npy", "w") as member:
            member.write(_header((1, 35 * 10**6)))
            for _ in range(140):
                member.write(bytes(10**6))
        archive.writestr("target.npy", _header((1,)) + bytes(4))
    assert "too long for scores of classes" in refusal(tmp_path / "some.npz")


def test_headers_of_safetensors_that_claim_more_than_there_is(tmp_path):
    path = tmp_path / "some.safetensors"
    path.write_bytes(struct.pack("<Q", 10**15) + b"{}")
    assert "cannot be read" in refusal(path)
    header = json.dumps({"logits": {"dtype": "F32", "shape": [10**9, 10], "data_offsets": [0, 4 * 10**10]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    assert "cannot be read" in refusal(path)


def test_csv_that_is_no_table(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("logit_0,logit_0,label\n1,2,0\n")
    assert "more than one column 'logit_0'" in refusal(path)
    path.write_text("logit_0,logit_1,label\n")
    assert refusal(path)
    path.write_text("logit_0,logit_1,label\n1,2\n")
    assert "Expected 3 columns, got 2" in refusal(path)


def test_lists_of_other_lengths(tmp_path):
    table = pyarrow.table({"logits": [[1.0, 2.0], [1.0]], "label": [0, 1]})
    pyarrow.parquet.write_table(table, tmp_path / "some.parquet")
    assert "'logits' holds a list of 1 in row 1, and lists of 2 before" in refusal(tmp_path / "some.parquet")
    (tmp_path / "some.jsonl").write_text('{"logits": [1.5, 2], "label": 0}\n\n{"logits": [1], "label": 0}\n')
    assert "'logits' is a list of 1 in line 3, and in the first a list of 2" in refusal(tmp_path / "some.jsonl")
    (tmp_path / "some.jsonl").write_text('{"logits": [1.5, 2], "label": 0}\n{"logits": [1, "x"], "label": 0}\n')
    assert "'logits' holds other things than numbers in line 2" in refusal(tmp_path / "some.jsonl")
    (tmp_path / "some.jsonl").write_text('{"logits": [1.5, 2], "label": 0}\n[1]\n')
    assert "line 2 is no JSON object such as" in refusal(tmp_path / "some.jsonl")
    (tmp_path / "some.jsonl").write_text('{"logits": [1.5, 2], "label": 0}\n{"logits": [1, 2]}\n')
    assert "line 2 has no 'label', unlike the first" in refusal(tmp_path / "some.jsonl")


LIBRARIES = {"csv": "pyarrow", "parquet": "pyarrow", "safetensors": "safetensors"}


@pytest.mark.parametrize(("form", "library"), LIBRARIES.items())
def test_a_library_that_is_missing(tmp_path, monkeypatch, form, library):
    path = write(form, tmp_path, *predictions())
    imported = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.split(".")[0] == library:
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert f'needs {library}: pip install "xent[audit]"' in refusal(path)
