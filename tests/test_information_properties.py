"""The measures against SciPy, against mpmath, and against the inequalities that hold for all distributions."""

import math

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
import torch
from hypothesis import Phase, find, given, settings
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.stats import entropy as scipy_entropy

from xent.information import cross_entropy, entropy, jensen_shannon_divergence, kl_divergence, perplexity

SLACK = 1e-12


@st.composite
def pairs(draw):
    """Two rows of weights over the same classes: flat, peaked, with zeros, equal or nearly so."""
    classes = draw(st.integers(1, 12))
    exponents = st.one_of(st.floats(-30, 30), st.floats(-1, 1), st.just(-math.inf))
    row = st.lists(exponents, min_size=classes, max_size=classes).filter(lambda v: max(v) > -math.inf)
    p = np.exp(np.array(draw(row)))
    closeness = draw(st.sampled_from([None, 0.0, 1e-12, 1e-6, 1e-2]))
    if closeness is None:
        return p, np.exp(np.array(draw(row)))
    factors = st.lists(st.floats(-1, 1), min_size=classes, max_size=classes)
    return p, p * (1 + closeness * np.array(draw(factors)))


def distributions(pair):
    return tuple(row / row.sum() for row in pair)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p, q: len(p) > 5 and np.ptp(p) > 0.1 and np.ptp(q) > 0.1 and abs(p - q).max() > 0.1,
        lambda p, q: 0 in p and 0 not in q,
        lambda p, q: 0 in q and 0 not in p,
        lambda p, _: len(p) > 2 and p.max() > 1 - 1e-9 and p.min() > 0,
        lambda p, q: len(p) > 2 and 0 < abs(p - q).max() < 1e-8,
        lambda p, q: len(p) > 2 and np.ptp(p) > 0.1 and (p == q).all(),
        lambda p, _: len(p) == 1,
    ],
    ids=["far apart", "zero in p", "zero in q", "peaked", "close", "equal", "one class"],
)
def test_the_generator_spreads(wanted):
    find(
        pairs(),
        lambda pair: bool(wanted(*distributions(pair))),
        settings=settings(max_examples=5000, database=None, phases=[Phase.generate]),
    )


@given(pairs())
def test_gibbs(pair):
    p, q = distributions(pair)
    assert kl_divergence(p, q) >= 0
    assert cross_entropy(p, q) >= entropy(p) * (1 - SLACK)
    assert kl_divergence(p, p) == 0


@given(pairs())
def test_bounds(pair):
    p, q = distributions(pair)
    assert 0 <= entropy(p) <= math.log(len(p)) * (1 + SLACK)
    assert 1 <= perplexity(p) <= len(p) * (1 + SLACK)
    assert 0 <= jensen_shannon_divergence(p, q) <= math.log(2)


@given(pairs())
def test_jensen_shannon_is_symmetric_and_halfway(pair):
    p, q = distributions(pair)
    divergence = jensen_shannon_divergence(p, q)
    assert divergence == jensen_shannon_divergence(q, p)
    halfway = (p + q) / 2
    by_definition = (kl_divergence(p, halfway, normalize=True) + kl_divergence(q, halfway, normalize=True)) / 2
    assert divergence == pytest.approx(by_definition, rel=1e-9, abs=1e-15)


def test_jensen_shannon_is_bounded_to_the_last_bit():
    # Nothing shared: log 2 of rows whose rounded sums lie on either side of one.
    weights = np.random.default_rng(0).random((1000, 40))
    p, q = weights.copy(), weights.copy()
    p[:, ::2], q[:, 1::2] = 0, 0
    divergence = jensen_shannon_divergence(p, q, normalize=True)
    assert divergence == pytest.approx(math.log(2), rel=1e-14)
    assert (divergence <= math.log(2)).all()


@given(pairs())
def test_kl_is_cross_entropy_less_entropy(pair):
    p, q = distributions(pair)
    assert entropy(p) + kl_divergence(p, q) == pytest.approx(cross_entropy(p, q), rel=1e-12, abs=1e-15)


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(pair, random):
    p, q = distributions(pair)
    order = random.sample(range(len(p)), len(p))
    for function in (cross_entropy, kl_divergence, jensen_shannon_divergence):
        permuted = function(p[order], q[order], normalize=True)
        assert permuted == pytest.approx(function(p, q), rel=1e-9, abs=1e-15)


@given(pairs())
def test_scipy(pair):
    p, q = distributions(pair)
    assert entropy(p) == pytest.approx(scipy_entropy(p), rel=1e-12, abs=1e-15)
    assert entropy(p, base=2) == pytest.approx(scipy_entropy(p, base=2), rel=1e-12, abs=1e-15)
    assert kl_divergence(p, q) == pytest.approx(rel_entr(p, q).sum(), rel=1e-12, abs=1e-15)
    # SciPy's sum cancels to about 1e-16, at times below zero, where its root is nan.
    with np.errstate(invalid="ignore"):
        distance = np.nan_to_num(jensenshannon(p, q))
    assert jensen_shannon_divergence(p, q) == pytest.approx(distance**2, rel=1e-9, abs=1e-15)


@given(pairs())
def test_torch_and_numpy_agree(pair):
    p, q = distributions(pair)
    for function in (cross_entropy, kl_divergence, jensen_shannon_divergence):
        by_torch = float(function(torch.from_numpy(p), torch.from_numpy(q)))
        assert by_torch == pytest.approx(float(function(p, q)), rel=1e-9, abs=1e-15)


def exact_softmax(z):
    with mpmath.workdps(120):
        exponentials = [mpmath.exp(mpmath.mpf(float(v))) for v in z]
        return [v / sum(exponentials) for v in exponentials]


def exact_measures(p, q):
    with mpmath.workdps(120):
        middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]

        def divergence(a, b):
            return mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(a, b, strict=True))

        return {
            entropy: -mpmath.fsum(a * mpmath.log(a) for a in p),
            cross_entropy: -mpmath.fsum(a * mpmath.log(b) for a, b in zip(p, q, strict=True)),
            kl_divergence: divergence(p, q),
            jensen_shannon_divergence: (divergence(p, middle) + divergence(q, middle)) / 2,
        }


def relative_error(value, truth):
    with mpmath.workdps(120):
        return float(abs((mpmath.mpf(float(value)) - truth) / truth))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("distance", [1e-3, 1e-1, 10.0])
def test_logits_keep_their_digits(dtype, scale, distance):
    generator = np.random.default_rng(0)
    for _ in range(20):
        p = (scale * generator.normal(size=7)).astype(dtype)
        q = (p + distance * generator.normal(size=7)).astype(dtype)
        # A logit at distance D below the top is rounded by D units when the top is taken off.
        spread = max(np.ptp(p), np.ptp(q))
        for function, truth in exact_measures(exact_softmax(p), exact_softmax(q)).items():
            arguments = (p,) if function is entropy else (p, q)
            error = relative_error(function(*arguments, input="logits"), truth)
            assert error <= 4 * np.finfo(dtype).eps * (1 + spread), function.__name__


@pytest.mark.parametrize("lead", [8.0, 20.0, 40.0, 80.0])
def test_a_confident_row_keeps_its_entropy(lead):
    # -p log p of the leading class is about exp(-lead), which 1 - exp(-lead) rounds away from a lead of 17 on.
    z = np.array([lead, 0.0, 0.0], dtype=np.float32)
    p = exact_softmax(z)
    assert relative_error(entropy(z, input="logits"), exact_measures(p, p)[entropy]) <= 1e-5


@pytest.mark.parametrize("steps", [1, 1000, 100000])
def test_close_probabilities_keep_their_divergence(steps):
    # Multiples of 2^-24 that sum to one exactly: nothing is rounded before the divergence is formed.
    unit, p = 2**24, np.array([3, 5, 2, 6], dtype=np.float32) / 16
    q = p + np.array([steps, -steps, steps, -steps], dtype=np.float32) / unit
    exact = [[mpmath.mpf(float(v)) for v in row] for row in (p, q)]
    truth = exact_measures(*exact)
    assert relative_error(kl_divergence(p, q), truth[kl_divergence]) <= 1e-6
    assert relative_error(jensen_shannon_divergence(p, q), truth[jensen_shannon_divergence]) <= 1e-6
    # As p log(p/q), summed, even float64 has few digits left of a divergence of 1e-14.
    assert float(p @ np.log(p / q)) != pytest.approx(float(truth[kl_divergence]), rel=1e-6)
