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
from xent.cli.app import app
from xent.cli.compare import compare as command
from xent.compare import CANDIDATES, Settings, job

QUICK = ["compare", "--losses", "ce,balanced-softmax", "--seeds", "2", "--epochs", "2"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_comparison_leaves_its_results(tmp_path):
    result = invoke(*QUICK, "--out", tmp_path)
    assert result.exit_code == 0
    assert "Which classes are found" in result.stdout
    assert "4 runs, in " in result.stdout
    assert f"Results in {tmp_path}" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == (
        ["recall.png", "recall.svg", "results.csv", "results.json", "runs"]
    )
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == (
        ["balanced-softmax-seed0.npz", "balanced-softmax-seed1.npz", "ce-seed0.npz", "ce-seed1.npz"]
    )


def test_the_files_agree_with_the_predictions(tmp_path):
    invoke(*QUICK, "--out", tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    rows = list(csv.DictReader((tmp_path / "results.csv").read_text().splitlines()))
    assert len(content["runs"]) == len(rows) == 4
    for run, row in zip(content["runs"], rows, strict=True):
        with np.load(tmp_path / "runs" / f"{run['loss']}-seed{run['seed']}.npz") as stored:
            accuracy = (stored["logits"].argmax(1) == stored["labels"]).mean()
        assert run["measures"]["accuracy"] == pytest.approx(accuracy)
        assert float(row["accuracy"]) == pytest.approx(accuracy)


def test_a_second_call_takes_up_the_runs_and_finds_the_same(tmp_path):
    invoke(*QUICK, "--out", tmp_path)
    first = (tmp_path / "results.json").read_text()
    result = invoke(*QUICK, "--out", tmp_path)
    assert "4 runs, 4 of them taken up from before" in result.stdout
    assert (tmp_path / "results.json").read_text() == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], "seeds must be at least 1, got 0"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
        (["--imbalance", "0.5"], "imbalance must be a number of at least 1, got 0.5"),
        (["--imbalance", "1000"], "imbalance of 1000 needs 1000 training rows"),
        (["--losses", "focall"], "losses: 'focall' is unknown; did you mean focal?"),
        (["--losses", "ce,"], "losses: '' is unknown"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, message):
    result = invoke("compare", *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("xent compare: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = invoke(*QUICK, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"xent compare: out: cannot write to {tmp_path / 'file'}")
    assert result.stderr.count("\n") == 1


def test_results_of_other_settings_are_refused_and_left_alone(tmp_path):
    invoke(*QUICK, "--out", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    result = invoke(*QUICK, "--imbalance", 10, "--out", tmp_path)
    assert result.exit_code == 2
    assert "holds runs with imbalance 100.0, and now imbalance is 10.0: choose another" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("arguments", [["--seeds", "many"], ["--no-such-option"], ["extra"]])
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
    assert f"xent compare --losses ce,balanced-softmax --seeds 2 --epochs 2 --out {tmp_path}" in result.stderr
    assert [path.name for path in tmp_path.rglob("*.*")] == ["ce-seed0.npz"]
    assert "4 runs, 1 of them taken up" in invoke(*arguments).stdout


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
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(module, package, tmp_path):
    code = f"import sys; sys.modules[{module!r}] = None; from xent.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "compare", "--out", str(tmp_path / "out")], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr == f'xent compare needs {package}: pip install "xent[compare]"\n'
    assert not (tmp_path / "out").exists()


def test_version():
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"xent {xent.__version__}\n")


def test_help_names_every_loss():
    result = invoke("compare", "--help")
    assert result.exit_code == 0
    for word in (*CANDIDATES, "--seeds", "--epochs", "--imbalance", "--out"):
        assert word in result.stdout


def test_the_defaults_of_the_command_are_those_of_the_settings():
    defaults = {name: parameter.default for name, parameter in inspect.signature(command).parameters.items()}
    settings = Settings()
    assert defaults["losses"] == "all"
    assert settings.losses == tuple(CANDIDATES)
    assert defaults["seeds"] == settings.seeds
    assert defaults["epochs"] == settings.recipe.epochs
    assert defaults["imbalance"] == settings.imbalance
