"""``xent audit`` and ``xent lint FILE``: what they print and write, their exit status, and what they refuse."""

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from tests.audit.worlds import multi_label_logits, posterior_logits
from tests.predictions.files import WRITERS, predictions, write
from tests.predictions.test_fuzz import damaged
from xent.cli.app import app

COUNTS = torch.tensor([400, 100, 25, 5])
WRITTEN = {"report.html", "results.json", "suspects.csv"}


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def saved(path, rows=400, **arrays):
    logits, label = posterior_logits(rows, COUNTS)
    np.savez(path, **{"logits": logits.numpy(), "labels": label.numpy(), "counts": COUNTS.numpy(), **arrays})
    return path


def refused(command, *arguments, status=2):
    """The one line on stderr."""
    result = invoke(command, *arguments)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f"xent {command}: ")
    return line


def test_an_audit_says_and_writes_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    path = saved(tmp_path / "predictions.npz")
    result = invoke("audit", path, "--out", tmp_path / "out")
    assert result.exit_code == 0
    for words in (
        "Cross entropy, a row",
        "refinement",
        "Classes, head to tail",
        "tau",
        "adjust_logits",
        "suspects.csv",
    ):
        assert words in result.stdout
    assert {file.name for file in (tmp_path / "out").iterdir()} == WRITTEN
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["source"]["rows"] == 400
    assert f"{results['loss']['nll']:.4f}" in result.stdout
    rows = list(csv.DictReader((tmp_path / "out" / "suspects.csv").read_text().splitlines()))
    assert rows[0]["label"] in "0123"


def test_a_multi_label_audit(tmp_path):
    logits, target = multi_label_logits(300, 3)
    np.savez(tmp_path / "p.npz", logits=logits.numpy(), labels=target.numpy())
    result = invoke("audit", tmp_path / "p.npz", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "multi-label" in result.stdout
    assert {file.name for file in (tmp_path / "out").iterdir()} == WRITTEN


def test_an_error_found_is_status_1(tmp_path):
    path = saved(tmp_path / "p.npz", labels=posterior_logits(400, COUNTS)[1].numpy() + 1)
    for command in (("audit", path, "--out", tmp_path / "out"), ("lint", path)):
        result = invoke(*command)
        assert result.exit_code == 1
        assert "XE201" in result.stdout
    assert invoke("lint", path, "--ignore", "XE2").exit_code == 0
    findings = json.loads(invoke("lint", path, "--json").stdout)
    assert "XE201" in [finding["code"] for finding in findings]


def test_names_kinds_labels_and_counts_can_be_given(tmp_path):
    logits, label = posterior_logits(300, COUNTS)
    np.savez(tmp_path / "p.npz", a=logits.softmax(1).numpy(), b=label.numpy())
    np.save(tmp_path / "labels.npy", label.numpy())
    (tmp_path / "counts.json").write_text(json.dumps(COUNTS.tolist()))
    for target in (("--target", "b"), ("--labels", tmp_path / "labels.npy")):
        result = invoke(
            "audit", tmp_path / "p.npz", "--scores", "a", *target, "--kind", "probabilities",
            "--counts", tmp_path / "counts.json", "--suspects", 3, "--out", tmp_path / "out",
        )  # fmt: skip
        assert result.exit_code == 0, result.stderr
        results = json.loads((tmp_path / "out" / "results.json").read_text())
        assert results["source"]["kind"] == "probabilities"
        assert results["prior"]["tau"]["value"] == pytest.approx(1, abs=0.3)
        assert len((tmp_path / "out" / "suspects.csv").read_text().splitlines()) <= 4


@pytest.mark.parametrize("command", ["audit", "lint"])
def test_bad_input_is_one_line_and_status_2(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "p.npz")
    assert "nope.npz" in refused(command, "nope.npz")
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv" in refused(command, "empty.csv")
    assert "'XE9'" in refused(command, "p.npz", "--select", "XE9")
    assert "odds" in refused(command, "p.npz", "--kind", "odds")
    assert "'nothing'" in refused(command, "p.npz", "--scores", "nothing")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_an_audit_that_cannot_write_says_so_before_it_reads(tmp_path):
    path = saved(tmp_path / "p.npz")
    (tmp_path / "file").write_text("")
    assert "is no directory" in refused("audit", path, "--out", tmp_path / "file" / "out")


def test_lint_without_predictions_says_what_to_give():
    assert "--rules" in refused("lint")


FUZZED = 20  # of each format; ten formats make 200


@pytest.mark.parametrize("form", WRITERS)
def test_damaged_files_are_refused_whole_or_audited_whole(tmp_path, form):
    written = write(form, tmp_path / "in", *predictions(rows=40, classes=3))
    paths = written if isinstance(written, list) else [written]
    wholes = [path.read_bytes() for path in paths]
    generator = random.Random(f"audit {form}")
    out = tmp_path / "out"
    for _ in range(FUZZED):
        for path, whole in zip(paths, wholes, strict=True):
            path.write_bytes(damaged(whole, generator))
        result = invoke("audit", *paths, "--out", out)
        if result.exit_code == 2:
            assert len(result.stderr.strip().splitlines()) == 1
            assert not out.exists()
        else:
            assert result.exit_code in (0, 1)
            assert {file.name for file in out.iterdir()} == WRITTEN
            for file in out.iterdir():
                file.unlink()
            out.rmdir()


def test_several_processes_from_a_shell(tmp_path):
    path = saved(tmp_path / "p.npz", rows=500)
    for processes in (1, 2):
        command = [Path(sys.executable).with_name("xent"), "audit", path, "--processes", str(processes)]
        subprocess.run([*command, "--out", f"out{processes}"], cwd=tmp_path, check=True, capture_output=True)
    one, two = (json.loads(Path(tmp_path / f"out{n}" / "results.json").read_text()) for n in (1, 2))
    assert one == two
    assert (tmp_path / "out1" / "suspects.csv").read_bytes() == (tmp_path / "out2" / "suspects.csv").read_bytes()
