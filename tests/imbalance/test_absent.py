"""Classes that never occur: one rule for all functions."""

import pytest
import torch

from xent.imbalance import (
    adjust_logits,
    class_counts,
    effective_number,
    inverse_frequency,
    inverse_sqrt,
    log_prior,
    pos_weight,
    undo_adjustment,
)

LOGITS = torch.tensor([[0.3, -1.0, 2.0]])
COUNTS = [6, 0, 3]
WEIGHTS = [inverse_frequency, inverse_sqrt, effective_number]


def positive_weight(counts, **rule):
    return pos_weight(counts, total=10, **rule)


def adjusted(counts, **rule):
    return adjust_logits(LOGITS, counts, **rule)


def undone(counts, **rule):
    return undo_adjustment(LOGITS, counts, **rule)


OFFSETS = [log_prior, adjusted, undone, positive_weight]


@pytest.mark.parametrize("function", [*WEIGHTS, *OFFSETS])
def test_refused_unless_said_otherwise(function):
    with pytest.raises(ValueError, match=r'got 0 for class 1\. .* count it as one row with absent="one"'):
        function(COUNTS)


@pytest.mark.parametrize("function", WEIGHTS)
def test_weights_name_their_third_way(function):
    with pytest.raises(ValueError, match=r'absent="one", give it weight 0 with absent="zero"\.'):
        function(COUNTS)


@pytest.mark.parametrize("function", [*WEIGHTS, log_prior, adjusted, undone])
def test_counted_as_one_row(function):
    torch.testing.assert_close(function(COUNTS, absent="one"), function([6, 1, 3]), rtol=0, atol=0)


def test_positives_counted_as_one_row_beside_all_the_negatives():
    # (10-6)/6, 10/1, (10-3)/3
    torch.testing.assert_close(positive_weight(COUNTS, absent="one"), torch.tensor([4 / 6, 10.0, 7 / 3]))


@pytest.mark.parametrize("function", WEIGHTS)
def test_weight_zero_leaves_the_others_as_they_are(function):
    weight = function(COUNTS, absent="zero")
    assert weight[1] == 0
    torch.testing.assert_close(weight[[0, 2]], function([6, 3]))


@pytest.mark.parametrize("function", OFFSETS)
@pytest.mark.parametrize("word", ["zero", "ignore"])
def test_unknown_words_are_refused(function, word):
    with pytest.raises(ValueError, match=rf'`absent` must be one of "raise", "one", got \'{word}\''):
        function(COUNTS, absent=word)


@pytest.mark.parametrize("function", [*WEIGHTS, log_prior])
def test_no_rows_at_all_are_refused(function):
    with pytest.raises(ValueError, match="`counts` are all 0"):
        function([0, 0], absent="one")


@pytest.mark.parametrize("function", WEIGHTS)
@pytest.mark.parametrize("word", ["one", "zero"])
def test_no_rule_takes_negative_counts(function, word):
    with pytest.raises(ValueError, match=r"got -2 for class 1\. Pass the number of training rows"):
        function([3, -2], absent=word)


@pytest.mark.parametrize("function", [*WEIGHTS, log_prior, adjusted, undone])
def test_the_rule_holds_for_what_was_counted(function):
    found = class_counts([0] * 6 + [2] * 3)
    torch.testing.assert_close(function(found, absent="one"), function([6, 1, 3]), rtol=0, atol=0)
