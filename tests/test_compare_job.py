"""The comparison itself: deterministic, paired, and able to go on after an interruption."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.compare_support import table_of, write_csv
from xent.compare import CANDIDATES, Comparison, InputError, Recipe, Results, Settings, Source, compare, job
from xent.compare.comparison import counted
from xent.compare.data import split
from xent.compare.data.digits import digits
from xent.compare.models import build_model
from xent.compare.recipe import recipe_for
from xent.compare.shares import shares_now
from xent.compare.store import Store
from xent.compare.train import one_thread, train
from xent.jobs import write_atomically

LOSSES = ("ce", "balanced-softmax", "post-hoc-adjustment")
SETTINGS = Settings(LOSSES, seeds=2, recipe=Recipe(epochs=1))


def ignore(progress):
    """Hear of a run, and do nothing."""


def assert_same(runs, others):
    """The same predictions to the last bit; the times differ."""
    assert [(run.loss, run.seed) for run in runs] == [(run.loss, run.seed) for run in others]
    for run, other in zip(runs, others, strict=True):
        for name in ("logits", "target", "counts", "training_rows", "class_names"):
            np.testing.assert_array_equal(getattr(run, name), getattr(other, name))
        np.testing.assert_array_equal(run.shares.loss, other.shares.loss)
        np.testing.assert_array_equal(run.shares.gradient, other.shares.gradient)


@pytest.fixture
def trainings(monkeypatch):
    """The seeds of the trainings that take place, in their order."""
    seeds = []

    def counting(model, criterion, split, recipe, seed):
        seeds.append(seed)
        return train(model, criterion, split, recipe, seed)

    monkeypatch.setattr(job, "train", counting)
    return seeds


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The runs of one comparison that nothing interrupted."""
    return compare(SETTINGS, tmp_path_factory.mktemp("finished"), ignore)


def test_runs_come_seed_by_seed_with_plain_cross_entropy_first(finished):
    assert [(run.seed, run.loss) for run in finished] == [(seed, loss) for seed in range(2) for loss in LOSSES]


def test_a_comparison_is_deterministic(finished, tmp_path):
    assert_same(compare(SETTINGS, tmp_path, ignore), finished)


def test_a_run_does_not_depend_on_the_other_losses(finished, tmp_path):
    alone = compare(Settings(("ce",), seeds=1, recipe=Recipe(epochs=1)), tmp_path, ignore)
    assert_same(alone, finished[:1])


def test_seeds_differ_and_losses_differ(finished):
    ce, balanced, _, other_seed, *_ = finished
    assert not np.array_equal(ce.logits, balanced.logits)
    assert not np.array_equal(ce.target, other_seed.target)


def test_adjustment_after_training_uses_the_run_of_plain_cross_entropy(finished, trainings, tmp_path):
    ce, _, adjusted = finished[:3]
    log_prior = np.log(ce.counts / ce.counts.sum())
    np.testing.assert_allclose(adjusted.logits, ce.logits - log_prior, rtol=1e-6, atol=1e-6)
    compare(SETTINGS, tmp_path, ignore)
    assert trainings == [0, 0, 1, 1]


def test_losses_are_paired_in_data_and_initial_weights(monkeypatch, tmp_path):
    seen = []

    def record(model, _criterion, rows, _recipe, seed):
        seen.append((seed, rows, [parameter.clone() for parameter in model.parameters()]))
        return 0.0

    monkeypatch.setattr(job, "train", record)
    compare(SETTINGS, tmp_path, ignore)
    assert [seed for seed, *_ in seen] == [0, 0, 1, 1]
    for (_, rows, weights), (_, other_rows, other_weights) in (seen[:2], seen[2:]):
        assert rows is other_rows
        assert all(map(torch.equal, weights, other_weights))
    assert not torch.equal(seen[0][2][0], seen[2][2][0])


def test_losses_are_paired_in_their_batches():
    rows = split(digits(), 0, imbalance=100)
    batches = {"ce": [], "focal": []}
    for loss, seen in batches.items():
        criterion = CANDIDATES[loss].criterion(counted(rows), 2)
        criterion.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[1]))
        train(build_model("mlp", 64, 10, seed=0), criterion, rows, Recipe(epochs=2), seed=5)
    # 250 rows in batches of 32: 8 a pass, the last of 26; every row once a pass, in another order each time.
    assert [len(labels) for labels in batches["ce"]] == 2 * [32, 32, 32, 32, 32, 32, 32, 26]
    assert all(map(torch.equal, batches["ce"], batches["focal"]))
    first, second = torch.cat(batches["ce"][:8]), torch.cat(batches["ce"][8:])
    assert not torch.equal(first, second)
    assert torch.equal(first.sort().values, second.sort().values)


def test_threads_are_put_back(monkeypatch):
    used = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    with pytest.raises(RuntimeError, match="stop"), one_thread():
        raise RuntimeError("stop")
    assert used == [1, 7]


@pytest.mark.parametrize("heard", [1, 2, 4])
def test_an_interrupted_comparison_goes_on_where_it_was(finished, trainings, tmp_path, heard):
    def interrupt(progress):
        if progress.finished == heard:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(SETTINGS, tmp_path, interrupt)
    assert len(list(tmp_path.glob("runs/*.npz"))) == heard
    told = []
    assert_same(compare(SETTINGS, tmp_path, told.append), finished)
    assert [progress.taken_up for progress in told] == [True] * heard + [False] * (6 - heard)
    assert [progress.finished for progress in told] == list(range(1, 7))
    assert {progress.total for progress in told} == {6}
    # Four trainings in all: none twice.
    assert trainings == [0, 0, 1, 1]


def test_an_interrupted_training_is_trained_again(finished, monkeypatch, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compare(SETTINGS, tmp_path, ignore)
    assert list(tmp_path.glob("runs/*")) == []
    assert_same(compare(SETTINGS, tmp_path, ignore), finished)


def test_more_losses_and_seeds_take_up_what_is_there(trainings, tmp_path):
    recipe = Recipe(epochs=1)
    compare(Settings(("ce",), seeds=1, recipe=recipe), tmp_path, ignore)
    compare(Settings(("ce", "focal"), seeds=2, recipe=recipe), tmp_path, ignore)
    assert trainings == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"epochs": 3}, "holds runs with epochs 1, and now epochs is 3: choose another"),
        ({"imbalance": 20}, "runs with imbalance 100.0, and now imbalance is 20"),
        ({"recipe": Recipe(epochs=1, batch_size=16)}, "runs with batch_size 32, and now batch_size is 16"),
        ({"model": "linear"}, "runs with model mlp, and now model is linear"),
    ],
)
def test_runs_of_other_settings_are_never_taken_up(trainings, tmp_path, other, message):
    settings = Settings(("ce",), seeds=1, recipe=Recipe(epochs=1))
    compare(settings, tmp_path, ignore)
    with pytest.raises(InputError, match=message):
        compare(replace(settings, **other), tmp_path, ignore)
    assert trainings == [0]


def test_a_run_under_another_name_is_refused(tmp_path):
    settings = Settings(("focal",), seeds=1, recipe=Recipe(epochs=1))
    compare(settings, tmp_path, ignore)
    (tmp_path / "runs/focal-seed0.npz").rename(tmp_path / "runs/class-balanced-seed0.npz")
    with pytest.raises(InputError, match=r"class-balanced-seed0.npz is not the run that its name says: delete it"):
        compare(Settings(("class-balanced",), seeds=1, recipe=Recipe(epochs=1)), tmp_path, ignore)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_run_is_refused(tmp_path, content):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/ce-seed0.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"ce-seed0.npz is not a run of xent compare: choose another directory"):
        compare(SETTINGS, tmp_path, ignore)


def test_nothing_is_made_for_settings_that_the_data_cannot_meet(tmp_path):
    with pytest.raises(InputError, match="give at most 104"):
        compare(Settings(imbalance=500), tmp_path / "out", ignore)
    assert not (tmp_path / "out").exists()


def test_a_store_gives_back_what_it_was_given(finished, tmp_path):
    store = Store(tmp_path, Comparison(SETTINGS).common())
    assert store.load(CANDIDATES["ce"], 0) is None
    store.save(CANDIDATES["ce"], finished[0])
    loaded = store.load(CANDIDATES["ce"], 0)
    assert_same([loaded], [finished[0]])
    assert loaded.seconds_per_step == finished[0].seconds_per_step
    assert loaded.measures == finished[0].measures


def test_predictions_are_plain_arrays(finished, tmp_path):
    store = Store(tmp_path, Comparison(SETTINGS).common())
    store.save(CANDIDATES["ce"], finished[0])
    with np.load(store.path("ce", 0), allow_pickle=False) as stored:
        assert stored["logits"].shape == (719, 10)
        assert stored["target"].shape == (719,)
        assert stored["class_names"].tolist() == [str(digit) for digit in range(10)]
        assert stored["gradient_shares"].shape == stored["loss_shares"].shape == (2, 10)
        assert "thresholds" not in stored
        assert stored["counts"].tolist() == [100, 60, 36, 22, 13, 8, 5, 3, 2, 1]


def test_a_failed_write_leaves_what_was_there(monkeypatch, tmp_path):
    path = tmp_path / "results.json"
    write_atomically(path, b"whole")

    def disk_full(self, content):
        with self.open("wb") as file:
            file.write(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", disk_full)
    with pytest.raises(InputError, match=r"cannot write .*results.json: No space left on device"):
        write_atomically(path, b"changed")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_what_was_there(monkeypatch, tmp_path):
    path = tmp_path / "results.json"
    write_atomically(path, b"whole")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"changed")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_balanced_softmax_finds_more_of_the_tail_than_plain_cross_entropy(tmp_path):
    settings = Settings(("ce", "balanced-softmax"), seeds=2, epochs=30)
    results = Results(compare(settings, tmp_path, ignore))
    for measure in ("recall_tail", "balanced_accuracy"):
        assert (results.values("balanced-softmax", measure) > results.values("ce", measure)).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
        ({"seeds": -3}, "seeds must be at least 1, got -3"),
        ({"recipe": Recipe(epochs=0)}, "epochs must be at least 1, got 0"),
        ({"imbalance": 0.5}, "imbalance must be a number of at least 1, got 0.5"),
        ({"imbalance": float("nan")}, "imbalance must be a number of at least 1, got nan"),
        ({"imbalance": float("inf")}, "imbalance must be a number of at least 1, got inf"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"losses": ("huber",)}, "losses: 'huber' is unknown"),
        ({"model": "transformer"}, "model: 'transformer' is unknown"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Settings(**settings)


@pytest.fixture
def rows(tmp_path):
    """A csv of 60 rows."""
    return str(write_csv(tmp_path / "rows.csv", table_of(60)))


def test_a_file_of_labels(rows, tmp_path):
    source = Source(rows, target=("kind",), drop=("big",))
    settings = Settings(("all",), seeds=1, epochs=1, source=source)
    runs = compare(settings, tmp_path / "out", ignore)
    assert [run.loss for run in runs] == [name for name, one in CANDIDATES.items() if one.task == "single-label"]
    for run in runs:
        assert run.class_names == ("a", "b")
        # 20 and 40 rows, of which 40% are tested.
        assert run.counts.tolist() == [12, 24]
        assert run.training_rows == 36
        assert np.bincount(run.target).tolist() == [8, 16]
        assert np.isfinite(run.logits).all()
        np.testing.assert_allclose(run.shares.loss.sum(axis=1), 1)
        np.testing.assert_allclose(run.shares.gradient.sum(axis=1), 1)


def test_a_file_of_indicators(rows, tmp_path):
    source = Source(rows, target=("big", "odd"), drop=("kind",))
    settings = Settings(("all",), seeds=1, epochs=1, source=source)
    runs = compare(settings, tmp_path / "out", ignore)
    assert [run.loss for run in runs] == [name for name, one in CANDIDATES.items() if one.task == "multi-label"]
    for run in runs:
        assert run.task == "multi-label"
        assert run.target.shape == run.logits.shape == (24, 2)
        assert run.thresholds.shape == (2,)
        np.testing.assert_allclose(run.shares.gradient.sum(axis=1), 1)
        # The loss of a row of zlpr is no sum over its classes.
        assert np.isnan(run.shares.loss).all() == (run.loss == "zlpr")
    taken_up = compare(settings, tmp_path / "out", ignore)
    assert_same(taken_up, runs)
    assert [run.thresholds.tolist() for run in taken_up] == [run.thresholds.tolist() for run in runs]


def test_shares_by_hand():
    # A linear model of zeros: every probability is 1/10, so that all rows have the same loss and the same gradient.
    rows = split(digits(), 0, imbalance=100)
    model = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    plain = shares_now(model, CANDIDATES["ce"].criterion(counted(rows), 1), rows)
    np.testing.assert_allclose(plain.loss[0], rows.counts / 250)
    np.testing.assert_allclose(plain.gradient[0], rows.counts / 250, rtol=1e-6)
    # Weights 1/n make the classes equal.
    weighted = shares_now(model, CANDIDATES["inverse-frequency"].criterion(counted(rows), 1), rows)
    np.testing.assert_allclose(weighted.loss[0], 1 / 10, rtol=1e-6)
    np.testing.assert_allclose(weighted.gradient[0], 1 / 10, rtol=1e-6)


def test_looking_at_shares_changes_nothing():
    rows = split(digits(), 0, imbalance=100)
    model = build_model("mlp", 64, 10, seed=0)
    before = [parameter.clone() for parameter in model.parameters()]
    seesaw = CANDIDATES["seesaw"].criterion(counted(rows), 1)
    shares_now(model, seesaw, rows)
    assert seesaw.reduction == "mean"
    assert torch.equal(seesaw.counts, rows.counts)
    assert all(map(torch.equal, model.parameters(), before))
    assert all(parameter.grad is None for parameter in model.parameters())


def test_deferred_weights_are_in_force_at_the_end(tmp_path):
    settings = Settings(("ce", "deferred-reweighting"), seeds=1, epochs=5)
    plain, deferred = compare(settings, tmp_path, ignore)
    np.testing.assert_array_equal(plain.shares.loss[0], deferred.shares.loss[0])
    assert not np.array_equal(plain.logits, deferred.logits)
    tail = slice(-3, None)
    assert deferred.shares.loss[1, tail].sum() > plain.shares.loss[1, tail].sum()


def test_a_model_of_ones_own_is_trained_reproducibly(tmp_path, monkeypatch):
    (tmp_path / "xent_test_dropout.py").write_text(
        "from torch import nn\n\n"
        "def model(features, classes):\n"
        "    return nn.Sequential(nn.Linear(features, 8), nn.Dropout(), nn.Linear(8, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(("ce", "ldam"), seeds=1, epochs=1, model="xent_test_dropout:model")
    first, again = (compare(settings, tmp_path / name, ignore) for name in ("first", "again"))
    assert_same(first, again)
    # Logits are those of the cosines, times 30; dropout is off.
    assert np.abs(first[1].logits).max() <= 30
    assert Comparison(settings).common()["architecture"].count("Dropout") == 1


def test_the_recipe_suits_the_number_of_rows():
    assert recipe_for(250) == Recipe() == Comparison(Settings(seeds=1)).recipe
    recipes = [recipe_for(rows) for rows in (250, 1_450, 15_000, 1_000_000)]
    assert [recipe.epochs for recipe in recipes] == sorted({recipe.epochs for recipe in recipes}, reverse=True)
    assert Comparison(Settings(seeds=1, epochs=7)).recipe == Recipe(epochs=7)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (("kind",), "imbalance: the classes of rows.csv come 20 to 40 times, which is no balance to thin"),
        (("big", "odd"), "imbalance: a row of rows.csv may have several classes, so that none can be thinned alone"),
    ],
)
def test_only_balanced_labels_are_thinned(rows, tmp_path, target, message):
    settings = Settings(imbalance=10, seeds=1, source=Source(rows, target=target, drop=("big",) * (len(target) == 1)))
    with pytest.raises(InputError, match=message):
        compare(settings, tmp_path / "out", ignore)
    assert not (tmp_path / "out").exists()


def test_balanced_labels_of_a_file_can_be_thinned(rows):
    settings = Settings(imbalance=4, seeds=1, source=Source(rows, target=("odd",), drop=("kind",)))
    # 30 rows of each, 18 of them to train on: 16 to 4.
    assert Comparison(settings).split(0).counts.tolist() == [16, 4]
