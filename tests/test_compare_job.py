"""The comparison itself: deterministic, paired, and able to go on after an interruption."""

import numpy as np
import pytest
import torch

from xent.compare import CANDIDATES, InputError, Recipe, Results, Settings, compare, job
from xent.compare.data import split
from xent.compare.data.digits import digits
from xent.compare.model import build_model
from xent.compare.store import Store
from xent.compare.train import one_thread, train
from xent.jobs import write_atomically

LOSSES = ("ce", "balanced-softmax", "post-hoc-adjustment")
SETTINGS = Settings(LOSSES, seeds=2, recipe=Recipe(epochs=2))


def ignore(progress):
    """Hear of a run, and do nothing."""


def assert_same(runs, others):
    """The same predictions to the last bit; the times differ."""
    assert [(run.loss, run.seed) for run in runs] == [(run.loss, run.seed) for run in others]
    for run, other in zip(runs, others, strict=True):
        for name in ("logits", "labels", "counts"):
            np.testing.assert_array_equal(getattr(run, name), getattr(other, name))


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
    alone = compare(Settings(("ce",), seeds=1, recipe=Recipe(epochs=2)), tmp_path, ignore)
    assert_same(alone, finished[:1])


def test_seeds_differ_and_losses_differ(finished):
    ce, balanced, _, other_seed, *_ = finished
    assert not np.array_equal(ce.logits, balanced.logits)
    assert not np.array_equal(ce.labels, other_seed.labels)


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
        criterion = CANDIDATES[loss].criterion(rows.counts)
        criterion.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[1]))
        train(build_model(64, 10, seed=0), criterion, rows, Recipe(epochs=2), seed=5)
    # 250 rows in batches of 32: 8 a pass, the last of 26; every row once a pass, in another order each time.
    assert [len(labels) for labels in batches["ce"]] == 2 * [32, 32, 32, 32, 32, 32, 32, 26]
    assert all(map(torch.equal, batches["ce"], batches["focal"]))
    first, second = torch.cat(batches["ce"][:8]), torch.cat(batches["ce"][8:])
    assert not torch.equal(first, second)
    assert torch.equal(first.sort().values, second.sort().values)


def test_building_a_model_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    build_model(64, 10, seed=0)
    assert torch.equal(torch.get_rng_state(), state)


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
    recipe = Recipe(epochs=2)
    compare(Settings(("ce",), seeds=1, recipe=recipe), tmp_path, ignore)
    compare(Settings(("ce", "focal"), seeds=2, recipe=recipe), tmp_path, ignore)
    assert trainings == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Settings(LOSSES, recipe=Recipe(epochs=3)), "holds runs with epochs 2, and now epochs is 3: choose another"),
        (Settings(LOSSES, imbalance=20, recipe=Recipe(epochs=2)), "runs with imbalance 100.0, and now imbalance is 20"),
        (Settings(LOSSES, recipe=Recipe(epochs=2, batch_size=16)), "runs with batch_size 32, and now batch_size is 16"),
    ],
)
def test_runs_of_other_settings_are_never_taken_up(trainings, tmp_path, other, message):
    compare(Settings(("ce",), seeds=1, recipe=Recipe(epochs=2)), tmp_path, ignore)
    with pytest.raises(InputError, match=message):
        compare(other, tmp_path, ignore)
    assert trainings == [0]


def test_a_run_under_another_name_is_refused(tmp_path):
    settings = Settings(("focal",), seeds=1, recipe=Recipe(epochs=1))
    compare(settings, tmp_path, ignore)
    (tmp_path / "runs/focal-seed0.npz").rename(tmp_path / "runs/weighted-seed0.npz")
    with pytest.raises(InputError, match=r"weighted-seed0.npz is not the run that its name says: delete it"):
        compare(Settings(("weighted",), seeds=1, recipe=Recipe(epochs=1)), tmp_path, ignore)


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
    store = Store(tmp_path, SETTINGS.common())
    assert store.load(CANDIDATES["ce"], 0) is None
    store.save(CANDIDATES["ce"], finished[0])
    loaded = store.load(CANDIDATES["ce"], 0)
    assert_same([loaded], [finished[0]])
    assert loaded.seconds_per_step == finished[0].seconds_per_step
    assert loaded.measures == finished[0].measures


def test_predictions_are_plain_arrays(finished, tmp_path):
    store = Store(tmp_path, SETTINGS.common())
    store.save(CANDIDATES["ce"], finished[0])
    with np.load(store.path("ce", 0), allow_pickle=False) as stored:
        assert stored["logits"].shape == (719, 10)
        assert stored["labels"].shape == (719,)
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
    settings = Settings(("ce", "balanced-softmax"), seeds=2, recipe=Recipe(epochs=30))
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
        ({"losses": ("huber",)}, "losses: 'huber' is unknown"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Settings(**settings)
