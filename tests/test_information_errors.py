"""What the measures refuse, and the words in which they do."""

import math
import sys

import numpy as np
import pytest
import torch

from xent.information import (
    conditional_entropy,
    cross_entropy,
    entropy,
    jensen_shannon_divergence,
    kl_divergence,
    mutual_information,
    perplexity,
)

COIN = torch.tensor([0.5, 0.5])
TABLE = torch.full((2, 2), 0.25)
KINDS = '"probabilities", "logits", "log_probabilities", "counts"'

WRONG_TYPES = [
    (
        lambda: entropy([0.5, 0.5]),
        "`p` must be a torch.Tensor or a numpy.ndarray, not list. Pass torch.tensor(p) or numpy.asarray(p).",
    ),
    (lambda: entropy(1.0), "`p` must be a torch.Tensor or a numpy.ndarray, not float. Pass"),
    (
        lambda: cross_entropy(COIN, [0.5, 0.5]),
        "`q` must be a torch.Tensor or a numpy.ndarray, not list. Pass torch.tensor(q)",
    ),
    (
        lambda: mutual_information([[1, 2]], input="counts"),
        "`joint` must be a torch.Tensor or a numpy.ndarray, not list.",
    ),
    (
        lambda: entropy(np.ma.array([0.5, 0.5])),
        "`p` must be a torch.Tensor or a numpy.ndarray, not MaskedArray.",
    ),
    (lambda: entropy(COIN.to_sparse()), "`p` must be a dense tensor, not torch.sparse_coo. Pass p.to_dense()."),
    (
        lambda: kl_divergence(COIN, COIN.numpy()),
        "`p` is a torch.Tensor and `q` is a numpy.ndarray. Pass both as torch tensors or both as NumPy arrays.",
    ),
    (
        lambda: entropy(torch.tensor([0, 1])),
        '`p` must be floating point for input="probabilities", got int64. For counts pass input="counts"; class '
        "indices belong in xent.functional.cross_entropy, or become one-hot rows.",
    ),
    (lambda: entropy(np.array([0, 1]), input="logits"), '`p` must be floating point for input="logits", got int64.'),
    (lambda: entropy(COIN.to(torch.complex64)), "`p` must be float16, bfloat16, float32 or float64, got complex64."),
    (lambda: entropy(COIN.bool(), input="counts"), "`p` must be float16, bfloat16, float32 or float64, got bool."),
    (lambda: entropy(COIN, dim=0.0), "`dim` must be an integer or a tuple of integers, got 0.0."),
    (lambda: entropy(COIN, dim=()), "`dim` must be an integer or a tuple of integers, got ()."),
    (lambda: entropy(COIN, dim=[0]), "`dim` must be an integer or a tuple of integers, got [0]."),
    (lambda: entropy(COIN, dim=(True,)), "`dim` must be an integer or a tuple of integers, got (True,)."),
    (lambda: mutual_information(TABLE, dim=-1), "`dim` must be a pair, the axis of X and the axis of Y, got -1."),
    (lambda: conditional_entropy(TABLE, dim=(0,)), "`dim` must be a pair, the axis of X and the axis of Y, got (0,)."),
    (lambda: entropy(COIN, base="2"), "`base` must be a number, got '2'."),
]

WRONG_SETTINGS = [
    (
        lambda: entropy(COIN, base=1),
        "`base` must be above 0, finite and not 1, got 1. For bits pass 2, for nats math.e.",
    ),
    (lambda: kl_divergence(COIN, COIN, base=0), "`base` must be above 0, finite and not 1, got 0."),
    (lambda: conditional_entropy(TABLE, base=-2), "`base` must be above 0, finite and not 1, got -2."),
    (lambda: entropy(COIN, base=math.nan), "`base` must be above 0, finite and not 1, got nan."),
    (lambda: entropy(COIN, base=math.inf), "`base` must be above 0, finite and not 1, got inf."),
    (lambda: entropy(COIN, dim=1), "`dim`=1 is out of range for `p` of shape (2,)."),
    (lambda: entropy(torch.tensor(1.0)), "`dim`=-1 is out of range for `p` of shape ()."),
    (lambda: mutual_information(COIN), "`dim`=(-2, -1) is out of range for `joint` of shape (2,)."),
    (lambda: entropy(TABLE, dim=(1, -1)), "`dim`=(1, -1) names an axis of `p`, of shape (2, 2), twice."),
    (lambda: entropy(torch.zeros(3, 0)), "`p` has no classes along `dim`=-1: its shape is (3, 0)."),
    (lambda: entropy(COIN, input="softmax"), f"`input` must be one of {KINDS}; got 'softmax'."),
    (lambda: entropy(COIN, input=("counts", "counts")), f"`input` must be one of {KINDS}; got ('counts', 'counts')."),
    (
        lambda: kl_divergence(COIN, COIN, input=("counts", "odds")),
        f"`input` must be one of {KINDS}, or a pair of them, for `p` and `q`; got ('counts', 'odds').",
    ),
    (
        lambda: kl_divergence(COIN, torch.ones(3) / 3),
        "`p` and `q` must have the same classes along `dim`=-1, but `p` has shape (2,) and `q` (3,).",
    ),
    (
        lambda: kl_divergence(torch.full((2, 3), 1 / 6), torch.full((3, 2), 1 / 6), dim=(0, 1)),
        "`p` and `q` must have the same classes along `dim`=(0, 1), but `p` has shape (2, 3) and `q` (3, 2).",
    ),
    (
        lambda: perplexity(COIN.expand(4, 2), COIN.expand(3, 2)),
        "the rows of `p` and `q` must be equally many or broadcast, but `p` has shape (4, 2) and `q` (3, 2); `dim`=-1.",
    ),
    (
        lambda: jensen_shannon_divergence(COIN.expand(2, 2), COIN, dim=0),
        "`p` has shape (2, 2) and `q` (2,), which broadcast from the end: count `dim` from the end too, got dim=0.",
    ),
    (
        lambda: kl_divergence(COIN, COIN.to("meta")),
        "`p` is on cpu and `q` is on meta. Pass both on one device.",
    ),
]

PASS = (
    'Pass normalize=True to divide each row by its sum, or say what the rows are: input="probabilities", "logits", '
    '"log_probabilities" or "counts".'
)
WRONG_VALUES = [
    # 1.9 is 0.9 above one; four units in the last place, and the root of two more, are 6.5e-7.
    (lambda: entropy(torch.tensor([0.9, 1.0])), f"`p` sums to 1.9, 0.9 above one; rounding explains 6e-07. {PASS}"),
    (
        lambda: entropy(np.array([[0.5, 0.5], [0.75, 0.125]])),
        f"Row 1 of `p` sums to 0.875, 0.12 below one; rounding explains 1e-15. {PASS}",
    ),
    (
        lambda: cross_entropy(COIN, torch.tensor([[[0.5, 0.5]], [[0.5, 0.25]]]), dim=-1),
        "Row (1, 0) of `q` sums to 0.75, 0.25 below one;",
    ),
    (
        lambda: entropy(torch.tensor([[0.5, 0.5], [0.5, 0.25]]), dim=0),
        "Row 1 of `p` sums to 0.75, 0.25 below one;",
    ),
    (lambda: mutual_information(TABLE * 2), "`joint` sums to 2, 1 above one;"),
    (
        lambda: entropy(torch.zeros(2), input="log_probabilities"),
        f"`exp(p)` sums to 2, 1 above one; rounding explains 7e-07. {PASS}",
    ),
    (lambda: entropy(torch.full((2,), -999.0), input="log_probabilities"), "`exp(p)` sums to 0, 1 below one;"),
    (lambda: entropy(np.array([800.0, 0.0]), input="log_probabilities"), "`exp(p)` sums to inf, inf above one;"),
    (
        lambda: entropy(torch.tensor([1.5, -0.5])),
        '`p` must not be negative for input="probabilities", but is -0.5 at class 1. For logits pass '
        'input="logits", for their log-softmax input="log_probabilities".',
    ),
    (
        lambda: entropy(torch.tensor([[2, 1], [3, -1]]), input="counts"),
        '`p` must not be negative for input="counts", but is -1 at row 1, class 1.',
    ),
    (lambda: kl_divergence(COIN, torch.tensor([math.nan, 1.0])), "`q` is nan at class 0."),
    (lambda: entropy(torch.tensor([[0.0, math.nan]]), input="logits"), "`p` is nan at row 0, class 1."),
    (lambda: entropy(torch.tensor([math.inf, 1.0]), normalize=True), "`p` must be finite, but is inf at class 0."),
    (
        lambda: entropy(torch.tensor([math.inf, 1.0]), input="logits"),
        "`p` must be finite, or -inf for probability zero, but is inf at class 0.",
    ),
    (
        lambda: entropy(torch.tensor([-3e38, 1.0]), input="logits"),
        "`p` must be finite, or -inf for probability zero, but is -3e+38 at class 0.",
    ),
    (
        lambda: entropy(torch.tensor([[0, 1], [0, 0]]), input="counts"),
        "Row 1 of `p` is zero throughout, which is no distribution. Leave such rows out.",
    ),
    (lambda: entropy(torch.zeros(2), normalize=True), "`p` is zero throughout, which is no distribution."),
    (
        lambda: entropy(torch.tensor([[0.0, 1.0], [-math.inf, -math.inf]]), input="logits"),
        "Row 1 of `p` is -inf throughout, which is no distribution. Leave such rows out.",
    ),
    (lambda: entropy(np.full(2, 1e308), input="counts"), "`p` has a sum beyond the range of float64. Scale it down."),
]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [(call, TypeError, message) for call, message in WRONG_TYPES]
    + [(call, ValueError, message) for call, message in WRONG_SETTINGS + WRONG_VALUES],
)
def test_errors(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_tolerance_is_that_of_the_dtype(dtype):
    eps = torch.finfo(dtype).eps
    fine, off = (torch.tensor([0.5, 0.5 + units * eps], dtype=dtype) for units in (1, 16))
    assert torch.isfinite(entropy(fine))
    with pytest.raises(ValueError, match="above one"):
        entropy(off)


def test_missing_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(ImportError) as raised:
        entropy(COIN)
    assert str(raised.value) == 'xent.information needs array-api-compat: pip install "xent[information]"'
