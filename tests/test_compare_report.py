"""What people see: the plot is drawn, the tables fit, and the sentences say what the numbers say."""

import io

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from tests.compare_support import run_with
from xent.compare import Progress, Recipe, Results, Settings
from xent.report.plot import recall_figure, write_recall_plot
from xent.report.progress import progress_display
from xent.report.terminal import findings, print_results


def results_of(losses, seeds):
    """Runs in which each loss finds one tail row more than the one before it; odd seeds miss a head row."""
    return Results(
        [
            run_with(loss, seed, [4 - seed % 2, 4, 4, 4, 4, 4, 4, index, index, 0])
            for seed in range(seeds)
            for index, loss in enumerate(losses)
        ]
    )


def printed(results):
    console = Console(file=io.StringIO(), width=80)
    print_results(console, results)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("losses", "panels"),
    [
        (["ce"], ["ce"]),
        (["ce", "focal"], ["focal"]),
        (["ce", "weighted", "focal", "balanced-softmax", "post-hoc-adjustment"], None),
    ],
)
@pytest.mark.parametrize("seeds", [1, 3])
def test_plot_has_a_panel_a_loss(losses, panels, seeds):
    figure = recall_figure(results_of(losses, seeds))
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
    assert titles == (panels or losses[1:])


def test_plot_draws_the_mean_recalls():
    results = results_of(["ce", "focal"], 2)
    baseline, focal = recall_figure(results).axes[0].get_lines()
    np.testing.assert_allclose(baseline.get_ydata(), [0.875, 1, 1, 1, 1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(focal.get_ydata(), [0.875, 1, 1, 1, 1, 1, 1, 0.25, 0.25, 0])
    assert [label.get_text() for label in recall_figure(results).axes[0].get_xticklabels()] == (
        ["100", "60", "36", "22", "13", "8", "5", "3", "2", "1"]
    )


def test_plot_files_are_images_with_something_on_them(tmp_path):
    write_recall_plot(results_of(["ce", "focal", "balanced-softmax"], 2), tmp_path)
    png = tmp_path / "recall.png"
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = imread(png)[..., :3]
    assert min(pixels.shape[:2]) > 300
    # The colours of the two losses, 0072B2 and D55E00, and not a page of white.
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert (np.abs(pixels - np.array(colour) / 255).max(axis=-1) < 0.02).sum() > 500
    assert (tmp_path / "recall.svg").read_text(encoding="utf-8").count("<path") > 20


def test_tables_fit_80_columns_and_cut_nothing_off():
    losses = ["ce", "weighted", "effective-number", "label-smoothing", "focal", "balanced-softmax"]
    output = printed(results_of([*losses, "post-hoc-adjustment"], 3))
    assert "…" not in output
    code = output.index("counts = ") if "counts = " in output else len(output)
    assert max(map(len, output[:code].splitlines())) <= 80
    for loss in losses:
        assert loss in output


def test_output_shows_means_spreads_and_the_code():
    output = printed(results_of(["ce", "focal"], 2))
    # Balanced accuracy of focal: 28 of the first 28 rows and 2 of the 12 tail rows, 75.0%; with a head row missed
    # 72.5%; mean 73.75, deviation 2.5 / sqrt(2) = 1.77.
    assert "73.8±1.8" in output
    assert "For the best balanced accuracy, focal:" in output
    assert "    criterion = xent.CrossEntropyLoss(event=xent.Event(gamma=2.0))\n" in output


def test_the_code_is_never_wrapped():
    console = Console(file=io.StringIO(), width=40)
    print_results(console, results_of(["ce", "balanced-softmax"], 2))
    line = "    criterion = xent.CrossEntropyLoss(logits=xent.LogitTransform(offset=offset))\n"
    assert line in console.file.getvalue()


def test_findings_say_that_no_loss_wins_everywhere():
    runs = []
    for seed in range(3):
        runs.append(run_with("ce", seed, [4, 4, 4, 4, 4, 4, 4, 0, 0, 0]))
        runs.append(run_with("focal", seed, [3, 3, 3, 4, 4, 4, 4, 4, 4, 4 - seed % 2]))
    first, *others = findings(Results(runs))
    assert first.startswith("No loss wins everywhere: focal leads on accuracy, balanced accuracy, tail recall")
    assert "ce leads on accuracy at prior, head recall, middle recall" in first
    assert others == []


def test_findings_say_where_a_lead_may_be_chance():
    runs = []
    for seed in range(3):
        runs.append(run_with("ce", seed, [4, 4, 4, 4, 4, 4, 4, 2, 2, 2]))
        # One tail row more, as many, and two more: mean 1, deviation 1, half width 4.3 / sqrt(3) = 2.5.
        runs.append(run_with("focal", seed, [4, 4, 4, 4, 4, 4, 4, 2, 2, 2 + (1, 0, 2)[seed]]))
    sentences = list(findings(Results(runs)))
    assert any("may be chance" in text and "tail recall" in text for text in sentences)
    assert "Not told apart from focal on balanced accuracy: ce." in sentences


def test_findings_of_one_loss_and_of_one_seed():
    sentences = list(findings(results_of(["ce"], 1)))
    assert sentences[0] == "ce has the best mean on every measure."
    assert sentences[1].startswith("One seed has no spread and no interval")


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_of_every_seed(terminal):
    settings = Settings(("ce", "focal"), seeds=2, recipe=Recipe(epochs=1))
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal)
    runs = results_of(["ce", "focal"], 2).runs
    with progress_display(console, settings) as show:
        for index, run in enumerate(runs):
            show(Progress(run, finished=index + 1, total=4, taken_up=index == 0))
    output = console.file.getvalue()
    if terminal:
        assert "4/4" in output
        assert "seed 2 of 2: focal trained" in output
    else:
        assert output == "seed 1 of 2: 2 runs finished\nseed 2 of 2: 4 runs finished\n"
