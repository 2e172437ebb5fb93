"""Measures of distributions: what cross entropy is, as definitions rather than as losses.

For torch tensors (differentiable, on their own device) and NumPy arrays; the answer comes back in the
caller's kind. All measures hang together by ``kl_divergence(p, q) == cross_entropy(p, q) - entropy(p)``.
"""

from xent.information.joint import conditional_entropy, mutual_information
from xent.information.measures import (
    cross_entropy,
    entropy,
    jensen_shannon_divergence,
    kl_divergence,
    perplexity,
)
from xent.information.streaming import EntropyAccumulator, MeanAccumulator

__all__ = [
    "EntropyAccumulator",
    "MeanAccumulator",
    "conditional_entropy",
    "cross_entropy",
    "entropy",
    "jensen_shannon_divergence",
    "kl_divergence",
    "mutual_information",
    "perplexity",
]
