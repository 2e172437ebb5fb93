"""From runs to findings: spread, paired differences, winners, and the files of them."""

import csv
import io
import json
import math

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tests.compare_support import multi_label_run, run_with, single_label_run
from xent.compare import Comparison, PairedDifference, Results, Settings, Spread
from xent.compare.export import results_csv, results_json

ALL_RIGHT = [4] * 10
TAIL_WRONG = [4] * 7 + [0, 0, 0]
TAIL_HALF = [4] * 7 + [2, 2, 2]


def test_spread_by_hand():
    # mean 4, squared deviations 4 + 0 + 4 over n-1 = 2
    assert Spread.of(np.array([2.0, 4.0, 6.0])) == Spread(4.0, 2.0)


def test_one_seed_has_no_spread():
    assert Spread.of(np.array([2.0])) == Spread(2.0, None)


def test_paired_difference_by_hand():
    # Differences 1, 2, 3: mean 2, deviation 1, error 1/sqrt(3), t(.975, 2) = 4.30265: half width 2.48414.
    difference = PairedDifference.of(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0]), True)
    assert difference.mean == 2
    assert difference.low == pytest.approx(2 - 2.48414, abs=1e-5)
    assert difference.high == pytest.approx(2 + 2.48414, abs=1e-5)
    assert (difference.better, difference.seeds) == (3, 3)
    assert not difference.told_apart


def test_paired_interval_is_that_of_the_paired_t_test():
    random = np.random.default_rng(1)
    values, others = random.normal(1, 1, 6), random.normal(0, 1, 6)
    difference = PairedDifference.of(values, others, True)
    oracle = ttest_rel(values, others).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((oracle.low, oracle.high))


@pytest.mark.parametrize(("higher_is_better", "better"), [(True, 1), (False, 2)])
def test_better_counts_seeds_without_ties(higher_is_better, better):
    # Differences +1, -1, -2, 0
    difference = PairedDifference.of(np.array([2.0, 1.0, 0.0, 5.0]), np.array([1.0, 2.0, 2.0, 5.0]), higher_is_better)
    assert difference.better == better


def test_one_seed_tells_nothing_apart():
    difference = PairedDifference.of(np.array([9.0]), np.array([1.0]), True)
    assert (difference.mean, difference.low, difference.high) == (8.0, None, None)
    assert not difference.told_apart


def test_equal_values_are_not_told_apart_and_equal_gains_are():
    level = PairedDifference.of(np.array([1.0, 2.0]), np.array([1.0, 2.0]), True)
    gain = PairedDifference.of(np.array([2.0, 3.0]), np.array([1.0, 2.0]), True)
    assert (level.low, level.high, level.told_apart) == (0, 0, False)
    assert (gain.low, gain.high, gain.told_apart) == (1, 1, True)


def test_what_rounding_brings_is_no_difference_and_small_gains_are():
    values = np.array([1.25, 0.5, 0.001])
    noise = PairedDifference.of(values * (1 + 1e-7), values, True)
    assert (noise.mean, noise.low, noise.high, noise.better) == (0, 0, 0, 0)
    gain = PairedDifference.of(values + 1e-5, values, True)
    assert gain.mean == pytest.approx(1e-5)
    assert (gain.better, gain.told_apart) == (3, True)


def test_losses_that_tie_lead_together_and_the_first_is_the_winner():
    # Both find 5 of the 24 tail rows in two seeds, one 3 and 2, the other 2 and 3; plain cross entropy finds 4.
    runs = []
    for seed, (one, two) in enumerate(((3, 2), (2, 3))):
        runs.append(run_with("ce", seed, [4] * 7 + [0, 0, 2]))
        runs.append(run_with("focal", seed, [4] * 7 + [0, 0, one]))
        runs.append(run_with("poly1", seed, [4] * 7 + [0, two, 0]))
    results = Results(runs)
    assert results.leaders("recall_tail") == ("focal", "poly1")
    assert results.best("recall_tail") == "focal"
    winner = results.winners["recall_tail"]
    assert (winner.loss, winner.tied) == ("focal", ("poly1",))
    assert results.leaders("recall_head") == ("ce", "focal", "poly1")
    assert results.winners["recall_head"].against_baseline is None
    winners = json.loads(results_json(Comparison(Settings(seeds=2)), results))["winners"]
    assert winners["recall_tail"]["tied"] == ["poly1"]


def test_a_mean_that_is_the_least_leads_where_less_is_better():
    runs = [run_with("ce", 0, ALL_RIGHT), run_with("focal", 0, TAIL_WRONG), run_with("poly1", 0, ALL_RIGHT)]
    assert Results(runs).leaders("nll") == ("ce", "poly1")


@pytest.fixture
def results():
    """Focal finds the tail, class-balanced half of it; ce is the only one that never takes 4 for 3."""
    runs = []
    for seed in range(3):
        runs.append(run_with("ce", seed, TAIL_WRONG, seconds=3e-4))
        runs.append(run_with("class-balanced", seed, [4, 4, 4, 3 - seed % 2, 4, 4, 4, 2, 2, 2]))
        runs.append(run_with("focal", seed, [4, 4, 3, 4, 4, 4, 4, 4, 4, 4 - seed % 2]))
    return Results(runs)


def test_winners(results):
    winners = results.winners
    assert {key: winner.loss for key, winner in winners.items()} == {
        "accuracy": "focal",
        "accuracy_at_training_prior": "ce",
        "balanced_accuracy": "focal",
        "recall_head": "ce",
        "recall_middle": "ce",
        "recall_tail": "focal",
        "nll": "focal",
        "calibration_error": winners["calibration_error"].loss,
    }
    assert winners["recall_head"].against_baseline is None
    # Of equal head recall with ce in every seed.
    assert winners["recall_head"].not_told_apart == ("class-balanced",)
    tail = winners["recall_tail"].against_baseline
    # 12, 11, 12 of 12 rows against none
    assert tail.mean == pytest.approx((1 + 11 / 12 + 1) / 3)
    assert tail.better == 3


def test_nobody_wins_on_time(results):
    assert "seconds_per_step" not in results.winners


def test_values_by_class_have_a_row_a_seed(results):
    assert results.by_class_from_head("focal").shape == (3, 10)
    assert results.by_class_from_head("focal")[1].tolist() == [1, 1, 0.75, 1, 1, 1, 1, 1, 1, 0.75]


def test_csv_has_a_row_a_run(results):
    rows = list(csv.DictReader(io.StringIO(results_csv(results))))
    assert [(row["loss"], int(row["seed"])) for row in rows] == [(run.loss, run.seed) for run in results.runs]
    for row, run in zip(rows, results.runs, strict=True):
        assert {key: float(row[key]) for key in results.measures} == run.measures
        assert float(row["recall_class_9"]) == run.by_class[9]


def test_json_holds_settings_versions_runs_and_findings(results):
    content = json.loads(results_json(Comparison(Settings(seeds=3)), results))
    assert content["settings"]["imbalance"] == 100
    assert "torch version" in content["settings"]
    assert content["settings"]["epochs"] == 60
    assert content["task"] == "single-label"
    assert content["classes"][0] == "class 0"
    assert len(content["runs"]) == 9
    assert content["runs"][0]["shares"]["loss"] == {"before": [0.1] * 10, "after": [0.1] * 10}
    assert "thresholds" not in content["runs"][0]
    assert content["losses"]["focal"]["code"].startswith("criterion = xent.")
    tail = content["losses"]["focal"]["measures"]["recall_tail"]
    values = [1, 11 / 12, 1]
    assert tail == pytest.approx({"mean": sum(values) / 3, "deviation": math.sqrt(1 / 12**2 * 2 / 3 / 2)})
    assert content["winners"]["recall_tail"]["loss"] == "focal"


def test_json_of_one_seed_has_null_and_no_nan():
    one = Results([run_with("ce", 0, ALL_RIGHT), run_with("focal", 0, TAIL_HALF)])
    content = json.loads(results_json(Comparison(Settings(seeds=1)), one))
    assert content["losses"]["focal"]["measures"]["accuracy"] == {"mean": 34 / 40, "deviation": None}
    assert content["losses"]["focal"]["against_ce"]["accuracy"]["low"] is None


def test_a_measure_that_a_run_lacks_is_left_out():
    # In the second seed no row of the middle class is tested.
    runs = [
        single_label_run("ce", np.eye(3), [0, 1, 2], [4, 2, 1], seed=0),
        single_label_run("ce", np.eye(3), [0, 0, 2], [4, 2, 1], seed=1),
    ]
    results = Results(runs)
    assert "recall_middle" in runs[0].measures
    assert "recall_middle" not in results.measures
    assert "recall_middle" not in results.winners
    content = json.loads(results_json(Comparison(Settings(seeds=2)), results))
    assert content["runs"][1]["recall"] == [0.5, None, 1]
    assert content["losses"]["ce"]["recall_head_to_tail"] == [0.75, 1, 1]
    assert results_csv(results).splitlines()[2].endswith(",0.5,,1.0")


def test_results_of_indicators_go_by_their_own_baseline_and_measures():
    runs = [
        run
        for seed in range(3)
        for run in (multi_label_run("bce", seed, noise=3.0), multi_label_run("asl", seed, shift=1.5))
    ]
    results = Results(runs)
    assert (results.task, results.baseline, results.main.key) == ("multi-label", "bce", "mean_average_precision")
    assert results.class_names == ("membrane", "nucleus")
    assert results.winners["mean_average_precision"].loss == "asl"
    content = json.loads(results_json(Comparison(Settings(seeds=3)), results))
    assert content["losses"]["asl"]["against_bce"]["f1_macro"]["seeds"] == 3
    assert content["losses"]["asl"]["average_precision_head_to_tail"] == [1, 1]
    assert content["runs"][1]["thresholds"] == [-1.5, -1.5]
    header = results_csv(results).splitlines()[0]
    assert header.startswith("loss,seed,mean_average_precision,f1_macro,f1_macro_tuned,f1_micro,nll,")
    assert header.endswith("average_precision_class_0,average_precision_class_1")
