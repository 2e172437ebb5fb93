"""What people see: the plot is drawn, the tables fit, and the sentences say what the numbers say."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from tests.compare_support import multi_label_run, run_with, single_label_run
from xent.compare import (
    CANDIDATES,
    Comparison,
    Measure,
    PairedDifference,
    Progress,
    Recipe,
    Results,
    Settings,
)
from xent.report import numbers
from xent.report.plot import by_class_figure, write_plot
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
    print_results(console, results, "Data: by hand.")
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("losses", "panels"),
    [
        (["ce"], ["ce"]),
        (["ce", "focal"], ["focal"]),
        (["ce", "inverse-frequency", "focal", "balanced-softmax", "post-hoc-adjustment"], None),
    ],
)
@pytest.mark.parametrize("seeds", [1, 3])
def test_plot_has_a_panel_a_loss(losses, panels, seeds):
    figure = by_class_figure(results_of(losses, seeds))
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
    assert titles == (panels or losses[1:])


def test_plot_draws_the_mean_recalls():
    results = results_of(["ce", "focal"], 2)
    baseline, focal = by_class_figure(results).axes[0].get_lines()
    np.testing.assert_allclose(baseline.get_ydata(), [0.875, 1, 1, 1, 1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(focal.get_ydata(), [0.875, 1, 1, 1, 1, 1, 1, 0.25, 0.25, 0])
    assert [label.get_text() for label in by_class_figure(results).axes[0].get_xticklabels()] == (
        ["100", "60", "36", "22", "13", "8", "5", "3", "2", "1"]
    )


def test_plot_files_are_images_with_something_on_them(tmp_path):
    write_plot(results_of(["ce", "focal", "balanced-softmax"], 2), tmp_path)
    png = tmp_path / "recall.png"
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = imread(png)[..., :3]
    assert min(pixels.shape[:2]) > 300
    # The colours of the two losses, 0072B2 and D55E00, and not a page of white.
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert (np.abs(pixels - np.array(colour) / 255).max(axis=-1) < 0.02).sum() > 500
    assert (tmp_path / "recall.svg").read_text(encoding="utf-8").count("<path") > 20


@pytest.mark.parametrize("others", [["post-hoc-adjustment"], ["cosine-balanced-softmax"]])
def test_tables_fit_80_columns_and_cut_nothing_off(others):
    losses = ["ce", "inverse-frequency", "label-smoothing", "focal", "balanced-softmax", *others]
    output = printed(results_of(losses, 3))
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
    assert "    criterion = xent.FocalLoss()\n" in output


def test_the_code_is_never_wrapped():
    console = Console(file=io.StringIO(), width=40)
    print_results(console, results_of(["ce", "balanced-softmax"], 2), "")
    assert f"    {CANDIDATES['balanced-softmax'].code.splitlines()[0]}\n" in console.file.getvalue()


def test_findings_say_that_no_loss_wins_everywhere():
    runs = []
    for seed in range(3):
        runs.append(run_with("ce", seed, [4, 4, 4, 4, 4, 4, 4, 0, 0, 0]))
        runs.append(run_with("focal", seed, [3, 3, 3, 4, 4, 4, 4, 4, 4, 4 - seed % 2]))
    first, *others = findings(Results(runs))
    assert first.startswith("No loss wins everywhere: focal leads on accuracy, balanced accuracy, tail recall")
    assert "; ce leads on accuracy at prior, head recall, calibration error; " in first
    # Both find all of the middle.
    assert first.endswith("; all losses tie on middle recall.")
    assert others == []


def rounded(loss, seed, right, factor):
    """A run whose logits are ``factor`` times those of ``run_with``: rounded in another place."""
    run = run_with(loss, seed, right)
    return replace(run, logits=run.logits * np.float32(factor))


def test_losses_that_come_to_the_same_tie_and_rounding_is_not_shown():
    right = [4, 4, 4, 4, 4, 3, 3, 2, 1, 0]
    # One and three steps of float32 above and below 1.
    runs = [
        run
        for seed in range(3)
        for run in (
            run_with("ce", seed, right),
            rounded("inverse-frequency", seed, right, 1 + 2.0**-23),
            rounded("balanced-softmax", seed, right, 1 - 3 * 2.0**-24),
        )
    ]
    results = Results(runs)
    assert len({float(run.measures["nll"]) for run in runs}) == 3
    assert list(findings(results)) == ["All losses tie on every measure."]
    output = printed(results)
    assert "-0.0" not in output
    assert output.count("all tie") == len(results.winners)
    assert "For the best balanced accuracy, ce, the first of those that tie:" in output


def test_a_tie_of_some_is_no_lead_and_is_shown():
    runs = []
    for seed in range(2):
        runs.append(run_with("ce", seed, [1] * 7 + [0, 0, 2]))
        runs.append(run_with("focal", seed, [1] * 7 + [0, 0, 3]))
        runs.append(run_with("poly1", seed, [1] * 7 + [0, 0, 3]))
    results = Results(runs)
    first, *others = findings(results)
    assert first.startswith("No loss is ahead of focal anywhere: focal and poly1 tie on accuracy, ")
    assert first.endswith("; all losses tie on head recall, middle recall.")
    # What ties is not said again as what cannot be told apart.
    assert others == []
    assert "focal (tie of 2)" in printed(results)


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("fraction", -0.0004, "+0.0"),
        ("fraction", -0.0006, "-0.1"),
        ("nats", -0.004, "+0.00"),
        ("nats", 0.004, "+0.00"),
        ("seconds", -4e-7, "+0"),
    ],
)
def test_no_number_is_a_negative_zero(unit, value, shown):
    measure = Measure("key", "title", unit, True, "meaning")
    difference = PairedDifference(value, value, value, better=0, seeds=2)
    assert numbers.difference(measure, difference) == shown
    assert numbers.interval(measure, difference) == f"{shown} to {shown}"


def test_one_is_singular():
    assert [numbers.counted(count, "run") for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


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
    comparison = Comparison(Settings(("ce", "focal"), seeds=2, recipe=Recipe(epochs=1)))
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal)
    runs = results_of(["ce", "focal"], 2).runs
    with progress_display(console, comparison) as show:
        for index, run in enumerate(runs):
            show(Progress(run, finished=index + 1, total=4, taken_up=index == 0))
    output = console.file.getvalue()
    if terminal:
        assert "4/4" in output
        assert "seed 2 of 2: focal trained" in output
    else:
        assert output == "seed 1 of 2: 2 runs finished\nseed 2 of 2: 4 runs finished\n"


def multi_label_results(asl_noise=0.0, seeds=3):
    """Plain bce too low by 3 in all its logits, and asl that only puts them right (unless there is noise)."""
    return Results(
        [
            run
            for seed in range(seeds)
            for run in (
                multi_label_run("bce", seed, shift=3.0),
                multi_label_run("asl", seed, shift=0.0, noise=asl_noise * (1 + seed)),
            )
        ]
    )


def test_what_is_only_a_shift_of_the_threshold_is_said():
    (sentence,) = (text for text in findings(multi_label_results()) if "threshold" in text)
    assert sentence == (
        "Only a shift of the threshold, for the rows are ranked no better: asl (macro F1 at .5 +100.0, mAP +0.0). "
        "Moving the thresholds of plain bce instead takes its macro F1 from 0.0±0.0 to 100.0±0.0."
    )


def test_a_better_ranking_is_no_shift_of_the_threshold():
    runs = []
    for seed in range(8):
        runs.append(multi_label_run("bce", seed, shift=3.0, noise=8.0))
        runs.append(multi_label_run("asl", seed))
    results = Results(runs)
    assert results.difference("asl", "bce", "mean_average_precision").told_apart
    assert not any("threshold" in text for text in findings(results))


def test_one_seed_says_nothing_of_thresholds():
    assert not any("threshold" in text for text in findings(multi_label_results(seeds=1)))


def test_output_and_plot_of_indicators(tmp_path):
    results = multi_label_results()
    output = printed(results)
    assert max(map(len, output.splitlines())) <= 80
    assert "Data: by hand. Every number" in output
    assert "Of 60 training rows the classes have, head to tail: 40 20." in " ".join(output.split())
    assert "over the plain loss (bce)" in output
    figure = by_class_figure(results)
    assert figure.axes[0].get_title(loc="right") == "mAP 100.0±0.0%"
    write_plot(results, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["average_precision.png", "average_precision.svg"]


def test_legend_says_how_the_test_rows_lie_and_what_the_groups_are():
    balanced = " ".join(printed(results_of(["ce"], 1)).split())
    assert "40 test rows with the classes in balance." in balanced
    assert "the three most frequent and the three rarest classes" in balanced
    # Class 1 is never tested.
    few = single_label_run("ce", np.eye(3)[[0, 1, 2, 0]], [0, 0, 2, 0], [8, 5, 2])
    imbalanced = " ".join(printed(Results([few])).split())
    assert "4 test rows with the classes as they come." in imbalanced
    assert "a third of the 3 classes each, at least one: here 1." in imbalanced
    assert "Classes without test rows, which have no part in mean recalls: 1." in imbalanced


def test_plot_of_many_classes_names_some_of_them_and_has_a_gap_for_what_is_not_tested():
    counts = np.arange(100, 0, -1)
    tested = np.arange(1, 100)
    results = Results([single_label_run("ce", np.eye(100)[tested], tested, counts)])
    (axes,) = by_class_figure(results).axes
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert shown[:3] == ["100", "96", "92"]
    drawn = axes.get_lines()[0].get_ydata()
    assert np.isnan(drawn[0])
    assert drawn[1:].tolist() == [1] * 99
    assert "100 to 1, half of them above 50" in " ".join(printed(results).split())
