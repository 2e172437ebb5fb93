"""The benchmark: what it compares agrees, its numbers follow from the times, and the command behaves."""

import csv
import inspect
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

from xent.bench import CASES, WORKLOADS, Case, Failure, InputError, Measurement, Progress, Quartiles, Settings, choose
from xent.bench.agreement import differences
from xent.bench.audit import audits
from xent.bench.cases import DTYPES
from xent.bench.catalogue import PLAIN, SHAPE, Cost, costs
from xent.bench.contestants import Contestant, contestants, floors
from xent.bench.errors import DisagreementError
from xent.bench.job import environment
from xent.bench.losses import LOSSES
from xent.bench.measure import Effort, Times, interleave, order
from xent.bench.memory import peak_bytes
from xent.bench.order import Order
from xent.bench.workloads import Data
from xent.catalog import ROWS
from xent.cli.app import app
from xent.cli.bench import bench as command
from xent.jobs import write_atomically
from xent.report import bench_numbers as numbers
from xent.report.bench_plot import ratio_figure
from xent.report.bench_progress import progress_display
from xent.report.bench_terminal import print_outcomes, summary

CASE = Case("ce", "fp32", (256, 1000))
WORKLOAD = WORKLOADS["forward_backward"]


def invoke(*arguments):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)], catch_exceptions=False)


def measurement(case=CASE, torch_seconds=(2e-3, 4e-3, 9e-3), peak=3 * 2**20, memory="mapped"):
    """Xent takes 1, 2 and 3 ms in three rounds, the floors a tenth and a fifth of that."""
    seconds = {
        "xent": (1e-3, 2e-3, 3e-3),
        "torch": torch_seconds,
        "compile": (0.5e-3, 2e-3, 6e-3),
        "read": (1e-4, 2e-4, 3e-4),
        "copy": (2e-4, 4e-4, 6e-4),
    }
    times = {name: Times(values, 0.0) for name, values in seconds.items()}
    return Measurement(
        case=case,
        memory=memory,
        times=dict.fromkeys(WORKLOADS, times),
        peak_bytes={name: {"xent": 0, "torch": peak, "compile": -512} for name in ("forward_backward", "forward")},
        differences={
            "xent": {"loss": 0.0, "gradient": 0.0, "tolerable": True},
            "torch": {"loss": None, "gradient": 0.5, "tolerable": False},
        },
        fastest_read="sum of float32",
        machine={"threads": 2, "processor": "any"},
    )


# The cases


def test_cases_have_names_of_their_own_and_every_loss_has_one():
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.loss for case in CASES} == set(LOSSES)
    assert {case.dtype for case in CASES if case.loss == "ce"} == set(DTYPES)


def test_a_filter_fits_from_the_beginning_of_a_word():
    assert {case.loss for case in choose("ce fp32")} == {"ce"}
    assert {case.loss for case in choose("bce fp32,  kl")} == {"bce", "kl"}
    assert [case.name for case in choose("fp16 256x128256")] == ["ce fp16 256x128256"]
    assert choose("") == CASES
    assert max(case.elements for case in choose("", quick=True)) == 256_000


@pytest.mark.parametrize(("text", "quick"), [("cf", False), ("ce fp64", False), ("ce,e", False), ("kl", True)])
def test_a_filter_that_fits_nothing_is_refused(text, quick):
    with pytest.raises(InputError, match=r"^cases: '.+' fits none.*; xent bench --list shows them$"):
        choose(text, quick)


# The contestants


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_xent_and_torch_compute_the_same(loss, dtype):
    torch.manual_seed(0)
    inputs = loss.inputs((64, 10), dtype)
    found = contestants(loss, inputs.keywords, ("torch",))
    inputs.input.requires_grad_()
    assert {name: each.tolerable for name, each in differences(found, loss, inputs).items()} == (
        {"xent": True, "torch": True}
    )
    ours, theirs = (found[name].unreduced(inputs.input, inputs.target) for name in ("xent", "torch"))
    torch.testing.assert_close(ours, theirs, rtol=3e-2, atol=3e-2 if dtype != torch.float32 else 1e-4)


def one_percent_more(logits, target):
    return 1.01 * torch.nn.functional.cross_entropy(logits, target)


def not_a_number(logits, target):
    return torch.nn.functional.cross_entropy(logits, target) * torch.nan


def without_gradient(logits, target):
    return torch.nn.functional.cross_entropy(logits, target).detach() + 0 * logits.sum()


def with_contestant(name, criterion):
    torch.manual_seed(0)
    inputs = LOSSES["ce"].inputs((64, 10), torch.float32)
    inputs.input.requires_grad_()
    found = contestants(LOSSES["ce"], {}, ("torch",))
    return differences({**found, name: Contestant(criterion, criterion)}, LOSSES["ce"], inputs)


@pytest.mark.parametrize(
    ("criterion", "loss", "gradient"),
    [(one_percent_more, 0.01, 0.01), (not_a_number, None, None), (without_gradient, 0.0, 1.0)],
)
def test_wrong_results_of_a_rival_are_told_and_those_of_xent_refused(criterion, loss, gradient):
    found = with_contestant("torch", criterion)
    assert found["xent"].tolerable
    assert not found["torch"].tolerable
    assert found["torch"].loss == (loss if loss is None else pytest.approx(loss, abs=1e-5))
    assert found["torch"].gradient == (gradient if gradient is None else pytest.approx(gradient, abs=1e-5))
    with pytest.raises(DisagreementError, match=r"^xent is wrong: error of the loss "):
        with_contestant("xent", criterion)


def test_a_mean_of_many_rows_is_nan_in_float16_by_torch():
    """Why a rival may be wrong and is timed nevertheless."""
    torch.manual_seed(0)
    inputs = LOSSES["ce"].inputs((65536, 100), torch.float16)
    inputs.input.requires_grad_()
    found = differences(contestants(LOSSES["ce"], {}, ("torch",)), LOSSES["ce"], inputs)
    assert [found["xent"].tolerable, found["torch"].tolerable, found["torch"].loss] == [True, False, None]


def test_only_the_rivals_asked_for_take_part():
    for rivals in ((), ("torch",), ("compile",), ("torch", "compile")):
        assert tuple(contestants(LOSSES["ce"], {}, rivals)) == ("xent", *rivals)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_the_floors_read_and_copy_all_of_the_logits(dtype):
    logits = torch.ones(64, 10, dtype=dtype)
    lowest, fastest = floors(logits)
    assert set(lowest) == {"read", "copy"}
    assert "of" in fastest
    before = float(lowest["read"]())
    logits[-1, -2:] = 3.0
    assert float(lowest["read"]()) > before
    assert torch.equal(lowest["copy"](), logits.flatten())


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_a_workload_does_what_its_name_says_and_leaves_no_gradient(workload):
    input = torch.randn(3, 4, requires_grad=True)
    seen = []

    def loss(input, target):
        seen.append(torch.is_grad_enabled())
        product = (input * target).sum(1)
        product.register_hook(lambda gradient: seen.append(gradient.tolist())) if product.requires_grad else None
        return product

    data = Data(input, torch.ones(3, 4), torch.tensor([1.0, 2.0, 3.0]))
    workload.of(Contestant(lambda *both: loss(*both).sum(), loss), data)()
    assert input.grad is None
    assert (
        seen
        == {
            "forward_backward": [True, [1.0, 1.0, 1.0]],
            "forward": [False],
            "scaled_backward": [True, [0.5, 0.5, 0.5]],
            "unreduced_backward": [True, [1.0, 2.0, 3.0]],
        }[workload.name]
    )


# The measurement


def test_an_order_is_a_permutation_and_no_neighbour_stays():
    names = ("xent", "torch", "compile", "read", "copy")
    orders = [order(names, round) for round in range(100)]
    assert all(sorted(each) == sorted(names) for each in orders)
    assert orders == [order(names, round) for round in range(100)]
    # Of 100 rounds each leads about 20, and each follows each other about 20 times.
    assert all(count > 5 for count in Counter(each[0] for each in orders).values())
    assert len({(a, b) for each in orders for a, b in pairwise(each)}) == 20


def test_contestants_take_turns():
    called = []

    def contestant(name):
        def call():
            called.append(name)
            # Longer than a sample has to last, so that it is one call.
            time.sleep(3e-3)

        return call

    times = interleave({name: contestant(name) for name in "abc"}, Effort(rounds=4, seconds=0.0))
    assert called[-12:] == [name for round in range(4) for name in order("abc", round)]
    assert {name: len(each.seconds) for name, each in times.items()} == {"a": 4, "b": 4, "c": 4}
    assert all(seconds >= 3e-3 for each in times.values() for seconds in each.seconds)


def test_short_calls_are_repeated_within_a_round():
    calls = []
    (times,) = interleave({"a": lambda: calls.append(0)}, Effort(rounds=2, seconds=0.0)).values()
    assert len(times.seconds) == 2
    assert len(calls) > 100


def test_effort():
    some, filled = Effort(rounds=3, seconds=0.0), Effort(rounds=3, seconds=1.0)
    assert [some.goes_on(rounds, 9.0) for rounds in (2, 3)] == [True, False]
    assert [filled.goes_on(2, 9.0), filled.goes_on(50, 0.5), filled.goes_on(50, 1.5)] == [True, True, False]
    assert not filled.goes_on(101, 0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak")
def test_the_peak_of_a_known_allocation():
    mebibyte = 2**20
    peaks = [peak_bytes(lambda size=size: torch.ones(size * mebibyte // 4)) for size in (64, 256, 64)]
    for peak, size in zip(peaks, (64, 256, 64), strict=True):
        assert peak is not None
        assert abs(peak - size * mebibyte) < 2 * mebibyte
    nothing = peak_bytes(lambda: None)
    assert nothing is not None
    assert nothing < 2 * mebibyte


@pytest.mark.skipif(sys.platform != "linux", reason="settings of glibc")
def test_memory_stays_mapped_in_one_mode_only():
    code = (
        "import sys, torch; from xent.bench.memory import map_ahead, page_faults\n"
        "map_ahead(sys.argv[1], 2**28)\n"
        "for _ in range(5): before = page_faults(); torch.ones(2**24); last = page_faults() - before\n"
        "print(last)"
    )
    faults = {
        mode: int(subprocess.check_output([sys.executable, "-c", code, mode], env=environment(mode)))
        for mode in ("mapped", "fresh")
    }
    # A tensor of 64 MiB: 32 huge pages at the least.
    assert faults["mapped"] < 10
    assert faults["fresh"] >= 32


def test_the_environment_keeps_what_the_user_set(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert environment("fresh")["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setenv("MALLOC_TOP_PAD_", "7")
    assert environment("mapped")["OMP_WAIT_POLICY"] == "active"
    assert environment("mapped")["MALLOC_TOP_PAD_"] == "1073741824"
    assert "MALLOC_TOP_PAD_" not in environment("fresh")


def test_orders_and_measurements_survive_the_way_between_processes():
    asked = Order(CASE, "fresh", ("torch",), Effort(3, 0.5), None)
    assert Order.from_json(asked.to_json()) == asked
    found = measurement()
    assert Measurement.from_json(json.loads(json.dumps(found.to_json()))) == found


# The findings


def test_ratios_are_taken_round_by_round():
    found = measurement()
    # torch/xent by round: 2, 2, 3. The ratio of the medians, 4 / 2, would be the same; that of compile is not:
    # .5, 1, 2, with the quartiles half way between.
    assert found.ratio("forward", "torch") == Quartiles(2.0, 2.0, 2.5)
    assert found.ratio("forward", "compile") == Quartiles(0.75, 1.0, 1.5)
    assert found.ratio("forward", "xent") == Quartiles(1.0, 1.0, 1.0)
    assert found.seconds("forward", "torch") == Quartiles(3e-3, 4e-3, 6.5e-3)


def test_the_summary_counts_what_the_quartiles_tell_apart():
    slow = measurement(torch_seconds=(0.5e-3, 1e-3, 1.5e-3))
    lines = list(summary(WORKLOAD, [measurement(), slow]))
    assert lines == [
        "torch/xent 0.50 to 2.0, median 1.2: xent faster in 1, slower in 1 of 2",
        "compile/xent 1.0 to 1.0, median 1.0: xent faster in 0, slower in 0 of 2",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.4512, "1.45 s"), (0.1, "100 ms"), (0.01234, "12.3 ms"), (5.02e-5, "50.2 µs"), (5.1e-7, "0.510 µs")],
)
def test_seconds_are_readable(value, text):
    assert numbers.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(22.4, "22"), (104.0, "104"), (4.54, "4.5"), (0.607, "0.61"), (0.998, "1.00"), (0.002, "<0.01")]
)
def test_multiples_are_readable(value, text):
    assert numbers.multiple(value) == text


def test_memory_below_the_resolution_is_none():
    assert [numbers.mebibytes(value) for value in (None, -4096, 15 * 2**20 + 2**19)] == ["n/a", "0.0", "15.5"]


def test_tables_fit_80_columns_and_cut_nothing_off():
    console = Console(file=io.StringIO(), width=80)
    failure = Failure(CASE, "fresh", "ValueError: no")
    print_outcomes(console, [*(measurement(case) for case in CASES), failure])
    output = console.file.getvalue()
    assert "…" not in output
    tables = output[: output.index("Wrong result")]
    assert max(map(len, tables.splitlines())) <= 80
    assert "2.0 (2.0-2.5)" in output
    assert "Not measured: ce fp32 256x1000, fresh: ValueError: no" in output
    assert "Wrong result of torch, ce fp32 256x1000, mapped: loss not finite, gradient off by 50.0%" in output
    for case in CASES:
        assert case.name.split()[-1] in output


def test_the_plot_draws_the_medians_of_the_ratios():
    figure = ratio_figure([measurement(), measurement(torch_seconds=(0.5e-3, 1e-3, 1.5e-3))])
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == [workload.title for workload in WORKLOADS.values()]
    drawn = {container.get_label(): container.lines[0].get_xdata() for container in panels[0].containers}
    np.testing.assert_allclose(drawn["torch"], [2.0, 0.5])
    np.testing.assert_allclose(drawn["floor: one read of the logits"], [0.1, 0.1])
    assert panels[0].get_xscale() == "log"
    assert [label.get_text() for label in panels[0].get_yticklabels()] == [CASE.name, CASE.name]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_of_every_case(terminal):
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal)
    with progress_display(console, 2) as show:
        show(Progress(CASE, "mapped", 0, 2, stage="compiling: forward"))
        show(Progress(CASE, "mapped", 1, 2, outcome=measurement()))
        show(Progress(CASE, "fresh", 2, 2, outcome=Failure(CASE, "fresh", "killed")))
    output = console.file.getvalue()
    assert "1/2 ce fp32 256x1000, mapped: xent 2.00 ms, torch/xent 2.0, compile/xent 1.0\n" in output
    assert "2/2 ce fp32 256x1000, fresh: not measured: killed\n" in output
    assert ("compiling: forward" in output) == terminal


# The command


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One small case, measured."""
    out = tmp_path_factory.mktemp("bench")
    return invoke("--cases", "ce fp32 256x1000", "--rounds", 3, "--threads", 1, "--out", out), out


def test_a_benchmark_leaves_its_results(finished):
    result, out = finished
    assert result.exit_code == 0
    assert "Forward and backward, memory mapped" in result.stdout
    assert "1 cases, in " in result.stdout
    assert result.stderr.startswith("1/1 ce fp32 256x1000, mapped: xent ")
    assert sorted(path.name for path in out.iterdir()) == (
        ["ratios-mapped.png", "ratios-mapped.svg", "results.csv", "results.json"]
    )
    assert (out / "ratios-mapped.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_files_say_what_was_measured_and_agree(finished):
    content = json.loads((finished[1] / "results.json").read_text())
    assert content["settings"]["rounds"] == 3
    assert content["machine"]["threads"] == 1
    assert content["machine"]["torch"] == torch.__version__
    assert (content["cases_asked"], content["cases_measured"], content["failures"]) == (1, 1, [])
    (case,) = content["cases"]
    assert (case["name"], case["memory"], case["shape"]) == ("ce fp32 256x1000", "mapped", [256, 1000])
    assert set(case["workloads"]) == set(WORKLOADS)
    assert {name: each["tolerable"] for name, each in case["differences"].items()} == (
        {"xent": True, "torch": True, "compile": True}
    )
    rows = list(csv.DictReader((finished[1] / "results.csv").read_text().splitlines()))
    assert len(rows) == 4 * 3 * 5
    for name, workload in case["workloads"].items():
        assert workload["rounds"] == 3
        assert set(workload["contestants"]) == {"xent", "torch", "compile", "read", "copy"}
        for contestant, found in workload["contestants"].items():
            seconds = [
                float(row["seconds"]) for row in rows if (row["workload"], row["contestant"]) == (name, contestant)
            ]
            assert found["seconds"]["median"] == pytest.approx(np.median(seconds), rel=1e-3)
            assert 0 < found["seconds"]["low"] <= found["seconds"]["median"] <= found["seconds"]["high"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cases", "focall"], "cases: 'focall' fits none; xent bench --list shows them"),
        (["--cases", "kl", "--quick"], "cases: 'kl' fits none of the small ones; xent bench --list shows them"),
        (["--rivals", "jax"], "rivals: 'jax' is unknown; give torch, compile, both or none"),
        (["--memory", "huge"], "memory must be mapped, fresh or both, got 'huge'"),
        (["--rounds", "0"], "rounds must be at least 1, got 0"),
        (["--threads", "0"], "threads must be at least 1, got 0"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, message):
    result = invoke(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"xent bench: {message}\n"
    assert not (tmp_path / "out").exists()


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = invoke("--quick", "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert result.stderr == f"xent bench: out: cannot write to {tmp_path / 'file' / 'out'}: Not a directory\n"


def test_a_failed_write_leaves_what_was_there(monkeypatch, tmp_path):
    path = tmp_path / "results.json"
    write_atomically(path, b"whole")

    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", disk_full)
    with pytest.raises(InputError, match=r"cannot write .*results.json: No space left on device"):
        write_atomically(path, b"changed")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_case_that_fails_is_told_and_is_no_success(monkeypatch, tmp_path):
    worker = tmp_path / "worker"
    worker.write_text("#!/bin/sh\necho 'no such instruction' >&2\nexit 3\n")
    worker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(worker))
    result = invoke("--cases", "ce-module fp32", "--out", tmp_path / "out")
    assert result.exit_code == 1
    reason = "the process ended with status 3: no such instruction"
    assert f"ce-module fp32 32x10, mapped: not measured: {reason}" in result.stderr
    content = json.loads((tmp_path / "out/results.json").read_text())
    assert content["cases_measured"] == 0
    assert content["failures"] == [{"case": "ce-module fp32 32x10", "memory": "mapped", "reason": reason}]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the children of a process from /proc")
def test_control_c_keeps_what_is_measured_and_leaves_no_worker(tmp_path):
    arguments = ["bench", "--cases", "ce-module", "--rivals", "none", "--rounds", "2", "--out", str(tmp_path)]
    start = [sys.executable, "-c", "from xent.cli import main; main()", *arguments]
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = process.stderr.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (workers := children.read_text().split()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert first.startswith("1/3 ce-module fp32 32x10, mapped: xent ")
    assert process.returncode == 130
    content = json.loads((tmp_path / "results.json").read_text())
    asked, measured = content["cases_asked"], content["cases_measured"]
    # On a busy machine another case may have ended before this process was heard.
    assert 1 <= measured < asked == 3
    assert errors.splitlines()[-1] == f"Interrupted. {measured} of 3 cases are measured, and kept in {tmp_path}."
    assert "Traceback" not in errors
    assert not list(tmp_path.rglob("*.partial"))
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


@pytest.mark.parametrize(("module", "package"), [("typer", "typer"), ("matplotlib", "matplotlib")])
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(module, package, tmp_path):
    code = f"import sys; sys.modules[{module!r}] = None; from xent.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "bench", "--out", str(tmp_path / "out")], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr == f'xent bench needs {package}: pip install "xent[bench]"\n'
    assert not (tmp_path / "out").exists()


def test_it_needs_neither_scikit_learn_nor_scipy():
    code = (
        "import sys; sys.modules['sklearn'] = sys.modules['scipy'] = None; sys.argv[1:] = ['bench', '--list']\n"
        "from xent.cli import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_list_names_the_cases():
    assert invoke("--list").stdout.splitlines() == [case.name for case in CASES]
    assert invoke("--list", "--cases", "kl").stdout == "kl fp32 4096x1000\n"
    assert invoke("--list", "--cases", "what").exit_code == 2


def test_the_defaults_of_the_command_are_those_of_the_settings():
    defaults = {name: parameter.default for name, parameter in inspect.signature(command).parameters.items()}
    settings = Settings()
    assert defaults["rivals"] == ",".join(settings.rivals)
    for name in ("cases", "memory", "rounds", "threads", "quick"):
        assert defaults[name] == getattr(settings, name)
    assert replace(settings, memory="both").modes == ("mapped", "fresh")
    assert (replace(settings, rounds=4).effort, replace(settings, quick=True).effort.rounds) == (Effort(4, 0.0), 3)


# The named losses


def test_every_named_loss_is_timed_against_the_plain_one_of_its_link():
    found = list(costs((8, 4), Effort(1, 0.0)))
    assert [cost.name for cost in found] == list(ROWS)
    assert all(cost.plain == PLAIN[ROWS[cost.name].link] for cost in found)
    assert all(cost.seconds.median > 0 and cost.ratio.median > 0 for cost in found)


def test_what_the_named_losses_cost_is_shown_and_judged(monkeypatch):
    def measured():
        yield Cost("focal", "ce", Quartiles(1e-3, 2e-3, 3e-3), Quartiles(1.0, 1.1, 1.2))
        yield Cost("softcap", "ce", Quartiles(1e-3, 4e-3, 9e-3), Quartiles(1.5, 2.0, 2.5))

    kept = []
    monkeypatch.setattr("xent.cli.bench_job.costs", measured)
    # It would stay so for the tests that come after.
    monkeypatch.setattr("xent.cli.bench_job.keep_mapped", lambda: kept.append(True))
    result = invoke("--catalogue")
    assert result.exit_code == 0
    assert "x".join(map(str, SHAPE)) == "4096x1000"
    assert "4096 rows of 1000 classes" in result.stdout
    assert [line.split() for line in result.stdout.splitlines() if "ms" in line] == [
        ["focal", "2.00", "ms", "1.1", "(1.0-1.2)", "ce"],
        ["softcap", "4.00", "ms", "2.0", "(1.5-2.5)", "ce"],
    ]
    assert kept
    assert "1 of 2 take at most 1.1 times as long as the plain loss; not softcap." in result.stdout


def test_audits_of_what_was_written_are_timed_and_shown(monkeypatch):
    read = []

    def audit(logits, labels):
        scores, label = np.load(logits), np.load(labels)
        assert scores.dtype == np.float32
        read.append((*scores.shape, float((scores.argmax(1) == label).mean())))

    def rivals(logits, labels):
        assert logits.exists()
        assert labels.exists()

    monkeypatch.setattr("xent.bench.audit.missing", lambda: ())
    monkeypatch.setattr("xent.bench.audit._read_by_rivals", rivals)
    found = list(audits(audit, size=400_000, rounds=3))
    assert [(one.classes, one.rows) for one in found] == [(1000, 100), (10, 10_000)]
    # Once to warm up, and three rounds.
    assert [(rows, classes) for rows, classes, _ in read] == [(100, 1000)] * 4 + [(10_000, 10)] * 4
    assert all(0.5 < right < 1 for _, _, right in read)
    for one in found:
        assert one.gigabytes.median == pytest.approx(4e-4 / one.seconds.median)
        assert one.rivals.low <= one.rivals.median <= one.rivals.high
    monkeypatch.setattr("xent.bench.audit.missing", lambda: ("torchmetrics>=1.4",))
    monkeypatch.setattr("xent.cli.bench_audit_job.missing", lambda: ("torchmetrics>=1.4",))
    monkeypatch.setattr("xent.cli.bench_audit_job.audits", lambda audit: audits(audit, size=40_000, rounds=2))
    result = invoke("--audit")
    assert result.exit_code == 0
    assert 'pip install "torchmetrics>=1.4"' in result.stderr
    assert result.stdout.count("not installed") == 2
