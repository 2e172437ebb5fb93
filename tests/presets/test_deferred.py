"""Deferred re-weighting: plain before its epoch, weighted from it on, for any criterion, and resumed as it was."""

import copy
import io
import pickle
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import xent
from xent.presets import DeferredReweighting, LDAMLoss

LOGITS = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0], [0.0, 0.0, 0.3], [0.1, 0.2, 0.4]])
LABELS = torch.tensor([0, 1, 2, 2])
TAGS = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
WEIGHT = torch.tensor([0.2, 1.0, 4.0])
COUNTS = [100, 20, 5]

CRITERIA: dict[str, Callable[[Tensor | None], torch.nn.Module]] = {
    "torch": lambda weight: torch.nn.CrossEntropyLoss(weight=weight),
    "xent": lambda weight: xent.CrossEntropyLoss(weight=weight, label_smoothing=0.1),
    "ldam": lambda weight: LDAMLoss(COUNTS, weight=weight),
    "nll": lambda weight: torch.nn.NLLLoss(weight=weight),
}


def saved(module: torch.nn.Module) -> dict[str, Tensor]:
    """The state as a checkpoint brings it back."""
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    state: dict[str, Tensor] = torch.load(file, weights_only=True)
    return state


@pytest.mark.parametrize("name", CRITERIA)
def test_plain_before_start_and_weighted_from_it_on(name: str) -> None:
    plain, weighted = CRITERIA[name](None)(LOGITS, LABELS), CRITERIA[name](WEIGHT)(LOGITS, LABELS)
    assert plain != weighted
    criterion = DeferredReweighting(CRITERIA[name](None), start=2, weight=WEIGHT)
    for epoch, expected in enumerate((plain, plain, weighted, weighted)):
        assert (criterion.epoch, criterion.is_weighted) == (epoch, epoch >= 2)
        assert criterion(LOGITS, LABELS) == expected
        criterion.step()


@pytest.mark.parametrize("module", [torch.nn.BCEWithLogitsLoss, xent.BCEWithLogitsLoss])
def test_the_positive_weight_of_a_multi_label_loss(module: type[torch.nn.Module]) -> None:
    criterion = DeferredReweighting(module(), start=1, pos_weight=WEIGHT)
    assert criterion(LOGITS, TAGS) == module()(LOGITS, TAGS)
    criterion.step()
    assert criterion(LOGITS, TAGS) == module(pos_weight=WEIGHT)(LOGITS, TAGS)
    assert criterion.criterion.weight is None


def test_both_weights_of_a_multi_label_loss() -> None:
    criterion = DeferredReweighting(xent.BCEWithLogitsLoss(), start=0, weight=WEIGHT, pos_weight=WEIGHT.flip(0))
    expected = torch.nn.BCEWithLogitsLoss(weight=WEIGHT, pos_weight=WEIGHT.flip(0))(LOGITS, TAGS)
    torch.testing.assert_close(criterion(LOGITS, TAGS), expected)


def test_what_the_criterion_had_before_it_has_until_start() -> None:
    early = torch.tensor([0.5, 1.0, 2.0])
    criterion = DeferredReweighting(torch.nn.CrossEntropyLoss(weight=early), start=1, weight=WEIGHT)
    assert criterion(LOGITS, LABELS) == torch.nn.CrossEntropyLoss(weight=early)(LOGITS, LABELS)
    criterion.set_epoch(5)
    assert criterion(LOGITS, LABELS) == torch.nn.CrossEntropyLoss(weight=WEIGHT)(LOGITS, LABELS)
    criterion.set_epoch(0)
    assert criterion(LOGITS, LABELS) == torch.nn.CrossEntropyLoss(weight=early)(LOGITS, LABELS)


def test_arguments_of_the_call_reach_the_criterion() -> None:
    mask = torch.tensor([True, False, True, False])
    criterion = DeferredReweighting(xent.CrossEntropyLoss(), start=0, weight=WEIGHT)
    expected = xent.cross_entropy(LOGITS, LABELS, weight=WEIGHT, mask=mask, normalizer=7.0)
    assert criterion(LOGITS, target=LABELS, mask=mask, normalizer=7.0) == expected


@pytest.mark.parametrize("epoch", [0, 1, 3])
@pytest.mark.parametrize("name", CRITERIA)
def test_a_resumed_run_goes_on_where_it_was(name: str, epoch: int) -> None:
    """The module that takes up the state stands at another epoch, with other weights."""
    criterion = DeferredReweighting(CRITERIA[name](None), start=2, weight=WEIGHT)
    criterion.set_epoch(epoch)
    for stands_at in (0, 4):
        resumed = DeferredReweighting(CRITERIA[name](None), start=2, weight=torch.ones(3))
        resumed.set_epoch(stands_at)
        resumed.load_state_dict(saved(criterion))
        for _ in range(3):
            assert resumed.epoch == criterion.epoch
            assert resumed(LOGITS, LABELS) == criterion(LOGITS, LABELS)
            resumed.step()
            criterion.step()
        criterion.set_epoch(epoch)


def test_a_state_within_that_of_a_larger_module() -> None:
    def make() -> torch.nn.Module:
        early = torch.tensor([3.0, 2.0, 1.0])
        criterion = DeferredReweighting(torch.nn.CrossEntropyLoss(weight=early), start=1, weight=WEIGHT)
        return torch.nn.ModuleDict({"criterion": criterion})

    trained, resumed = make(), make()
    trained["criterion"].step()
    resumed.load_state_dict(saved(trained))
    assert resumed["criterion"](LOGITS, LABELS) == trained["criterion"](LOGITS, LABELS)
    assert resumed["criterion"].is_weighted


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
@pytest.mark.parametrize("epoch", [0, 2])
def test_copies_are_independent(copied: Callable[[torch.nn.Module], torch.nn.Module], epoch: int) -> None:
    criterion = DeferredReweighting(torch.nn.CrossEntropyLoss(), start=1, weight=WEIGHT)
    criterion.set_epoch(epoch)
    copy_of = copied(criterion)
    assert copy_of.epoch == epoch
    assert copy_of(LOGITS, LABELS) == criterion(LOGITS, LABELS)
    criterion.set_epoch(2 - epoch)
    assert copy_of.epoch == epoch
    assert copy_of(LOGITS, LABELS) != criterion(LOGITS, LABELS)


def test_a_dtype_reaches_the_weights_of_either_stage() -> None:
    early = torch.tensor([3.0, 2.0, 1.0])
    criterion = DeferredReweighting(torch.nn.CrossEntropyLoss(weight=early), start=1, weight=WEIGHT).double()
    for weight in (early, WEIGHT):
        expected = torch.nn.CrossEntropyLoss(weight=weight.double())(LOGITS.double(), LABELS)
        assert criterion(LOGITS.double(), LABELS) == expected
        criterion.step()


def test_shown_with_where_it_stands() -> None:
    criterion = DeferredReweighting(torch.nn.CrossEntropyLoss(), start=160, weight=WEIGHT)
    criterion.step()
    assert "start=160, epoch=1" in repr(criterion)
    assert "(criterion): CrossEntropyLoss()" in repr(criterion)


def test_compiled_before_and_after() -> None:
    torch.compiler.reset()
    criterion = DeferredReweighting(xent.CrossEntropyLoss(), start=1, weight=WEIGHT)
    compiled = torch.compile(lambda z: criterion(z, LABELS), fullgraph=True, backend="aot_eager")
    for _ in range(2):
        torch.testing.assert_close(compiled(LOGITS), criterion(LOGITS, LABELS))
        criterion.step()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((xent.cross_entropy, 1, {"weight": WEIGHT}), TypeError, "`criterion` must be a loss module, not function"),
        (
            (torch.nn.MSELoss(), 1, {"weight": WEIGHT}),
            TypeError,
            "`criterion` must have a buffer `weight` (None is fine), and MSE",
        ),
        ((torch.nn.Linear(2, 2), 1, {"weight": WEIGHT}), TypeError, "`criterion` must have a buffer `weight`"),
        (
            (xent.CrossEntropyLoss(), 1, {"pos_weight": WEIGHT}),
            TypeError,
            "`criterion` must have a buffer `pos_weight`",
        ),
        ((xent.CrossEntropyLoss(), 1, {}), TypeError, "nothing to defer. Pass `weight`"),
        ((xent.CrossEntropyLoss(), 1, {"weight": COUNTS}), TypeError, "`weight` must be a tensor, not list"),
        (
            (xent.CrossEntropyLoss(), 1, {"weight": torch.tensor(COUNTS)}),
            TypeError,
            "`weight` must be floating point, got torch.int64",
        ),
        (
            (xent.CrossEntropyLoss(), 1, {"weight": WEIGHT.clone().requires_grad_()}),
            ValueError,
            "no gradient is formed for `weight`. Pass weight.detach()",
        ),
        ((xent.CrossEntropyLoss(), -1, {"weight": WEIGHT}), ValueError, "`start` must be at least 0, got -1"),
        ((xent.CrossEntropyLoss(), 1.5, {"weight": WEIGHT}), TypeError, "`start` must be a whole number, not float"),
        ((xent.CrossEntropyLoss(), True, {"weight": WEIGHT}), TypeError, "`start` must be a whole number, not bool"),
    ],
)
def test_refused(arguments: tuple, error: type[Exception], message: str) -> None:
    criterion, start, weights = arguments
    with pytest.raises(error, match=re.escape(f"DeferredReweighting: {message}")):
        DeferredReweighting(criterion, start, **weights)


@pytest.mark.parametrize(("epoch", "error"), [(-1, ValueError), (1.0, TypeError), (None, TypeError)])
def test_an_epoch_that_is_none(epoch: object, error: type[Exception]) -> None:
    criterion = DeferredReweighting(xent.CrossEntropyLoss(), 1, weight=WEIGHT)
    with pytest.raises(error, match="DeferredReweighting: `epoch` must be"):
        criterion.set_epoch(epoch)
    assert criterion.epoch == 0


@pytest.mark.parametrize("logits", [torch.zeros(4, 5), torch.zeros(4, 5, 2)])
def test_weights_of_other_classes_are_refused_before_they_come_into_force(logits: Tensor) -> None:
    criterion = DeferredReweighting(xent.CrossEntropyLoss(), 100, weight=WEIGHT)
    with pytest.raises(ValueError, match=r"`weight` must hold one number for each class of `input` \(4, 5.*, got 3"):
        criterion(logits, torch.zeros(logits[:, 0].shape, dtype=torch.int64))
