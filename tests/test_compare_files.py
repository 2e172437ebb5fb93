"""Files of somebody's own: what their rows become, and one clear line for what cannot be used."""

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.compare_support import table_of, write_csv
from xent.compare import InputError, Source
from xent.compare.data import split

ARRAYS = {
    "features": np.arange(12.0).reshape(6, 2),
    "labels": np.array([0, 1, 2, 0, 1, 2]),
    "indicators": np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]),
}


def write(path, columns):
    """A file of the kind that its name says."""
    if path.suffix == ".npz":
        np.savez(path, **columns)
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    else:
        write_csv(path, columns)
    return str(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table(tmp_path, kind):
    columns = {"size": [1.5, -2.0, 3.0], "colour": ["red", "blue", "red"], "kind": ["b", "a", "b"], "id": [7, 8, 9]}
    path = write(tmp_path / f"rows.{kind}", columns)
    data = Source(path, target=("kind",), drop=("id",)).load()
    # size, then one feature for blue and one for red.
    assert data.features.tolist() == [[1.5, 0, 1], [-2, 1, 0], [3, 0, 1]]
    assert data.target.tolist() == [1, 0, 1]
    assert data.class_names == ("a", "b")
    assert (data.name, data.multilabel, data.standardize) == (f"rows.{kind}", False, True)
    assert data.counts.tolist() == [1, 2]


def test_columns_of_indicators(tmp_path):
    path = write(tmp_path / "rows.csv", {"x": [1, 2, 3], "big": [0, 1, 1], "odd": [1, 0, 1]})
    data = Source(path, target=("big", "odd")).load()
    assert data.multilabel
    assert data.target.tolist() == [[0, 1], [1, 0], [1, 1]]
    assert data.class_names == ("big", "odd")


def test_arrays(tmp_path):
    path = write(tmp_path / "rows.npz", ARRAYS)
    labels, indicators = (Source(path, target=(name,)).load() for name in ("labels", "indicators"))
    assert labels.features.tolist() == ARRAYS["features"].tolist()
    assert labels.target.tolist() == [0, 1, 2, 0, 1, 2]
    assert indicators.multilabel
    assert indicators.class_names == ("indicators[0]", "indicators[1]")


def test_features_are_standardised_over_the_training_rows(tmp_path):
    path = write(tmp_path / "rows.csv", table_of(60))
    rows = split(Source(path, target=("kind",)).load(), 0)
    np.testing.assert_allclose(rows.train_features.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.train_features.std(0, correction=0), 1, rtol=1e-5)
    assert rows.test_features.mean(0).abs().max() > 1e-3


def test_a_test_file_has_the_classes_and_categories_of_the_training_rows(tmp_path):
    train = write(tmp_path / "train.csv", {"colour": ["red", "blue", "red"], "kind": ["a", "b", "b"]})
    test = tmp_path / "test.csv"
    write(test, {"kind": ["b", "b"], "colour": ["green", "blue"]})
    data = Source(train, target=("kind",), test=test).load()
    assert data.test.target.tolist() == [1, 1]
    # A colour that no training row has is none of them.
    assert data.test.features.tolist() == [[0, 0], [1, 0]]
    rows = split(data, 5)
    assert (len(rows.train_target), len(rows.test_target)) == (3, 2)


def test_settings_tell_a_file_by_its_content(tmp_path):
    (tmp_path / "other").mkdir()
    first, moved, changed = (tmp_path / "rows.csv", tmp_path / "other" / "rows.csv", tmp_path / "changed.csv")
    for path in (first, moved):
        write(path, {"x": [1, 2], "kind": [0, 1]})
    write(changed, {"x": [1, 3], "kind": [0, 1]})
    said = [Source(str(path), target=("kind",)).settings()["data"] for path in (first, moved, changed)]
    assert said[0] == said[1]
    assert said[0].split()[-1] != said[2].split()[-1]


ROWS = {"x": [1.0, 2.0, 3.0], "kind": ["a", "b", "b"]}


@pytest.mark.parametrize(
    ("columns", "target", "message"),
    [
        (ROWS | {"x": [1.0, float("nan"), 3.0]}, "kind", "column 'x' is missing, nan or infinite in 1 of 3 rows"),
        (ROWS | {"x": [1.0, None, 3.0]}, "kind", "column 'x' is missing, nan or infinite in 1 of 3 rows, the first"),
        (ROWS | {"kind": ["a", None, "b"]}, "kind", "target: 'kind' has no value in row 1"),
        (ROWS | {"kind": ["a", "a", "a"]}, "kind", "target: 'kind' has one class alone, a"),
        (ROWS | {"kind": [0.0, 0.5, 1.0]}, "kind", "target: 'kind' holds 0.5 in row 1, which is no class"),
        (ROWS | {"x": [[1], [2], [3]]}, "kind", "column 'x' is of type list"),
        ({"kind": ["a", "b"]}, "kind", "there are no features to learn from"),
        (ROWS, "sort", "has no column 'sort', but x, kind"),
        (
            ROWS | {"odd": [0, 1, 0]},
            "odd,kind",
            "target: several columns ask a question each; 'kind' holds texts, give 0 or 1",
        ),
        ({"x": [1, 2], "big": [0, 2], "odd": [0, 1]}, "big,odd", "target: 'big' holds 2 in row 1; give 0 or 1"),
        ({"x": [1, 2], "big": [1, 1], "odd": [0, 1]}, "big,odd", "target: 'big' is the same in every row"),
        ({"x": [], "kind": []}, "kind", "has no rows"),
        ({"name": [str(k) for k in range(300)], "kind": [0, 1] * 150}, "kind", "'name' holds 300 different texts"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path, columns, target, message):
    path = write(tmp_path / "rows.parquet", columns)
    with pytest.raises(InputError) as error:
        Source(path, target=tuple(target.split(","))).load()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_column_that_is_not_there_is_told_of_its_own_argument(tmp_path, name):
    path = write(tmp_path / name, ROWS | {"id": [1, 2, 3]})
    with pytest.raises(InputError) as error:
        Source(path, target=("kind",), drop=("nope",)).load()
    assert str(error.value) == f"drop: {path} has no column 'nope', but x, kind, id"
    with pytest.raises(InputError) as error:
        Source(path, target=("sort",), drop=("nope",)).load()
    assert str(error.value) == f"target: {path} has no column 'sort', but x, kind, id"


def test_the_target_of_the_test_rows_is_told_as_of_the_test_rows(tmp_path):
    train, test = write(tmp_path / "train.csv", ROWS), tmp_path / "test.csv"
    write(test, {"x": [1.0]})
    with pytest.raises(InputError) as error:
        Source(train, target=("kind",), test=test).load()
    assert str(error.value) == f"test: {test} has no column 'kind', but x"


def test_a_target_may_be_dropped_too(tmp_path):
    path = write(tmp_path / "rows.csv", ROWS | {"id": [1, 2, 3]})
    data = Source(path, target=("kind",), drop=("id", "kind", "id")).load()
    assert data.features.tolist() == [[1.0], [2.0], [3.0]]


def test_without_a_target_there_is_a_list_to_choose_from(tmp_path):
    table, arrays = write(tmp_path / "rows.csv", ROWS), write(tmp_path / "rows.npz", ARRAYS)
    wide = write(tmp_path / "wide.csv", {f"column{k}": [0, 1] for k in range(13)})
    for path, message in (
        (table, f"target: say which column of {table} is the class: --target COLUMN; it has x, kind"),
        (
            arrays,
            f"target: say which array of {arrays} is the class: --target ARRAY; it has features, labels, indicators",
        ),
    ):
        with pytest.raises(InputError) as error:
            Source(path).load()
        assert str(error.value) == message
    with pytest.raises(InputError, match=r"column10, column11, \.\.\.$"):
        Source(wide).load()


def test_columns_are_not_dropped_from_an_array(tmp_path):
    path = write(tmp_path / "rows.npz", ARRAYS)
    with pytest.raises(InputError, match=r"drop: .*rows.npz has one array of features, and no columns: leave --drop"):
        Source(path, target=("labels",), drop=("indicators",)).load()


@pytest.mark.parametrize(
    ("arrays", "target", "message"),
    [
        (ARRAYS, "answers", "has no array 'answers', but features, labels, indicators"),
        ({"labels": ARRAYS["labels"]}, "labels", "has no array 'features' of features, but labels"),
        (ARRAYS | {"labels": np.arange(5)}, "labels", "features of shape (6, 2) and labels of shape (5,); give (N, F)"),
        (ARRAYS | {"features": np.full((6, 2), np.nan)}, "labels", "'features' is nan or infinite in 12 of 12 places"),
        (ARRAYS | {"features": np.array([["a"]] * 6)}, "labels", "'features' holds texts, not numbers"),
        (ARRAYS | {"indicators": np.array([["a", "b"]] * 6)}, "indicators", "'indicators[0]' holds texts, give 0 or 1"),
        (ARRAYS | {"indicators": np.ones((6, 2), complex)}, "indicators", "'indicators[0]' holds complex128, give 0"),
        (ARRAYS | {"labels": np.array([0, None] * 3, dtype=object)}, "labels", "is no npz archive of plain arrays"),
    ],
)
def test_arrays_that_cannot_be_used_are_one_line(tmp_path, arrays, target, message):
    path = write(tmp_path / "rows.npz", arrays)
    with pytest.raises(InputError) as error:
        Source(path, target=(target,)).load()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
@pytest.mark.parametrize("content", [b"", b"\x00\xffno table\x00", b"PK\x03\x04 cut off"])
def test_a_file_that_is_not_what_its_name_says_is_one_line(tmp_path, kind, content):
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        Source(str(path), target=("kind",)).load()
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_one_array_alone_is_no_archive(tmp_path):
    with (tmp_path / "rows.npz").open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(InputError, match=r"rows.npz is no npz archive of plain arrays"):
        Source(str(tmp_path / "rows.npz"), target=("labels",)).load()


def test_files_of_other_kinds_are_refused(tmp_path):
    path = tmp_path / "rows.xlsx"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"rows.xlsx is none of .csv, .parquet, .npz"):
        Source(str(path), target=("kind",)).load()
    with pytest.raises(InputError, match=r"is not a file"):
        Source(str(tmp_path), target=("kind",)).load()


def test_test_rows_that_do_not_go_with_the_training_rows_are_refused(tmp_path):
    train = write(tmp_path / "train.csv", ROWS)
    for columns, message in (
        ({"x": [1.0], "kind": ["c"]}, "test: 'kind' holds c in row 0, a class that no training row has"),
        ({"y": [1.0], "kind": ["a"]}, "test: has no column 'x', which the training rows have"),
    ):
        test = tmp_path / "test.csv"
        write(test, columns)
        with pytest.raises(InputError, match=message):
            Source(train, target=("kind",), test=test).load()
    arrays = tmp_path / "test.npz"
    write(arrays, ARRAYS)
    with pytest.raises(InputError, match="is not of the kind of"):
        Source(train, target=("kind",), test=arrays).load()


def test_classes_that_cannot_be_divided_are_refused(tmp_path):
    labels = write(tmp_path / "labels.csv", {"x": range(6), "kind": [*"aaaaab"]})
    with pytest.raises(InputError, match=r"class 'b' has 1 row: too few to divide into training and test"):
        split(Source(labels, target=("kind",)).load(), 0)
    indicators = write(tmp_path / "indicators.csv", {"x": range(6), "big": [0, 0, 0, 0, 0, 1], "odd": [0, 1] * 3})
    with pytest.raises(InputError, match=r"'big' has 1 of 6 rows: too few, or too many, to divide"):
        split(Source(indicators, target=("big", "odd")).load(), 0)
