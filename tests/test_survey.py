"""What an audit asks of rows: the same by kernel and formulas, as float64 has it, however it is split."""

import math

import pytest
import torch

from tests import backends
from xent.backends import native
from xent.core.survey import FINE, NO_CLASS, NO_SOFTMAX, UNIT_BITS
from xent.dispatch.survey import survey

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
# Below, at and above the lanes of a vector, and more than a group of rows holds.
SIZES = (2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 100, 257, 1000, 5000)


@pytest.fixture(params=["reference", *native.state().supported])
def backend(request):
    if request.param == "reference":
        with backends.formulas():
            yield request.param
    else:
        with backends.kernels(), backends.instruction_set(request.param):
            yield request.param


def problem(rows, classes, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator, dtype=torch.float64) * 4
    label = torch.randint(classes, (rows,), generator=generator)
    logits[torch.arange(rows), label] += 3
    return logits.to(dtype), label


def truth(logits, label):
    """nll, predicted, confidence, log_odds and probabilities in float64."""
    z = logits.double()
    own = z.gather(1, label[:, None])
    others = (z - own).exp().scatter(1, label[:, None], 0.0).sum(1)
    top = z.amax(1)
    predicted = (z == top[:, None]).int().argmax(1)
    p = z.softmax(1)
    return others.log1p(), predicted, p.amax(1), top - own[:, 0], p


def assert_close(found, expected, dtype, spread):
    # 4 ulp of the type of arithmetic, and as many for every unit of the row's spread: the accuracy contract.
    ulp = 2**-52 if dtype == torch.float64 else 2**-23
    torch.testing.assert_close(found, expected, rtol=4 * ulp * (1 + spread), atol=2**-126)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("classes", SIZES)
def test_rows_and_sums_are_those_of_float64(classes, dtype, backend):  # noqa: ARG001
    logits, label = problem(60, classes, dtype)
    found = survey(logits, label)
    nll, predicted, confidence, log_odds, p = truth(logits, label)
    assert nll.unique().numel() > 20
    spread = float((logits.double().amax(1) - logits.double().amin(1)).max())
    assert (found.status == FINE).all()
    assert_close(found.nll, nll, dtype, spread)
    assert torch.equal(found.predicted, predicted)
    assert_close(found.confidence, confidence, dtype, spread)
    assert torch.equal(found.log_odds, log_odds)
    # Half a unit a row, and what float is off by.
    within = 60 * 2.0 ** -(UNIT_BITS + 1) + 60 * 2.0**-22
    torch.testing.assert_close(found.probability.double() * 2.0**-UNIT_BITS, p.sum(0), rtol=0, atol=within)


def test_sure_rows_keep_their_precision(backend):  # noqa: ARG001
    gaps = torch.tensor([0.0, 1.0, 17.0, 40.0, 80.0, 300.0])
    logits = torch.stack([torch.zeros(6), -gaps], dim=1)
    found = survey(logits, torch.zeros(6, dtype=torch.int64))
    # log(1 + e^-gap); of the last, below the smallest normal float32, nothing is asked.
    expected = torch.tensor([math.log1p(math.exp(-gap)) for gap in gaps.tolist()], dtype=torch.float64)
    torch.testing.assert_close(found.nll, expected, rtol=1e-5, atol=2**-126)
    doubted = survey(logits, torch.ones(6, dtype=torch.int64))
    torch.testing.assert_close(doubted.nll, expected + gaps.double(), rtol=1e-6, atol=0)
    assert torch.equal(doubted.log_odds, gaps.double())


@pytest.mark.parametrize("classes", [5, 16, 40])
def test_of_equal_logits_the_first_is_predicted(classes, backend):  # noqa: ARG001
    logits = torch.zeros(classes, classes)
    for row in range(classes):
        logits[row, row:] = 2.0
    found = survey(logits, torch.full((classes,), classes - 1))
    assert found.predicted.tolist() == list(range(classes))
    assert found.log_odds.tolist() == [0.0] * classes


@pytest.mark.parametrize("classes", [2, 3, 11, 100])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_classes_of_probability_0(classes, dtype, backend):  # noqa: ARG001
    logits, label = problem(30, classes, dtype)
    rows = torch.arange(30)
    impossible = rows % 3 == 0
    gone = torch.where(impossible, label, (label + 1) % classes)
    logits[rows, gone] = -math.inf
    found = survey(logits, label)
    assert (found.status == FINE).all()
    assert torch.equal(found.nll.isinf(), impossible)
    assert torch.equal(found.log_odds.isinf(), impossible)
    assert not bool((found.predicted == gone).any())
    total = float(found.probability.sum()) * 2.0**-UNIT_BITS
    assert total == pytest.approx(30, abs=30 * classes * 2.0 ** -(UNIT_BITS - 1))


@pytest.mark.parametrize("classes", [2, 7, 20, 300])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rows_of_which_nothing_can_be_said(classes, dtype, backend):  # noqa: ARG001
    logits, label = problem(40, classes, dtype)
    label[5], label[6], label[7] = -1, classes, 2**40
    logits[7] = math.nan
    logits[10] = -math.inf
    logits[11, classes - 1] = math.nan
    logits[12, label[12]] = math.nan
    logits[13] = math.nan
    logits[14, 0] = math.inf
    logits[15, label[15]] = math.inf
    expected = torch.zeros(40, dtype=torch.uint8)
    expected[5:8], expected[10:16] = NO_CLASS, NO_SOFTMAX
    found = survey(logits, label)
    assert torch.equal(found.status, expected)
    fine = expected == FINE
    alone = survey(logits[fine], label[fine])
    assert torch.equal(found.probability, alone.probability)
    for name in ("nll", "predicted", "confidence", "log_odds"):
        assert torch.equal(getattr(found, name)[fine], getattr(alone, name)), name


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_strides(dtype, backend):  # noqa: ARG001
    logits, label = problem(50, 21, dtype)
    wide = torch.full((100, 64), 7.0, dtype=dtype)
    wide[::2, 3:24] = logits
    tall = logits.t().contiguous().t()
    labels = torch.stack([label, label * 0 - 5], dim=1)[:, 0]
    expected = survey(logits, label)
    for strided in (wide[::2, 3:24], tall):
        for one, other in zip(survey(strided, labels), expected, strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("classes", [2, 10, 17, 1000, 20_000])
def test_any_split_and_any_number_of_threads_gives_the_same_bits(classes, dtype, backend):  # noqa: ARG001
    rows = max(37, 200_000 // classes)
    logits, label = problem(rows, classes, dtype, seed=classes)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        whole = survey(logits, label)
        torch.set_num_threads(3)
        threaded = survey(logits, label)
    finally:
        torch.set_num_threads(before)
    parts = [survey(logits[at:stop], label[at:stop]) for at, stop in ((0, 5), (5, 18), (18, 19), (19, rows))]
    *of_rows, sums = zip(*parts, strict=True)
    merged = [*(torch.cat(column) for column in of_rows), torch.stack(sums).sum(0)]
    for one, other, third in zip(whole, threaded, merged, strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, third)


def test_no_rows(backend):  # noqa: ARG001
    found = survey(torch.empty(0, 4), torch.empty(0, dtype=torch.int64))
    assert [len(column) for column in found] == [0, 0, 0, 0, 0, 4]
    assert found.probability.tolist() == [0, 0, 0, 0]
