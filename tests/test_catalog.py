"""The table of named losses: it is whole, and what a row says of its loss is so. Nothing here is about one loss."""

import copy
import inspect
import io
import math
import pickle
import re
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from tests.catalog_rows import (
    CLASSES,
    COUNTS,
    EVERY_ROW,
    assert_same,
    function,
    logits,
    module,
    refused,
    target_of,
    value_and_gradient,
)
from xent.catalog import ROWS, Row, Trait
from xent.catalog.sigmoid import SIGMOID
from xent.catalog.softmax import SOFTMAX
from xent.presets.settings import SigmoidArguments, SoftmaxArguments

NO_DEFAULT = inspect.Parameter.empty
# torch's deprecated way to say `reduction`.
DEPRECATED = {"size_average", "reduce"}
COMMON = {*SoftmaxArguments.__annotations__, *SigmoidArguments.__annotations__, *DEPRECATED}


def own_parameters(of: Any) -> dict[str, Any]:
    """Name and default of what a function or a class takes beside input, target and the settings of the core."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(of).parameters.items()
        if name not in ("input", "target", "teacher")
        and name not in COMMON
        and parameter.kind is not parameter.VAR_KEYWORD
    }


def numeric_parameters() -> list[Any]:
    """Every parameter that is a number, of every loss."""
    return [
        pytest.param(row, name, id=f"{row.name}-{name}")
        for row in ROWS.values()
        for name, default in own_parameters(row.function).items()
        if isinstance(default, (int, float)) and not isinstance(default, bool) and name not in row.arguments
    ]


# The table


def test_every_named_loss_is_in_the_table() -> None:
    """What is public beside the losses, such as a head or a schedule, is named by the loss that it belongs to."""
    losses = {name for name in xent.presets.__all__ if name.endswith(("Loss", "_loss"))}
    named = {row.function.__name__ for row in ROWS.values()} | {row.module.__name__ for row in ROWS.values()}
    assert losses <= named
    assert named <= set(xent.__all__)
    notes = " ".join(row.note for row in ROWS.values())
    assert {name for name in xent.presets.__all__ if name not in losses and name not in notes} == set()


def test_names_are_there_once() -> None:
    assert len(ROWS) == len(SOFTMAX) + len(SIGMOID)
    assert {row.link for row in SOFTMAX} == {"softmax"}
    assert {row.link for row in SIGMOID} == {"sigmoid"}


@EVERY_ROW
def test_a_row_is_filled_in(row: Row) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.name)
    assert row.title
    assert row.formula
    assert row.hand
    assert row.link_to_source.startswith("https://")
    for source in row.source.split("; "):
        assert re.fullmatch(r"[^,]+, .+, \d{4}", source), source
    for domain in row.parameters.values():
        assert domain.values
        assert domain.meaning


@EVERY_ROW
def test_its_parameters_are_those_of_function_and_module(row: Row) -> None:
    """Of a general function, those that the row sets need not be listed, and settings of the core may be."""
    ours, theirs = own_parameters(row.function), own_parameters(row.module)
    for name in (ours.keys() & theirs.keys()) - {"counts"}:
        assert ours[name] == theirs[name]
    # A module that learns as it goes may be told what a function has to be given.
    assert set(ours) <= set(theirs)
    assert {*theirs} - {*row.arguments} <= {*row.parameters} <= {*theirs, *row.arguments}
    assert [name for name in ours if name in row.parameters] == [name for name in row.parameters if name in ours]


@EVERY_ROW
def test_values_by_hand(row: Row) -> None:
    for hand in row.hand:
        assert row.computed(hand) == pytest.approx(hand.expected, rel=1e-9, abs=1e-15), hand.arithmetic


@EVERY_ROW
def test_the_line_of_code_makes_the_loss(row: Row) -> None:
    namespace = {"torch": torch, "xent": xent, "counts": COUNTS}
    exec(row.code(), namespace)
    made = namespace["criterion"].eval()
    assert type(made) is row.module
    assert_same(made(logits(), target_of(row)), function(row)(logits(), target_of(row)))


# Function and module


@EVERY_ROW
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_module_and_function_agree(row: Row, reduction: str) -> None:
    batch: dict[str, Any] = {"sample_weight": torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0, 1.0], dtype=torch.float64)}
    for given in ({}, batch, {"mask": torch.tensor([True, False, True, True, True, True])}):
        arguments = logits(), target_of(row)
        ours = value_and_gradient(function(row), *arguments, reduction=reduction, **given)
        assert_same(value_and_gradient(module(row, reduction=reduction), *arguments, **given), ours)


@EVERY_ROW
def test_a_module_can_be_copied_pickled_and_moved(row: Row) -> None:
    original = module(row)
    expected = value_and_gradient(original, logits(), target_of(row))
    for made in (copy.deepcopy(original), pickle.loads(pickle.dumps(original)), module(row).to(torch.float64)):
        assert_same(value_and_gradient(made, logits(), target_of(row)), expected)
        assert repr(made) == repr(original)


@EVERY_ROW
def test_a_state_dict_carries_what_the_counts_made(row: Row) -> None:
    original, other = module(row), module(row, COUNTS.flip(0))
    stored = io.BytesIO()
    torch.save(original.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored, weights_only=True))
    assert_same(other(logits(), target_of(row)), original(logits(), target_of(row)))


@EVERY_ROW
def test_repr_shows_the_settings_that_differ(row: Row) -> None:
    plain = repr(module(row))
    assert plain.startswith(f"{row.module.__name__}(")
    for name, value in own_parameters(row.function).items():
        if name not in row.arguments and isinstance(value, float):
            other = value * 0.875 if value else 0.5
            assert repr(module(row, **{name: other})) != plain, f"{name}={other} does not show: {plain}"


@pytest.mark.parametrize(("row", "name"), numeric_parameters())
def test_numbers_that_are_none_are_refused(row: Row, name: str) -> None:
    for wrong in (math.nan, math.inf, "much", True, torch.ones(2)):
        assert refused(name, function(row), logits(), target_of(row), **{name: wrong}), wrong
        assert refused(name, module, row, **{name: wrong}), wrong


@EVERY_ROW
def test_counts_that_are_none_are_refused(row: Row) -> None:
    if not row.takes_counts:
        return
    others = {name: value for name, value in row.arguments.items() if name != "counts"}
    for wrong in (
        torch.tensor([1.0, math.nan, 2.0, 3.0]),
        torch.tensor([1.0, -1.0, 2.0, 3.0]),
        COUNTS[:, None],
        "many",
    ):
        assert refused("counts", row.module, counts=wrong, **others), wrong
        assert refused("counts", row.function, logits(), target_of(row), counts=wrong, **others), wrong


@EVERY_ROW
def test_a_setting_that_is_none_is_refused(row: Row) -> None:
    assert refused("smoothing", function(row), logits(), target_of(row), smoothing=0.1)
    assert refused("smoothing", module, row, smoothing=0.1)


# Derivatives, precision and limits


@EVERY_ROW
def test_gradient(row: Row) -> None:
    def loss(input: Tensor) -> Tensor:
        return function(row)(input, target_of(row), reduction="none")

    is_derivative = torch.autograd.gradcheck(
        loss, logits(scale=1.0).requires_grad_(), fast_mode=True, raise_exception=False
    )
    assert is_derivative == (Trait.CONSTANT_PART not in row.traits)


@EVERY_ROW
@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, 2e-5), (torch.bfloat16, 3e-2), (torch.float16, 4e-3)])
def test_lower_precision_is_the_same_loss(row: Row, dtype: torch.dtype, digits: float) -> None:
    low = logits(dtype=dtype)
    value, gradient = value_and_gradient(function(row, COUNTS.float()), low, target_of(row, dtype))
    expected, expected_gradient = value_and_gradient(function(row), low.double(), target_of(row))
    assert gradient.dtype == dtype
    torch.testing.assert_close(value.double(), expected, rtol=digits, atol=digits)
    torch.testing.assert_close(gradient.double(), expected_gradient, rtol=digits, atol=digits)


@EVERY_ROW
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [30.0, 100.0, 1e4])
def test_extreme_logits_have_a_loss_and_a_gradient(row: Row, dtype: torch.dtype, size: float) -> None:
    """Certain of the right class, of a wrong one, of none, of all."""
    signs = torch.tensor(
        [[1.0, -1, -1, -1], [1, -1, -1, -1], [-1, 1, 1, -1], [1, 1, 1, 1], [-1, -1, -1, -1], [0, 0, 0, 1]]
    )
    value, gradient = value_and_gradient(
        function(row), (size * signs).to(dtype), target_of(row, dtype), reduction="none"
    )
    assert not value.isnan().any()
    assert value.isfinite().all()
    assert gradient.isfinite().all()


@EVERY_ROW
def test_a_class_that_is_out_of_the_softmax_has_no_part(row: Row) -> None:
    """Its logit is -inf, and it is not what the target wants."""
    input, target = logits(), target_of(row).clone()
    input[1, 0] = -math.inf
    if row.target == "teacher":
        target[1, 0] = -math.inf
    value, gradient = value_and_gradient(function(row), input, target, reduction="none")
    assert value.isfinite().all()
    assert gradient.isfinite().all()
    assert gradient[1, 0] == 0


@EVERY_ROW
def test_the_native_backend_serves_it(row: Row) -> None:
    answer = xent.info(function(row, COUNTS.float()), logits(dtype=torch.float32), target_of(row, torch.float32))
    assert answer.backend == "native", answer.reason


def test_the_batch_tells_classes_apart() -> None:
    """What the tests run over is not the same everywhere."""
    assert len(set(COUNTS.tolist())) == CLASSES
    assert logits().unique().numel() == logits().numel()
