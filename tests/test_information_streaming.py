"""The accumulators: the same bits in any batches, order and tree of merges, and what they estimate."""

import copy
import functools
import itertools
import math
import pickle
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from xent.information import EntropyAccumulator, MeanAccumulator, cross_entropy, entropy, mutual_information

# Sums of these depend on their order in floating point, down to the first digit.
awkward = st.one_of(
    st.floats(-1e308, 1e308), st.floats(-1, 1), st.sampled_from([1e300, -1e300, 1e-300, 5e-324, -5e-324, 1.0, 0.0])
)


@st.composite
def partitions(draw, elements):
    """A list of values, and the same values shuffled and cut into batches."""
    values = draw(st.lists(elements, min_size=1, max_size=40))
    shuffled = draw(st.permutations(values))
    cuts = sorted(draw(st.lists(st.integers(0, len(values)), max_size=6)))
    edges = [0, *cuts, len(values)]
    return values, [shuffled[a:b] for a, b in itertools.pairwise(edges)]


def merged_as_tree(parts):
    """The parts merged in pairs, then the pairs in pairs, and so on."""
    parts = [copy.deepcopy(part) for part in parts]
    while len(parts) > 1:
        for left, right in zip(parts[::2], parts[1::2], strict=False):
            left.merge(right)
        parts = parts[::2]
    return parts[0]


def filled(make, batch, dtype):
    accumulator = make()
    accumulator.update(np.array(batch, dtype=dtype))
    return accumulator


def three_ways(make, values, batches, dtype):
    """All at once; batch after batch; each batch apart, then merged."""
    in_turn = make()
    for batch in batches:
        in_turn.update(np.array(batch, dtype=dtype))
    apart = merged_as_tree([filled(make, batch, dtype) for batch in batches])
    return filled(make, values, dtype), in_turn, apart


@given(partitions(st.integers(0, 4)))
def test_entropy_has_the_same_bits_in_any_order(partition):
    at_once, in_turn, apart = three_ways(functools.partial(EntropyAccumulator, 5), *partition, np.int64)
    for correction in (None, "miller_madow"):
        value = at_once.compute(base=2, correction=correction)
        assert value == in_turn.compute(base=2, correction=correction) == apart.compute(base=2, correction=correction)
    assert at_once.counts.tolist() == np.bincount(partition[0], minlength=5).tolist()
    assert at_once.compute() == entropy(at_once.counts, input="counts")


@given(partitions(awkward))
def test_mean_has_the_same_bits_in_any_order(partition):
    at_once, in_turn, apart = three_ways(MeanAccumulator, *partition, np.float64)
    assert at_once.compute() == in_turn.compute() == apart.compute()
    # And they are the bits nearest to the exact mean.
    assert at_once.compute() == float(sum(map(Fraction, partition[0])) / len(partition[0]))


def test_floating_point_sums_do_depend_on_the_order():
    # Why the mean is not kept as a float: (1e300 - 1e300) + 1 = 1, but (1 + 1e300) - 1e300 = 0.
    values = np.array([1e300, -1e300, 1.0])
    assert values.cumsum()[-1] != values[::-1].cumsum()[-1]
    assert {filled(MeanAccumulator, order, float).compute() for order in (values, values[::-1])} == {1 / 3}


def test_the_sum_of_many_is_exact():
    # A million numbers of full mantissas and one exponent, that cancel but for the last.
    values = np.random.default_rng(0).random(600_000) + 1
    values = np.random.default_rng(1).permutation(np.concatenate([values, -values, [2.0**-40]]))
    assert filled(MeanAccumulator, values, float).compute() == 2.0**-40 / len(values)


def test_mean_of_more_than_one_chunk():
    values = np.random.default_rng(0).normal(size=2**20 + 3) * 10.0 ** np.random.default_rng(1).integers(
        -9, 9, 2**20 + 3
    )
    accumulator = filled(MeanAccumulator, values, float)
    assert accumulator.compute() == pytest.approx(math.fsum(values) / len(values), rel=1e-15)
    assert accumulator.total == len(values)


def test_miller_madow():
    # Counts 4, 3, 1, 0: K = 3 cells in use, N = 8. H = 1/2 * 1 + 3/8 * log2(8/3) + 1/8 * 3 bits, and the
    # correction (K - 1)/(2N) = 2/16 nats = 1/8 / log(2) bits.
    accumulator = EntropyAccumulator(4)
    accumulator.update_counts(torch.tensor([4, 3, 1, 0]))
    plain = 0.5 + 0.375 * (3 - math.log2(3)) + 0.375
    assert accumulator.compute(base=2) == pytest.approx(plain, rel=1e-15)
    assert accumulator.compute(base=2, correction="miller_madow") == pytest.approx(
        plain + 0.125 / math.log(2), rel=1e-15
    )
    assert accumulator.compute(correction="miller_madow") == pytest.approx(plain * math.log(2) + 0.125, rel=1e-15)


def test_miller_madow_lowers_the_bias():
    # 50 draws from 20 equal classes, whose entropy is log 20: the plug-in estimate is (K-1)/(2N) = 0.19 too low.
    generator = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(200):
        accumulator = filled(functools.partial(EntropyAccumulator, 20), generator.integers(0, 20, 50), np.int64)
        plain.append(accumulator.compute())
        corrected.append(accumulator.compute(correction="miller_madow"))
    assert math.log(20) - np.mean(plain) == pytest.approx(19 / 100, rel=0.2)
    assert abs(math.log(20) - np.mean(corrected)) < 0.05


def test_joint_table():
    x, y = np.array([0, 0, 1, 1]), np.array([2, 2, 0, 1])
    accumulator = EntropyAccumulator((2, 3))
    accumulator.update(x[:2], y[:2])
    accumulator.update(torch.from_numpy(x[2:]), torch.from_numpy(y[2:]))
    assert accumulator.counts.tolist() == [[0, 0, 2], [1, 1, 0]]
    # Y says which X: I = H(X) = 1 bit. H(X, Y) = 1/2 * 1 + 2 * 1/4 * 2 = 1.5 bits.
    assert mutual_information(accumulator.counts, input="counts", base=2) == pytest.approx(1)
    assert accumulator.compute(base=2) == pytest.approx(1.5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_mean_of_cross_entropies(dtype):
    p, q = torch.softmax(torch.linspace(0, 3, 40).view(10, 4), -1), torch.linspace(-2, 2, 40).view(10, 4)
    surprise = cross_entropy(p, q, input=("probabilities", "logits")).to(dtype)
    accumulator = MeanAccumulator()
    for batch in surprise.split(3):
        accumulator.update(batch)
    assert accumulator.compute() == math.fsum(surprise.tolist()) / 10


def test_infinite_values():
    accumulator = filled(MeanAccumulator, [1.0, math.inf], float)
    assert accumulator.compute() == math.inf
    other = filled(MeanAccumulator, [2.0], float)
    other.merge(accumulator)
    assert (other.compute(), other.total) == (math.inf, 3)


@pytest.mark.parametrize(
    "accumulator", [filled(lambda: EntropyAccumulator(3), [0, 2], int), filled(MeanAccumulator, [0.5], float)]
)
def test_pickle_and_copy(accumulator):
    for other in (pickle.loads(pickle.dumps(accumulator)), copy.deepcopy(accumulator)):
        assert other.compute() == accumulator.compute()
        before = accumulator.total
        other.merge(accumulator)
        assert (other.total, accumulator.total) == (2 * before, before)


def test_repr():
    assert repr(EntropyAccumulator((2, 3))) == "EntropyAccumulator(shape=(2, 3), total=0)"
    assert repr(filled(MeanAccumulator, [0.5], float)) == "MeanAccumulator(total=1)"


def test_counts_are_a_copy():
    accumulator = filled(lambda: EntropyAccumulator(2), [0, 1], int)
    accumulator.counts[0] = 100
    assert accumulator.counts.tolist() == [1, 1]


def test_merge_leaves_the_other_and_merges_with_itself():
    first, second = (filled(lambda: EntropyAccumulator(2), batch, int) for batch in ([0, 0], [1]))
    first.merge(second)
    first.merge(first)
    assert (first.counts.tolist(), second.counts.tolist()) == ([4, 2], [0, 1])


def test_a_refused_batch_changes_nothing():
    accumulator = filled(lambda: EntropyAccumulator(2), [0, 1], int)
    with pytest.raises(ValueError, match="labels"):
        accumulator.update(np.array([0, 0, 2]))
    mean = filled(MeanAccumulator, [1.0], float)
    with pytest.raises(ValueError, match="values"):
        mean.update(np.array([5.0, math.nan]))
    assert (accumulator.counts.tolist(), mean.compute(), mean.total) == ([1, 1], 1.0, 1)


three = functools.partial(EntropyAccumulator, 3)
ERRORS = [
    (lambda: EntropyAccumulator(2.5), TypeError, "`shape` must be an integer or a tuple of integers, got 2.5."),
    (lambda: EntropyAccumulator(()), TypeError, "`shape` must be an integer or a tuple of integers, got ()."),
    (lambda: EntropyAccumulator((3, 0)), ValueError, "`shape` must have sizes of at least 1, got (3, 0)."),
    (lambda: three().update([0, 1]), TypeError, "`labels[0]` must be a torch.Tensor or a numpy.ndarray, not list."),
    (lambda: three().update(np.array([0.0])), TypeError, "`labels[0]` must be integers, got float64."),
    (lambda: three().update(np.array([True])), TypeError, "`labels[0]` must be integers, got bool."),
    (lambda: three().update(np.array([0, 3])), ValueError, "`labels[0]` must be in [0, 2], got 3."),
    (lambda: three().update(torch.tensor([-1])), ValueError, "`labels[0]` must be in [0, 2], got -1."),
    (
        lambda: three().update(np.array([0]), np.array([0])),
        TypeError,
        "update() takes one array of labels for each of 1 axes, got 2.",
    ),
    (
        lambda: EntropyAccumulator((2, 2)).update(np.array([0]), np.array([0, 1])),
        ValueError,
        "`labels` must have one shape, got (1,) and (2,).",
    ),
    (lambda: three().update_counts(np.array([1, 2])), ValueError, "`counts` must have shape (3,), got (2,)."),
    (lambda: three().update_counts(np.array([1, -2, 0])), ValueError, "`counts` must not be negative, got -2."),
    (lambda: three().update_counts(np.array([1.0, 2, 0])), TypeError, "`counts` must be integers, got float64."),
    (
        lambda: three().update_counts(np.array([2**62, 2**62, 0])),
        ValueError,
        "`counts` would exceed 64 bits: 9223372036854775808 more than 0.",
    ),
    (
        lambda: three().merge(MeanAccumulator()),
        TypeError,
        "`other` must be an EntropyAccumulator, not MeanAccumulator.",
    ),
    (lambda: three().merge(EntropyAccumulator(4)), ValueError, "`other` must have shape (3,), got (4,)."),
    (lambda: three().compute(), ValueError, "there is no entropy of no observations: call update() first."),
    (lambda: three().compute(base=1), ValueError, "`base` must be above 0, finite and not 1, got 1."),
    (
        lambda: three().compute(correction="madow"),
        ValueError,
        "`correction` must be None or \"miller_madow\", got 'madow'.",
    ),
    (lambda: MeanAccumulator().compute(), ValueError, "there is no mean of no values: call update() first."),
    (lambda: MeanAccumulator().merge(three()), TypeError, "`other` must be a MeanAccumulator, not EntropyAccumulator."),
    (
        lambda: MeanAccumulator().update(0.5),
        TypeError,
        "`values` must be a torch.Tensor or a numpy.ndarray, not float.",
    ),
    (lambda: MeanAccumulator().update(np.array([1])), TypeError, "`values` must be floating point, got int64."),
    (lambda: MeanAccumulator().update(np.array([math.nan])), ValueError, "`values` must be finite or inf, got nan."),
    (lambda: MeanAccumulator().update(np.array([-math.inf])), ValueError, "`values` must be finite or inf, got -inf."),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[message for _, _, message in ERRORS])
def test_errors(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value).startswith(message)
