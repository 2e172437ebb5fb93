"""What no single call shows: means over unequal batches that are added up, and an input that changes its kind."""

import warnings
from collections.abc import Callable, Sequence

import pytest
import torch
import torch.nn.functional as F

import xent
from xent.linter import RULES
from xent.watcher.history import Batch
from xent.watcher.rules.unequal_batches_averaged import ratio_of_weights

FEATURES, CLASSES = 6, 4


def torchs(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits, target)


def xents(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return xent.cross_entropy(logits, target)


def nll(log_probabilities: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.nll_loss(log_probabilities, target)


def accumulate(
    rows: Sequence[Sequence[int]],
    loss: Callable[..., torch.Tensor] = torchs,
    weight: Callable[[int, int], float] = lambda _rows, _all: 1.0,
    **watching: object,
) -> xent.Watch:
    """Train by gradient accumulation: for each step, batches of so many rows."""
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with warnings.catch_warnings(), xent.watch(**watching) as watched:
        warnings.simplefilter("ignore", xent.LintWarning)
        for step in rows:
            optimizer.zero_grad()
            for batch in step:
                target = torch.randint(CLASSES, (batch,))
                (loss(model(torch.randn(batch, FEATURES)), target) * weight(batch, sum(step))).backward()
            optimizer.step()
    return watched


UNEQUAL = [[8, 16, 32]] * 5


@pytest.mark.parametrize(
    "loss",
    [
        torchs,
        torch.nn.CrossEntropyLoss(),
        xents,
        xent.FocalLoss(),
        lambda z, y: F.nll_loss(z.log_softmax(1), y),
        lambda z, y: F.binary_cross_entropy_with_logits(z, F.one_hot(y, CLASSES).float()),
    ],
)
def test_means_of_unequal_batches_are_found(loss: Callable[..., torch.Tensor]) -> None:
    watched = accumulate(UNEQUAL, loss, select="XE601")
    assert watched.findings.codes == ("XE601",)
    scale = CLASSES if watched.findings[0].numbers["fewest"] == 8 * CLASSES else 1  # binary losses count elements
    assert dict(watched.findings[0].numbers) == {"batches": 3, "fewest": 8 * scale, "most": 32 * scale, "ratio": 4}


def test_ignored_rows_do_not_count() -> None:
    def padded(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        padding = torch.arange(len(target)) >= padded.lengths.pop(0)
        return F.cross_entropy(logits, target.masked_fill(padding, -100))

    padded.lengths = [4, 16] * 5
    found = accumulate([[16, 16]] * 5, padded, select="XE601").findings
    assert found[0].numbers["ratio"] == 4
    assert found[0].seen == (
        "an optimizer step adds up the means of 2 batches of 4 to 16 counted rows: "
        "a row in one of them weighs 4 times as much as in another"
    )


@pytest.mark.parametrize(
    ("rows", "arguments"),
    [
        ([[16, 16, 16]] * 5, {}),
        ([[16, 15, 16]] * 5, {}),  # a factor of 1.07
        ([[16]] * 3 + [[8], [32]], {}),  # one batch a step
        ([[16, 16], [16, 16], [16, 16], [16, 3]], {}),  # only the last of the epoch
        (UNEQUAL, {"loss": lambda z, y: F.cross_entropy(z, y, reduction="sum")}),
        (UNEQUAL, {"loss": lambda z, y: xent.cross_entropy(z, y, normalizer=56)}),
        (UNEQUAL, {"weight": lambda rows, all_rows: rows / all_rows}),
    ],
)
def test_what_is_right_stays_silent(rows: list[list[int]], arguments: dict) -> None:
    assert accumulate(rows, select="XE601", **arguments).findings == ()


def test_a_step_that_was_left_out_is_not_accumulation() -> None:
    """A gradient scaler leaves out steps that overflow: the gradients are cleared, and the next batch is another."""
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with xent.watch(select="XE601") as watched:
        for number, rows in enumerate([8, 32, 16, 64] * 3):
            optimizer.zero_grad(set_to_none=number % 2 == 0)
            F.cross_entropy(model(torch.randn(rows, FEATURES)), torch.randint(CLASSES, (rows,))).backward()
            if number % 3 == 0:
                optimizer.step()
    assert watched.findings == ()


def test_parts_of_one_loss_are_not_batches() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with xent.watch(select="XE601") as watched:
        for _ in range(5):
            optimizer.zero_grad()
            parts = [
                F.cross_entropy(model(torch.randn(rows, FEATURES)), torch.randint(CLASSES, (rows,))) for rows in (8, 32)
            ]
            sum(parts).backward()
            optimizer.step()
    assert watched.findings == ()


def test_ratio_by_hand() -> None:
    # Weights of a row: 1/8, 1/32, 2/32; 1/8 is 4 times 1/32. A batch without rows says nothing.
    assert ratio_of_weights((Batch(8, 1.0), Batch(32, 1.0), Batch(32, 2.0), Batch(0, 1.0))) == 4
    assert ratio_of_weights((Batch(8, 1.0), Batch(32, None))) == 1


def inputs(*kinds: str) -> list[torch.Tensor]:
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES)
    made = {"logits": lambda z: z, "softmax": lambda z: z.softmax(1), "sigmoid": torch.sigmoid, "log": F.log_softmax}
    return [made[kind](model(3 * torch.randn(16, FEATURES))) for kind in kinds]


def kinds_seen(loss: Callable[..., torch.Tensor], given: list[torch.Tensor]) -> xent.Watch:
    target = torch.randint(CLASSES, (16,))
    with warnings.catch_warnings(), xent.watch(select="XE602", every=1) as watched:
        warnings.simplefilter("ignore", xent.LintWarning)
        for one in given:
            loss(one, target)
    return watched


def bce(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, F.one_hot(target, CLASSES).float())


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        (torchs, inputs("logits", "logits", "softmax")),
        (torchs, [one.detach() for one in inputs("softmax", "logits")]),
        (xent.LDAMLoss([10, 5, 3, 2]), inputs("logits", "softmax")),
        (bce, inputs("sigmoid", "logits")),
        (nll, [z.log() if i else z for i, z in enumerate(inputs("softmax", "softmax"))]),
    ],
)
def test_a_changing_kind_is_found(loss: Callable[..., torch.Tensor], given: list[torch.Tensor]) -> None:
    found = kinds_seen(loss, given).findings
    assert found.codes == ("XE602",)
    assert sum(found[0].numbers.values()) == len(given)
    assert found[0].seen.startswith(f"of {len(given)} calls that were looked at, the input was ")


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        (torchs, inputs("logits", "logits")),
        (torchs, inputs("softmax", "softmax")),
        (torchs, [*inputs("logits"), torch.full((16, CLASSES), torch.nan)]),
        (bce, [torch.rand(16, CLASSES), torch.randn(16, CLASSES)]),  # logits may happen to lie in [0, 1]
        (nll, [z.log() for z in inputs("softmax", "softmax")]),
    ],
)
def test_the_same_kind_stays_silent(loss: Callable[..., torch.Tensor], given: list[torch.Tensor]) -> None:
    assert kinds_seen(loss, given).findings == ()


@pytest.mark.parametrize("code", ["XE601", "XE602"])
def test_the_rules_are_registered_as_others_are(code: str) -> None:
    rule = RULES[code]
    assert rule.over_time
    assert rule.summary.endswith(".")
    assert rule.why
    assert rule.told_by
    compile(rule.fix, code, "exec")


def test_the_fix_for_unequal_batches_gives_the_gradient_of_all_rows() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    batches = [(torch.randn(n, FEATURES).double(), torch.randint(CLASSES, (n,))) for n in (8, 16, 32)]
    x, target = (torch.cat(parts) for parts in zip(*batches, strict=True))
    F.cross_entropy(model(x), target).backward()
    expected = model.weight.grad.clone()
    optimizer.zero_grad()
    exec(RULES["XE601"].fix, {"torch": torch, "xent": xent, "model": model, "batches": batches, "optimizer": optimizer})
    torch.testing.assert_close(model.weight.grad, expected)
