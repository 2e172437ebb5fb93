"""The command: exit codes, one clear line for what it refuses, and the files that it leaves."""

import csv
import inspect
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import xent
from tests.compare_support import table_of, write_csv
from xent import cli
from xent.catalog import ROWS
from xent.cli.app import app
from xent.cli.compare import compare as command
from xent.compare import CANDIDATES, RENAMED, Settings, job

QUICK = ["compare", "--losses", "ce,balanced-softmax", "--seeds", "2", "--epochs", "1"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory and the output of one comparison."""
    out = tmp_path_factory.mktemp("finished")
    return out, invoke(*QUICK, "--out", out)


@pytest.fixture
def rows(tmp_path):
    """A csv of 60 rows, with the class ``kind`` and the indicators ``big`` and ``odd``."""
    return write_csv(tmp_path / "rows.csv", table_of(60))


def test_a_comparison_leaves_its_results(finished):
    out, result = finished
    assert result.exit_code == 0
    assert "Which classes are found" in result.stdout
    assert "Data: digits thinned to an imbalance of 100. Model: mlp." in " ".join(result.stdout.split())
    assert "Training: 1 epoch in batches of 32, SGD with learning rate 0.1" in " ".join(result.stdout.split())
    assert "\n4 runs, in " in result.stdout
    assert f"Results in {out}" in result.stdout
    assert sorted(path.name for path in out.iterdir()) == (
        ["recall.png", "recall.svg", "report.html", "results.csv", "results.json", "runs"]
    )
    assert sorted(path.name for path in (out / "runs").iterdir()) == (
        ["balanced-softmax-seed0.npz", "balanced-softmax-seed1.npz", "ce-seed0.npz", "ce-seed1.npz"]
    )


def test_the_files_agree_with_the_predictions(finished):
    out, _ = finished
    content = json.loads((out / "results.json").read_text())
    assert {key: content["settings"][key] for key in ("data", "model", "epochs", "batch_size", "imbalance")} == (
        {"data": "digits", "model": "mlp", "epochs": 1, "batch_size": 32, "imbalance": 100}
    )
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert len(content["runs"]) == len(rows) == 4
    for run, row in zip(content["runs"], rows, strict=True):
        with np.load(out / "runs" / f"{run['loss']}-seed{run['seed']}.npz") as stored:
            accuracy = (stored["logits"].argmax(1) == stored["target"]).mean()
            assert run["shares"]["gradient"]["after"] == stored["gradient_shares"][1].tolist()
        assert run["measures"]["accuracy"] == pytest.approx(accuracy)
        assert float(row["accuracy"]) == pytest.approx(accuracy)


def test_a_second_call_takes_up_the_runs_and_finds_the_same(finished):
    out, _ = finished
    first = (out / "results.json").read_text()
    result = invoke(*QUICK, "--out", out)
    assert "4 runs, 4 of them taken up from before" in result.stdout
    assert (out / "results.json").read_text() == first


def test_results_of_other_settings_are_refused_and_left_alone(finished):
    out, _ = finished
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    result = invoke(*QUICK, "--imbalance", 10, "--out", out)
    assert result.exit_code == 2
    assert "holds runs with imbalance 100.0, and now imbalance is 10.0: choose another" in result.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_file_of_indicators_from_the_command_line(rows, tmp_path):
    arguments = ["--target", "big,odd", "--drop", "kind", "--losses", "asl", "--seeds", "2", "--epochs", "1"]
    result = invoke("compare", rows, *arguments, "--model", "linear", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    output = " ".join(result.stdout.split())
    assert "Data: rows.csv. Model: linear. Training: 1 epoch" in output
    assert "over the plain loss (bce)" in output
    assert "average_precision.png average precision from head to tail" in output
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert content["task"] == "multi-label"
    assert content["classes"] == ["big", "odd"]
    assert content["settings"]["data"].startswith("rows.csv sha256 ")
    assert (tmp_path / "out" / "average_precision.svg").is_file()


def test_a_test_file_is_tested_on(rows, tmp_path):
    test = write_csv(tmp_path / "test.csv", table_of(10, seed=1))
    arguments = ["--target", "kind", "--losses", "ce", "--seeds", "1", "--epochs", "1", "--test", test]
    result = invoke("compare", rows, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "out" / "runs" / "ce-seed0.npz") as stored:
        # Every third row is an a, which is class 0.
        assert stored["target"].tolist() == [0, 1, 1, 0, 1, 1, 0, 1, 1, 0]
        assert stored["counts"].tolist() == [20, 40]


def test_a_factory_is_found_in_the_current_directory(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "xent_test_here.py").write_text("from torch.nn import Linear as model\n")
    arguments = ["--target", "kind", "--losses", "ce", "--seeds", "1", "--epochs", "1", "--model"]
    result = invoke("compare", rows, *arguments, "xent_test_here:model", "--out", "out")
    assert result.exit_code == 0, result.output
    assert "Model: xent_test_here:model." in result.stdout
    assert "\n1 run, in " in result.stdout
    assert "seed 1 of 1: 1 run finished\n" in result.stderr


def test_a_former_name_still_works_and_is_told(tmp_path):
    result = invoke("compare", "--losses", "weighted", "--seeds", 1, "--epochs", 1, "--out", tmp_path)
    assert result.exit_code == 0
    assert "weighted is now called inverse-frequency\n" in result.stderr
    assert (tmp_path / "runs" / "inverse-frequency-seed0.npz").is_file()


def assert_one_line_and_nothing_left(result, message, out):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("xent compare: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], "seeds must be at least 1, got 0"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
        (["--imbalance", "0.5"], "imbalance must be a number of at least 1, got 0.5"),
        (["--imbalance", "1000"], "imbalance of 1000 needs 1000 training rows"),
        (["--losses", "focall"], "losses: 'focall' is unknown; did you mean focal?"),
        (["--losses", "ce,"], "losses: '' is unknown"),
        (["--losses", "asl"], "losses: asl is for multi-label data, and these are single-label"),
        (["--model", "mpl"], "model: 'mpl' is unknown; did you mean mlp?"),
        (["--model", "no_such_package:small"], "model: no_such_package cannot be imported"),
        (["--model", "torch.nn:Identity"], "model: torch.nn:Identity has no parameters to train"),
        (["digit"], "data: 'digit' is no file; did you mean digits? Embedded: digits, unicode, yeast"),
        (["--target", "kind"], "data: --target, --test and --drop are for files, and 'digits' is embedded"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, message):
    result = invoke("compare", *arguments, "--out", tmp_path / "out")
    assert_one_line_and_nothing_left(result, message, tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "target: say which column of"),
        (["--target", "sort"], "has no column 'sort', but length, width, kind, big, odd"),
        (["--target", "kind", "--drop", "hue"], "has no column 'hue'"),
        (["--target", "kind,odd"], "target: several columns ask a question each"),
        (["--target", "odd", "--imbalance", "1000"], "imbalance of 1000 needs 1000 training rows"),
        (["--target", "kind", "--imbalance", "10"], "imbalance: the classes of rows.csv come 20 to 40 times"),
        (["--target", "kind", "--test", "/no/such/test.csv"], "file: /no/such/test.csv is not a file"),
        (["--target", "kind", "--losses", "bce"], "losses: bce is for multi-label data"),
    ],
)
def test_what_a_file_does_not_have_is_one_line(rows, tmp_path, arguments, message):
    result = invoke("compare", rows, *arguments, "--out", tmp_path / "out")
    assert_one_line_and_nothing_left(result, message, tmp_path / "out")


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = invoke(*QUICK, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"xent compare: out: cannot write to {tmp_path / 'file'}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--seeds", "many"], ["--no-such-option"], ["digits", "extra"]])
def test_what_cannot_be_parsed_is_bad_input(arguments):
    assert invoke("compare", *arguments).exit_code == 2


def test_an_interruption_keeps_the_finished_runs_and_says_how_to_go_on(monkeypatch, tmp_path):
    arguments = [*QUICK, "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["xent", *arguments])
    with monkeypatch.context() as patch:
        calls = []

        def interrupted(*_):
            if calls:
                raise KeyboardInterrupt
            calls.append(1)
            return 0.0

        patch.setattr(job, "train", interrupted)
        result = invoke(*arguments)
    assert result.exit_code == 130
    assert f"1 of 4 runs are finished and kept in {tmp_path}" in result.stderr
    assert f"xent compare --losses ce,balanced-softmax --seeds 2 --epochs 1 --out {tmp_path}" in result.stderr
    assert [path.name for path in tmp_path.rglob("*.*")] == ["ce-seed0.npz"]
    told = []
    job.compare(Settings(("ce", "balanced-softmax"), seeds=1, epochs=1), tmp_path, told.append)
    assert [progress.taken_up for progress in told] == [True, False]


def test_control_c_in_a_real_process(tmp_path):
    arguments = ["compare", "--losses", "focal", "--seeds", "50", "--epochs", "2", "--out", str(tmp_path)]
    start = [sys.executable, "-c", "from xent.cli import main; main()", *arguments]
    process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(tmp_path.glob("runs/focal-seed0.npz")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "of 100 runs are finished and kept" in errors
    assert "Traceback" not in errors
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(("module", "package"), [("typer", "typer"), ("sklearn", "scikit-learn")])
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(module, package, tmp_path, monkeypatch, capsys):
    # As in a fresh process: what imports the module has not been imported yet.
    for name in [name for name in sys.modules if name.startswith(("xent.cli.", "xent.compare"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "argv", ["xent", "compare", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f'xent compare needs {package}: pip install "xent[compare]"\n'
    assert not (tmp_path / "out").exists()


def test_version():
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"xent {xent.__version__}\n")


def test_help_names_what_there_is():
    result = invoke("compare", "--help")
    assert result.exit_code == 0
    parameters = inspect.signature(command).parameters
    for name in parameters:
        assert f"--{name}" in result.stdout or name == "data"
    # Rows of the catalogue are listed by `xent losses`.
    for word in (
        "xent losses",
        *(name for name in CANDIDATES if name not in ROWS),
        "all",
        "digits",
        "unicode",
        "yeast",
        "one of its own for each comparison",
    ):
        assert word in " ".join(result.stdout.replace("│", " ").split())


def test_the_defaults_of_the_command_are_those_of_the_settings():
    defaults = {name: parameter.default for name, parameter in inspect.signature(command).parameters.items()}
    settings = Settings()
    assert defaults["data"] == settings.source.data
    assert defaults["model"] == settings.model
    assert defaults["seeds"] == settings.seeds
    assert (defaults["losses"], defaults["epochs"], defaults["imbalance"]) == ("", None, None)
    assert (settings.losses, settings.epochs, settings.imbalance) == (None, None, 100)
    assert set(RENAMED.values()) <= set(CANDIDATES)
