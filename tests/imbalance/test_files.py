"""Labels in files: parquet and csv, of integers and strings, in memory that does not grow with the rows."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from xent.imbalance import class_counts, counts_from_file

LABELS = [2, 0, 0, 1, 0]
ANIMALS = ["dog", "cat", "dog", "owl", "dog"]
KINDS = ["labels.parquet", "labels.pq", "labels.csv", "labels.tsv"]


def write(path, **columns):
    table = pa.table(columns)
    if path.suffix in (".csv", ".tsv"):
        csv.write_csv(table, path, csv.WriteOptions(delimiter="\t" if path.suffix == ".tsv" else ","))
    else:
        parquet.write_table(table, path, row_group_size=2)
    return path


@pytest.fixture(params=KINDS)
def path(request, tmp_path):
    return tmp_path / request.param


def test_integers(path):
    found = counts_from_file(write(path, other=[0.5] * 5, y=LABELS), "y", num_classes=4)
    assert (found.counts.tolist(), found.total.tolist(), found.names) == ([3, 1, 1, 0], [5] * 4, None)


def test_strings(path):
    found = counts_from_file(str(write(path, y=ANIMALS)), "y")
    assert (found.names, found.counts.tolist()) == (("cat", "dog", "owl"), [1, 3, 1])


def test_strings_among_known_names(path):
    write(path, y=ANIMALS)
    assert counts_from_file(path, "y", names=["owl", "eel", "dog", "cat"]).counts.tolist() == [1, 0, 3, 1]
    with pytest.raises(ValueError, match="label 'owl' in row 3 is not among the 2 `names`"):
        counts_from_file(path, "y", names=["dog", "cat"])


def test_ignored_labels(path):
    found = counts_from_file(write(path, y=[0, 255, 1, 1]), "y", ignore_index=255)
    assert (found.counts.tolist(), found.ignored) == ([1, 2], 1)


def test_the_row_of_a_label_that_names_no_class(path):
    write(path, y=[*LABELS, 7])
    with pytest.raises(ValueError, match="counts_from_file: label 7 in row 5 is not one of the 3 classes 0 to 2"):
        counts_from_file(path, "y", num_classes=3)


@pytest.mark.parametrize("values", [[0, 1, None, 1], ["cat", "dog", None, "dog"]])
def test_missing_labels(path, values):
    write(path, y=values, z=[1, 2, 3, 4])
    with pytest.raises(
        ValueError, match=r"column 'y' has no value in row 2\. Pass ignore_null=True to leave such rows"
    ):
        counts_from_file(path, "y")
    found = counts_from_file(path, "y", ignore_null=True)
    assert (found.counts.tolist(), found.ignored) == ([1, 2], 1)


def test_several_columns_are_multi_label(path):
    write(path, fire=[1, 0, 1], x=[5, 6, 7], smoke=[0, None, 1])
    with pytest.raises(ValueError, match="column 'smoke' has no value in row 1"):
        counts_from_file(path, ["smoke", "fire"])
    found = counts_from_file(path, ["smoke", "fire"], ignore_null=True)
    assert (found.names, found.multi_label, found.ignored) == (("smoke", "fire"), True, 1)
    assert (found.counts.tolist(), found.total.tolist()) == ([1, 2], [2, 3])


def test_indicators_that_are_none(path):
    with pytest.raises(ValueError, match="indicator 2 in row 2, class 1 is neither 0 nor 1"):
        counts_from_file(write(path, a=[0, 1, 1], b=[0, 0, 2]), ["a", "b"])


@pytest.mark.parametrize(
    "column",
    [
        pa.array(ANIMALS).dictionary_encode(),
        pa.array(ANIMALS, pa.large_string()),
        pa.array(LABELS, pa.uint8()),
        pa.array(LABELS).dictionary_encode(),
        pa.array([True, False, True]),
    ],
)
def test_types_of_parquet(tmp_path, column):
    path = write(tmp_path / "labels.parquet", y=column)
    assert counts_from_file(path, "y").counts.tolist() == class_counts(column.to_pylist()).counts.tolist()


def test_the_name_na_is_a_name(tmp_path):
    path = tmp_path / "countries.csv"
    path.write_text("country\nNA\nNL\nnull\nNA\n")
    assert counts_from_file(path, "country").names == ("NA", "NL", "null")


def test_files_agree_with_labels_in_memory(path):
    labels = np.random.default_rng(0).integers(0, 7, 5000)
    assert counts_from_file(write(path, y=labels), "y").counts.tolist() == class_counts(labels).counts.tolist()


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """What pyarrow holds at most is the same for ten times the rows, in csv and in one row group or many of parquet.

    The large files have 16 and 32 MB. Less is read at a time than usually, since pyarrow reads up to 32 blocks of csv
    ahead. In a process of its own, where nothing else has been held before.
    """
    for rows in (400_000, 4_000_000):
        labels = pa.table({"y": np.random.default_rng(0).integers(0, 1000, rows)})
        csv.write_csv(labels, tmp_path / f"{rows}.csv")
        for groups in (1, 40):
            path = tmp_path / f"{rows}.{groups}.parquet"
            parquet.write_table(labels, path, row_group_size=rows // groups, use_dictionary=False, compression="none")
    code = (
        "import pyarrow\n"
        "from xent.imbalance import columns, counts_from_file\n"
        "columns.BYTES = 2**15\n"
        "for rows in (400_000, 4_000_000):\n"
        "    for kind in ('csv', '1.parquet', '40.parquet'):\n"
        "        assert counts_from_file(f'{rows}.{kind}', 'y').total[0] == rows\n"
        "    print(pyarrow.default_memory_pool().max_memory())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    few, many = map(int, answer.stdout.split())
    assert many < 1.5 * few


@pytest.mark.parametrize(
    ("values", "arguments", "error", "message"),
    [
        ([0.5], {}, TypeError, "column 'y' must hold integers or strings, got double"),
        ([None], {"ignore_null": True}, TypeError, "column 'y' must hold integers or strings, got null: it has no val"),
        ([0], {"ignore_null": 1}, TypeError, "`ignore_null` must be True or False, not 1"),
        ([0], {"ignore_null": True, "ignore_index": None}, ValueError, "counts null as ignore_index, which is None"),
        ([0], {"num_classes": 2.0}, TypeError, "`num_classes` must be an int or None, not float"),
        (pa.array([], pa.int64()), {}, ValueError, "no rows|there are no labels"),
        (pa.array([], pa.string()), {}, ValueError, "no rows|there are no labels"),
    ],
)
def test_what_is_refused(tmp_path, values, arguments, error, message):
    path = write(tmp_path / "labels.parquet", y=values)
    with pytest.raises(error, match=f"counts_from_file: .*({message})"):
        counts_from_file(path, "y", **arguments)


def test_columns_that_are_not_there(path):
    write(path, x=[1], y=[0])
    with pytest.raises(KeyError, match="has no column 'label'; its columns: x, y"):
        counts_from_file(path, "label")


def test_files_that_are_not_there(path):
    with pytest.raises(FileNotFoundError, match=path.name):
        counts_from_file(path, "y")


@pytest.mark.parametrize("name", ["labels.parquet", "labels.csv"])
def test_files_that_are_broken(tmp_path, name):
    path = tmp_path / name
    path.write_text('y,z\n"1\n')
    with pytest.raises(ValueError, match=f"counts_from_file: .*{name}"):
        counts_from_file(path, "y")


def test_files_of_another_kind(tmp_path):
    with pytest.raises(ValueError, match=r"labels.json must be a file of a kind that can be read: .parquet, .pq, .csv"):
        counts_from_file(tmp_path / "labels.json", "y")


def test_without_pyarrow():
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from xent.imbalance import counts_from_file\n"
        "try: counts_from_file('labels.csv', 'y')\n"
        "except ImportError as error: print(error)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer == 'counts_from_file needs pyarrow: pip install "xent[imbalance]"\n'


def test_the_package_alone_loads_no_pyarrow():
    code = "import sys, xent.imbalance; print('pyarrow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer == "False\n"
