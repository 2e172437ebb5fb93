"""Entropy, cross entropy and the divergences of distributions along an axis."""

import math

from xent.information.arrays import Array, answer, namespace
from xent.information.distribution import Dim, Kind, kinds, read, read_pair
from xent.information.sums import expected_surprise, jensen_shannon, relative_entropy
from xent.information.units import nats_per_unit


def entropy(
    p: Array,
    *,
    input: Kind = "probabilities",
    base: float = math.e,
    dim: Dim = -1,
    normalize: bool = False,
) -> Array:
    r"""Entropy, :math:`H(P) = -\sum_k p_k \log p_k`: the mean surprise of an outcome, with 0 log 0 = 0.

    Between 0, for a certain outcome, and log C, for the uniform distribution over C classes.

    Args:
        p: Distributions along ``dim``, shape (..., C); every other axis counts rows.
        input: What ``p`` holds: "probabilities", "logits" (-inf for probability zero), "log_probabilities" or
            "counts" (integers; floating point if weighted). Logits and counts are always normalized.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits, 10 for hartleys.
        dim: Axis of the distribution, or a tuple of axes for a joint distribution over them.
        normalize: Divide rows of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        Entropy of every row, shape of ``p`` without ``dim``, in nats (or the unit of ``base``), in the kind,
        device and dtype of ``p``; counts of an integer dtype give the library's default floating point. Where
        a probability is exactly zero the derivative is infinite, and the gradient takes log p for 0.

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: If ``p`` is no tensor or array, or of a dtype that does not fit ``input``; if ``dim`` or
            ``base`` is of a wrong type.
        ValueError: If a row does not sum to one (naming the row and by how much), holds nan, an infinity or a
            negative number, or is empty; if ``dim``, ``base`` or ``input`` is out of range.

    Example:
        >>> import torch
        >>> from xent.information import entropy
        >>> entropy(torch.tensor([0.5, 0.25, 0.25]), base=2)
        tensor(1.5000)
        >>> entropy(torch.tensor([[8, 0], [3, 3]]), input="counts", base=2)
        tensor([0., 1.])

    References:
        Shannon, A Mathematical Theory of Communication, 1948.
    """
    unit = nats_per_unit(base)
    xp = namespace(p=p)
    (kind,) = kinds(input, "p")
    row = read(xp, p, "p", kind=kind, dim=dim, normalize=normalize)
    return answer(xp, expected_surprise(xp, row, row), p, unit=unit)


def cross_entropy(
    p: Array,
    q: Array,
    *,
    input: Kind | tuple[Kind, Kind] = "probabilities",
    base: float = math.e,
    dim: Dim = -1,
    normalize: bool = False,
) -> Array:
    r"""Cross entropy, :math:`H(P, Q) = -\sum_k p_k \log q_k`: the mean surprise of P to who expects Q.

    :math:`H(P, Q) = H(P) + KL(P \| Q)`, not symmetric, infinite where q = 0 < p. This is the definition, one
    number a row; the training loss, with labels, weights and a reduction, is
    ``xent.functional.cross_entropy``.

    Args:
        p: Distributions along ``dim``, shape (..., C): what happens, such as the targets.
        q: Distributions along ``dim``, with the same C: what is expected, such as a model's output. The rows
            of ``p`` and ``q`` broadcast, the class axis does not; with unlike numbers of axes, ``dim`` is
            negative.
        input: What both hold, or a pair, such as ("probabilities", "logits"), for ``p`` and for ``q``. The
            kinds are those of :func:`entropy`.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
        dim: Axis of the distributions, or a tuple of axes for joint distributions.
        normalize: Divide rows of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        Cross entropy of every row, the broadcast shape of ``p`` and ``q`` without ``dim``, in nats (or the
        unit of ``base``), in the kind and device of the input and the promoted dtype of both.

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`entropy`; also if one is a tensor and the other a NumPy array.
        ValueError: As :func:`entropy`; also if the shapes do not fit, or the devices differ.

    Example:
        >>> import torch
        >>> from xent.information import cross_entropy
        >>> coin, loaded = torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25])
        >>> cross_entropy(coin, loaded, base=2)
        tensor(1.2075)
        >>> cross_entropy(loaded, coin, base=2)
        tensor(1.)
        >>> cross_entropy(coin, torch.tensor([1.0, -1.0]), input=("probabilities", "logits"))
        tensor(1.1269)

    References:
        Good, Some Terminology and Notation in Information Theory, 1956.
    """
    unit = nats_per_unit(base)
    xp = namespace(p=p, q=q)
    row_p, row_q = read_pair(xp, p, q, input=input, dim=dim, normalize=normalize)
    return answer(xp, expected_surprise(xp, row_p, row_q), p, q, unit=unit)


def kl_divergence(
    p: Array,
    q: Array,
    *,
    input: Kind | tuple[Kind, Kind] = "probabilities",
    base: float = math.e,
    dim: Dim = -1,
    normalize: bool = False,
) -> Array:
    r"""Relative entropy, :math:`KL(P \| Q) = \sum_k p_k \log \frac{p_k}{q_k} = H(P, Q) - H(P)`.

    What expecting Q costs beyond the entropy of P. Never negative (Gibbs), 0 exactly when P = Q, not
    symmetric, infinite where q = 0 < p. Computed so that it keeps its digits when P and Q are close, in every
    dtype.

    Args:
        p: Distributions along ``dim``, shape (..., C).
        q: Distributions along ``dim``, with the same C. The rows of ``p`` and ``q`` broadcast, the class axis
            does not; with unlike numbers of axes, ``dim`` is negative.
        input: What both hold, or a pair, such as ("probabilities", "logits"), for ``p`` and for ``q``. The
            kinds are those of :func:`entropy`.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
        dim: Axis of the distributions, or a tuple of axes for joint distributions.
        normalize: Divide rows of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        Divergence of every row, the broadcast shape of ``p`` and ``q`` without ``dim``, in nats (or the unit
        of ``base``), in the kind and device of the input and the promoted dtype of both.

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`cross_entropy`.
        ValueError: As :func:`cross_entropy`.

    Example:
        >>> import torch
        >>> from xent.information import kl_divergence
        >>> coin, loaded = torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25])
        >>> kl_divergence(coin, loaded), kl_divergence(loaded, coin)
        (tensor(0.1438), tensor(0.1308))
        >>> kl_divergence(coin, torch.tensor([1.0, 0.0]))
        tensor(inf)

    References:
        Kullback & Leibler, On Information and Sufficiency, 1951.
    """
    unit = nats_per_unit(base)
    xp = namespace(p=p, q=q)
    row_p, row_q = read_pair(xp, p, q, input=input, dim=dim, normalize=normalize)
    return answer(xp, relative_entropy(xp, row_p, row_q), p, q, unit=unit)


def jensen_shannon_divergence(
    p: Array,
    q: Array,
    *,
    input: Kind | tuple[Kind, Kind] = "probabilities",
    base: float = math.e,
    dim: Dim = -1,
    normalize: bool = False,
) -> Array:
    r"""Jensen-Shannon divergence, :math:`\frac12 KL(P \| M) + \frac12 KL(Q \| M)`, M halfway from P to Q.

    :math:`M = \frac12 (P + Q)`. Symmetric, always finite, between 0 (P = Q) and log 2, one bit (P and Q share
    no outcome). Its square root is a distance; SciPy's ``jensenshannon`` returns that root.

    Args:
        p: Distributions along ``dim``, shape (..., C).
        q: Distributions along ``dim``, with the same C. The rows of ``p`` and ``q`` broadcast, the class axis
            does not; with unlike numbers of axes, ``dim`` is negative.
        input: What both hold, or a pair, such as ("probabilities", "logits"), for ``p`` and for ``q``. The
            kinds are those of :func:`entropy`.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
        dim: Axis of the distributions, or a tuple of axes for joint distributions.
        normalize: Divide rows of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        Divergence of every row, the broadcast shape of ``p`` and ``q`` without ``dim``, in nats (or the unit
        of ``base``), in the kind and device of the input and the promoted dtype of both.

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`cross_entropy`.
        ValueError: As :func:`cross_entropy`.

    Example:
        >>> import torch
        >>> from xent.information import jensen_shannon_divergence
        >>> sure, coin, other = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
        >>> jensen_shannon_divergence(sure, coin, base=2), jensen_shannon_divergence(sure, other, base=2)
        (tensor(0.3113), tensor(1.))

    References:
        Lin, Divergence Measures Based on the Shannon Entropy, 1991.
    """
    unit = nats_per_unit(base)
    xp = namespace(p=p, q=q)
    row_p, row_q = read_pair(xp, p, q, input=input, dim=dim, normalize=normalize)
    return answer(xp, jensen_shannon(xp, row_p, row_q), p, q, unit=unit)


def perplexity(
    p: Array,
    q: Array | None = None,
    *,
    input: Kind | tuple[Kind, Kind] = "probabilities",
    dim: Dim = -1,
    normalize: bool = False,
) -> Array:
    r"""Perplexity, :math:`e^{H(P)}`, or :math:`e^{H(P, Q)}` when ``q`` is given.

    The number of equally likely outcomes that would surprise as much. It does not depend on a base: 2 to the
    entropy in bits is the same number. The perplexity of a corpus is the exponential of a mean over its
    tokens, not the mean of perplexities: see :class:`MeanAccumulator`.

    Args:
        p: Distributions along ``dim``, shape (..., C).
        q: Distributions along ``dim``, with the same C, or None. The rows of ``p`` and ``q`` broadcast as in
            :func:`cross_entropy`.
        input: What ``p`` (and ``q``) holds, or a pair if ``q`` is given. The kinds are those of
            :func:`entropy`.
        dim: Axis of the distributions, or a tuple of axes for joint distributions.
        normalize: Divide rows of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        Perplexity of every row, at least 1, without unit, shape, kind, device and dtype as
        :func:`cross_entropy`.

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`cross_entropy`.
        ValueError: As :func:`cross_entropy`.

    Example:
        >>> import torch
        >>> from xent.information import perplexity
        >>> perplexity(torch.full((6,), 1 / 6))
        tensor(6.0000)

    References:
        Jelinek, Mercer, Bahl & Baker, Perplexity: a Measure of the Difficulty of Speech Recognition Tasks,
        1977.
    """
    if q is None:
        xp = namespace(p=p)
        (kind,) = kinds(input, "p")
        row = read(xp, p, "p", kind=kind, dim=dim, normalize=normalize)
        return answer(xp, xp.exp(expected_surprise(xp, row, row)), p, unit=1.0)
    xp = namespace(p=p, q=q)
    row_p, row_q = read_pair(xp, p, q, input=input, dim=dim, normalize=normalize)
    return answer(xp, xp.exp(expected_surprise(xp, row_p, row_q)), p, q, unit=1.0)
