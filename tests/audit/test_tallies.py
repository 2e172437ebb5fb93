"""What is kept of a stream does not depend on batches, their order, or the processes that read them."""

import math
import pickle
import random

import numpy as np
import pytest
import torch

from xent.audit.stream import tally
from xent.audit.tally.multi_label import MultiLabelTally
from xent.audit.tally.sample import SampleTally
from xent.audit.tally.single_label import SingleLabelTally
from xent.audit.tally.sums import Sums
from xent.audit.tally.suspects import SuspectTally
from xent.predictions import Batch, open_predictions


def single_label(rows=700, classes=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator) * 3
    return Batch(logits, torch.randint(classes, (rows,), generator=generator), 0)


def multi_label(rows=300, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator) * 3
    return Batch(logits, torch.randint(2, (rows, classes), generator=generator), 0)


MAKERS = {
    "single-label": (single_label, lambda classes: SingleLabelTally(classes, "logits", suspects=40, sample=90)),
    "multi-label": (multi_label, lambda classes: MultiLabelTally(classes, "logits", suspects=40, sample=90)),
}


def cut(batch, edges):
    return [
        Batch(batch.scores[first:stop], batch.target[first:stop], batch.first + first)
        for first, stop in zip([0, *edges], [*edges, len(batch)], strict=True)
    ]


def state(total):
    """Everything that a tally says."""
    found = {name: getattr(total.classes, name) for name in dir(total.classes) if name[0] != "_"}
    found = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
    found |= {name: getattr(total.reliability, name) for name in ("rows", "true", "stated")}
    found |= total.suspects.columns() | total.sample.rows()._asdict()
    return found | {"unreadable": dict(total.unreadable)}


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        equal = torch.equal(a[name], b[name]) if isinstance(a[name], torch.Tensor) else a[name] == b[name]
        assert equal, name


@pytest.mark.parametrize("task", MAKERS)
@pytest.mark.parametrize("seed", range(6))
def test_any_split_and_any_tree_of_merges_gives_the_same_bits(task, seed):
    make_rows, make_tally = MAKERS[task]
    batch = make_rows(seed=seed)
    whole = make_tally(batch.scores.shape[1])
    whole.add(batch)
    draw = random.Random(seed)
    edges = sorted(draw.sample(range(1, len(batch)), draw.randint(1, 12)))
    parts = []
    for part in cut(batch, edges):
        parts.append(make_tally(batch.scores.shape[1]))
        parts[-1].add(part)
    draw.shuffle(parts)
    while len(parts) > 1:
        other = parts.pop(draw.randrange(len(parts)))
        # As from another process.
        parts[draw.randrange(len(parts))].merge(pickle.loads(pickle.dumps(other)))
    same(state(whole), state(parts[0]))


def test_sums_are_those_of_exact_arithmetic():
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(5000, generator=generator, dtype=torch.float64) * 10.0 ** torch.randint(-9, 4, (5000,))
    group = torch.randint(7, (5000,), generator=generator)
    sums = Sums(7)
    sums.add(group, values)
    for number in range(7):
        exact = math.fsum(values[group == number].tolist())
        # Half a unit of 2^-40 a value.
        assert abs(float(sums.value()[number]) - exact) <= 2**-41 * int((group == number).sum()) + 1e-15 * exact


def test_columns_are_summed_whatever_the_number_of_rows():
    values = torch.rand(70_000, 3, generator=torch.Generator().manual_seed(1))
    sums = Sums(3)
    sums.add_columns(values.clone())
    torch.testing.assert_close(sums.value(), values.double().sum(0), rtol=0, atol=70_000 * 2**-25)


def test_of_equal_doubts_the_first_rows_are_kept():
    def columns(numbers):
        n = len(numbers)
        ones = torch.ones(n, dtype=torch.int64)
        return {
            "number": torch.tensor(numbers), "label": ones, "predicted": ones,
            "doubt": torch.ones(n), "nll": torch.ones(n), "confidence": torch.ones(n),
        }  # fmt: skip

    late, early = SuspectTally(2), SuspectTally(2)
    late.add(**columns([7, 8]))
    early.add(**columns([3, 9, 1]))
    late.merge(early)
    assert late.columns()["number"].tolist() == [1, 3]


def test_rows_without_doubt_are_no_suspects():
    batch = Batch(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 1]), 0)
    total = SingleLabelTally(2, "logits", suspects=5, sample=5)
    total.add(batch)
    assert total.suspects.columns()["number"].tolist() == []


def test_a_sample_of_fewer_rows_is_all_of_them():
    batch = single_label(rows=50)
    sample = SampleTally(100)
    sample.add(batch.numbers, batch.scores, batch.target)
    assert torch.equal(sample.rows().scores, batch.scores)


@pytest.mark.parametrize("rows", [60, 1000])
def test_rows_of_files_of_several_dtypes_keep_their_numbers(rows):
    sample, other = SampleTally(100), SampleTally(100)
    scores = torch.arange(rows)[:, None] / 4
    number, half = torch.arange(rows), rows // 2
    sample.add(number[:half], scores[:half].half(), number[:half])
    other.add(number[half:], scores[half:], number[half:])
    sample.merge(pickle.loads(pickle.dumps(other)))
    drawn = sample.rows()
    assert drawn.scores.dtype == torch.float32
    assert len(drawn.number) == len(drawn.number.unique()) == min(rows, 100)
    assert torch.equal(drawn.scores[:, 0] * 4, drawn.number.float())
    assert torch.equal(drawn.target, drawn.number)


def test_every_row_has_the_same_chance_to_be_drawn():
    drawn = torch.zeros(1000)
    for first in range(0, 200_000, 1000):
        sample = SampleTally(100)
        number = torch.arange(first, first + 1000)
        sample.add(number, torch.zeros(1000, 1), torch.zeros(1000, dtype=torch.int64))
        drawn[sample.rows().number - first] += 1
    # Binomial(200, .1): mean 20, standard deviation 4.2; of 1000 the extremes lie within 5 of them.
    assert drawn.min() >= 20 - 21
    assert drawn.max() <= 20 + 21
    assert drawn[:500].mean() == pytest.approx(20, abs=0.6)


@pytest.mark.parametrize("task", MAKERS)
def test_several_processes_find_the_same(task, tmp_path):
    make_rows, _ = MAKERS[task]
    batch = make_rows(rows=2000)
    np.savez(tmp_path / "p.npz", logits=batch.scores.numpy(), labels=batch.target.numpy())
    predictions = open_predictions(tmp_path / "p.npz")
    told = []
    one = tally(predictions, suspects=30, processes=1)
    two = tally(predictions, suspects=30, processes=2, on_progress=told.append)
    same(state(one), state(two))
    assert [progress.rows for progress in told] == sorted(progress.rows for progress in told)
    assert told[-1] == (2000, 2000)
