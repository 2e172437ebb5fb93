"""Losses and gradients where rounding, overflow or infinity spoil them, against the truth in 80 digits.

    python -m tests.hard_numbers              every case and dtype: errors in multiples of the contract's bound
    python -m tests.hard_numbers --markdown   the same, one line a case, as docs/accuracy.md has it
    python -m tests.hard_numbers --instruction-set avx2   the kernels for that one, not those for the best

Inputs are rounded to the dtype first; the truth is that of the rounded inputs.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from torch import Tensor

import xent
from tests import oracle
from tests.backends import instruction_set
from tests.contract import bound, multiples
from xent.backends import native

INF, NAN = math.inf, math.nan
IGNORE = -100
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
CE, LOGITS, PROBABILITIES = (
    "cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy",
)


@dataclass(frozen=True)
class Case:
    """A call with few distinct numbers: ``tile`` repeats it along (rows, classes). Lists of ints are class indices."""

    name: str
    loss: str
    input: list
    target: list
    tile: tuple[int, int] = (1, 1)
    weight: list | None = None
    pos_weight: list | None = None
    label_smoothing: float = 0.0
    gamma: float = 0.0
    reduction: str = "mean"


@dataclass(frozen=True)
class Result:
    """Largest errors of loss and gradient in multiples of the contract's bound."""

    loss: float
    gradient: float

    @property
    def worst(self) -> float:
        """The larger of the two."""
        return max(self.loss, self.gradient)

    @property
    def holds(self) -> bool:
        """Whether both are within the contract."""
        return self.loss <= 1.0 and self.gradient <= 1.0  # not so of nan


Row: TypeAlias = tuple[Case, str, Result, Result]  # case, dtype, xent, torch

LEADS = (8, 10, 12, 17, 20, 30, 40, 60, 80, 100)

# C = 128256 is the vocabulary of Llama 3; 70000 rows are more than the largest float16 number, 65504.
VOCABULARY, ROWS = (1, 32064), (17500, 1)

CROSS_ENTROPY = (
    *(Case(f"lead of {lead} at the target", CE, [[lead, 0, 0]], [0]) for lead in LEADS),
    *(Case(f"lead of {lead} against the target", CE, [[lead, 0, 1]], [1]) for lead in (8, 17, 40, 100)),
    *(
        Case(f"lead of {lead}, one-hot probabilities", CE, [[lead, 0, 0]], [[1.0, 0.0, 0.0]])
        for lead in (8, 17, 40, 100)
    ),
    *(Case(f"lead of {lead}, class weights", CE, [[lead, 0, 0]], [0], weight=[3, 1, 2]) for lead in (8, 17, 40)),
    *(
        Case(f"lead of {lead}, label smoothing 0.1", CE, [[lead, 0, 0]], [0], label_smoothing=0.1)
        for lead in (8, 17, 40, 100)
    ),
    *(
        Case(f"lead of {lead}, focal gamma {gamma}", CE, [[lead, 0, 0]], [0], gamma=gamma)
        for lead in (8, 17)
        for gamma in (0.5, 2)
    ),
    Case("focal gamma 2 against the target", CE, [[0, 12, 3]], [0], gamma=2),
    Case("mixed leads, weighted mean", CE, [[17, 0, 0], [0, 12, 1], [2, 1, 9]], [0, 1, 2], weight=[1, 5, 2]),
    Case("logits at 1e4 and -1e4, at the target", CE, [[1e4, -1e4, 0]], [0]),
    Case("logits at 1e4 and -1e4, against the target", CE, [[1e4, -1e4, 0]], [1]),
    Case("logits at 1e4 and -1e4, probabilities", CE, [[1e4, -1e4, 0]], [[0.5, 0.25, 0.25]]),
    Case("common offset of 1e4", CE, [[1e4 + 1, 1e4 + 2, 1e4 + 64]], [1]),
    Case("common offset of -1e4", CE, [[-1e4 + 1, -1e4 + 9, -1e4 + 64]], [2]),
    Case("-inf at the target", CE, [[1, -INF, 2]], [1]),
    Case("-inf at a non-target", CE, [[1, -INF, 2]], [0]),
    Case("-inf at a non-target, one-hot probabilities", CE, [[1, -INF, 2]], [[1.0, 0.0, 0.0]]),
    Case("-inf at a non-target, soft probabilities", CE, [[1, -INF, 2]], [[0.75, 0.0, 0.25]]),
    Case("-inf at a non-target, label smoothing", CE, [[1, -INF, 2]], [0], label_smoothing=0.1),
    Case("-inf in an ignored row", CE, [[-INF, -INF, -INF], [1, 0, 2]], [IGNORE, 0]),
    Case("NaN in an ignored row", CE, [[NAN, 1, 2], [1, 0, 2]], [IGNORE, 0]),
    Case("NaN in an ignored row, label smoothing", CE, [[NAN, 1, 2], [1, 0, 2]], [IGNORE, 0], label_smoothing=0.1),
    Case("all rows ignored", CE, [[1, 0, 2], [3, 4, 5]], [IGNORE, IGNORE]),
    Case("only -inf, not ignored", CE, [[-INF, -INF, -INF]], [1]),
    Case("inf at the target", CE, [[INF, 1, 2]], [0]),
    Case("inf at a non-target", CE, [[INF, 1, 2]], [1]),
    Case("all but the target removed", CE, [[-INF, 3, -INF]], [1]),
    Case("one class", CE, [[5]], [0]),
    Case("one class, -inf", CE, [[-INF]], [0]),
    Case("near-uniform, C = 128256", CE, [[0, 0.25, -0.25, 0.5]], [1], tile=VOCABULARY),
    Case("near-uniform, C = 128256, smoothing", CE, [[0, 0.25, -0.25, 0.5]], [1], tile=VOCABULARY, label_smoothing=0.1),
    Case("lead of 17, C = 128256", CE, [[17, *[-17] * 11]], [0], tile=(1, 10688)),
    Case("mean over 70000 rows", CE, [[0, 1, 2], [2, 1, 0], [0, 0, 4], [9, 0, 1]], [0, 1, 2, 0], tile=ROWS),
    Case("mean over 70000 rows, lead of 12", CE, [[12, 0], [0, 12], [13, 0], [11, 0]], [0, 1, 0, 0], tile=ROWS),
    Case(
        "mean over 70000 rows, probabilities",
        CE,
        [[0, 1], [2, 1], [0, 4], [9, 0]],
        [[0.5, 0.5], [1.0, 0.0], [0.25, 0.75], [0.0, 1.0]],
        tile=ROWS,
    ),
    Case(
        "sum over 4000 rows, lead of 9", CE, [[9, 0], [0, 9], [10, 0], [8, 0]], [0, 1, 0, 0], (1000, 1), reduction="sum"
    ),
    Case("every row, leads of 6 to 20", CE, [[6, 0], [10, 0], [15, 0], [20, 0]], [0, 0, 0, 0], reduction="none"),
)

BINARY_LOGITS = (
    *(Case(f"x = {lead}, y = 1", LOGITS, [[lead]], [[1.0]]) for lead in LEADS),
    *(Case(f"x = -{lead}, y = 0", LOGITS, [[-lead]], [[0.0]]) for lead in LEADS),
    *(Case(f"x = {lead}, y = 0", LOGITS, [[lead]], [[0.0]]) for lead in (8, 17, 40, 100)),
    *(Case(f"x = {lead}, y = 0.25", LOGITS, [[lead]], [[0.25]]) for lead in (-40, -8, 8, 40)),
    *(Case(f"x = {lead}, y = 1, pos_weight 3", LOGITS, [[lead]], [[1.0]], pos_weight=[3]) for lead in (8, 17, 40)),
    Case("x = 1e4 and -1e4 on the right side", LOGITS, [[1e4, -1e4]], [[1.0, 0.0]]),
    Case("x = 1e4 and -1e4 on the wrong side", LOGITS, [[1e4, -1e4]], [[0.0, 1.0]]),
    Case("x = -inf, y = 0", LOGITS, [[-INF]], [[0.0]]),
    Case("x = -inf, y = 1", LOGITS, [[-INF]], [[1.0]]),
    Case("x = inf, y = 1", LOGITS, [[INF]], [[1.0]]),
    Case("x = inf, y = 0", LOGITS, [[INF]], [[0.0]]),
    Case("negatives in (-8, -4), 70000 rows", LOGITS, [[-4.5], [-5.5], [-6.5], [-7.5]], [[0.0]] * 4, tile=ROWS),
    Case("positives in (4, 8), 70000 rows", LOGITS, [[4.5], [5.5], [6.5], [7.5]], [[1.0]] * 4, tile=ROWS),
    Case("weights 5 and 0", LOGITS, [[-9, 3]], [[0.0, 1.0]], weight=[5, 0]),
    Case("every element, x = -4 to -20", LOGITS, [[-4, -8, -12, -20]], [[0.0] * 4], reduction="none"),
)

# 2^-24 below one, the largest float32 below it; in bf16 and fp16 it rounds to one.
ALMOST_ONE = 1 - 2.0**-24
BINARY_PROBABILITIES = (
    *(Case(f"p = {p:.0e}, y = 1", PROBABILITIES, [[p]], [[1.0]]) for p in (1e-3, 1e-7, 1e-20, 1e-37)),
    *(Case(f"p = {p:.0e}, y = 0", PROBABILITIES, [[p]], [[0.0]]) for p in (1e-3, 1e-7, 1e-13, 1e-37)),
    Case("p = 1 - 2^-24, y = 1", PROBABILITIES, [[ALMOST_ONE]], [[1.0]]),
    Case("p = 1 - 2^-24, y = 0", PROBABILITIES, [[ALMOST_ONE]], [[0.0]]),
    Case("p = 1 - 2^-8, y = 1", PROBABILITIES, [[1 - 2.0**-8]], [[1.0]]),
    Case("p = 1 - 2^-8, y = 0", PROBABILITIES, [[1 - 2.0**-8]], [[0.0]]),
    Case("p = 0, y = 0", PROBABILITIES, [[0]], [[0.0]]),
    Case("p = 0, y = 1", PROBABILITIES, [[0]], [[1.0]]),
    Case("p = 1, y = 1", PROBABILITIES, [[1]], [[1.0]]),
    Case("p = 1, y = 0", PROBABILITIES, [[1]], [[0.0]]),
    Case("p = 0.5, y = 0.25", PROBABILITIES, [[0.5]], [[0.25]]),
    Case(
        "mean over 70000 rows", PROBABILITIES, [[0.25], [0.5], [0.01], [0.99]], [[0.0], [1.0], [0.0], [1.0]], tile=ROWS
    ),
)

CASES = (*CROSS_ENTROPY, *BINARY_LOGITS, *BINARY_PROBABILITIES)


def entries() -> Iterator[tuple[Case, str]]:
    """Every case in every dtype."""
    return ((case, dtype) for case in CASES for dtype in DTYPES)


def truth(case: Case, dtype: str) -> oracle.Truth:
    """Loss and gradient in 80 digits, of the inputs as ``dtype`` has them."""
    return _call(case, oracle, _arguments(case, DTYPES[dtype]))


def measure(case: Case, dtype: str, library: ModuleType, truth: oracle.Truth) -> Result:
    """Errors of a library, xent or torch.nn.functional."""
    arguments = _arguments(case, DTYPES[dtype])
    input = arguments["input"].requires_grad_()
    loss = _call(case, library, arguments)
    loss.sum().backward()
    of_loss = bound(truth.loss_size, truth.loss_slack, loss.dtype)
    of_gradient = bound(truth.gradient_size, truth.gradient_slack, input.dtype)
    return Result(
        float(multiples(loss, truth.loss, of_loss).max()),
        float(multiples(input.grad, truth.gradient, of_gradient).max()),
    )


def _arguments(case: Case, dtype: torch.dtype) -> dict[str, Tensor]:
    indexed = not isinstance(case.target[0], list)
    rows, classes = case.tile
    target = torch.tensor(case.target) if indexed else torch.tensor(case.target, dtype=dtype)
    arguments = {
        "input": torch.tensor(case.input, dtype=dtype).repeat(rows, classes),
        "target": target.repeat(rows) if indexed else target.repeat(rows, classes),
    }
    for name in ("weight", "pos_weight"):
        if getattr(case, name) is not None:
            arguments[name] = torch.tensor(getattr(case, name), dtype=dtype)
    return arguments


def _call(case: Case, library: ModuleType, arguments: dict[str, Tensor]) -> Tensor:
    loss: Callable[..., Tensor] = getattr(library, case.loss)
    settings: dict[str, object] = {"reduction": case.reduction}
    if case.label_smoothing:
        settings["label_smoothing"] = case.label_smoothing
    if case.gamma and library is F:
        return _torch_focal(arguments, case.gamma)
    if case.gamma:
        settings["event"] = xent.Event(gamma=case.gamma)
    return loss(**arguments, **settings)


def _torch_focal(arguments: dict[str, Tensor], gamma: float) -> Tensor:
    """Focal loss as it is commonly written with torch, which has none."""
    loss = F.cross_entropy(**arguments, reduction="none")
    return ((1 - torch.exp(-loss)) ** gamma * loss).mean()


def _table(rows: list[Row]) -> Iterator[str]:
    """One line for every case and dtype."""
    yield f"{'loss':<34} {'case':<50} {'dtype':<5} {'xent loss':>10} {'gradient':>9} {'torch loss':>11} {'gradient':>9}"
    for case, dtype, ours, theirs in rows:
        yield (
            f"{case.loss:<34} {case.name:<50} {dtype:<5} {_number(ours.loss):>10} {_number(ours.gradient):>9}"
            f" {_number(theirs.loss):>11} {_number(theirs.gradient):>9}"
        )


def _markdown(rows: list[Row]) -> Iterator[str]:
    """One line for every case: the larger error of loss and gradient, for each dtype."""
    dtypes = [f"{library} {dtype}" for library in ("xent", "torch") for dtype in DTYPES]
    yield f"| Loss | Case | {' | '.join(dtypes)} |"
    yield f"|---|---|{'---:|' * len(dtypes)}"
    for start in range(0, len(rows), len(DTYPES)):
        group = rows[start : start + len(DTYPES)]
        case = group[0][0]
        numbers = [_number(row[column].worst) for column in (2, 3) for row in group]
        numbers = [number if float(number) <= 1 else f"**{number}**" for number in numbers]
        yield f"| `{case.loss}` | {case.name} | {' | '.join(numbers)} |"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0e}"


def _summary(rows: list[Row]) -> str:
    ours, theirs = (sum(row[column].holds for row in rows) for column in (2, 3))
    return f"xent: {ours} of {len(rows)} within the contract; torch: {theirs} of {len(rows)}"


def _measured() -> list[Row]:
    """Errors of xent and of torch in every case and dtype."""
    rows = []
    for case, dtype in track(list(entries()), "Measuring", console=Console(stderr=True), transient=True):
        exact = truth(case, dtype)
        rows.append((case, dtype, measure(case, dtype, xent, exact), measure(case, dtype, F, exact)))
    return rows


def main() -> None:
    """Print the table and the summary; exit with 1 if xent misses any."""
    parser = argparse.ArgumentParser(prog="python -m tests.hard_numbers", description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="one line a case, as a Markdown table")
    state = native.state()
    if state.supported:
        help_text = "have the kernels for it compute; by default the best"
        parser.add_argument("--instruction-set", choices=state.supported, default=state.instruction_set, help=help_text)
    options = parser.parse_args()
    with instruction_set(options.instruction_set) if state.supported else nullcontext():
        rows = _measured()
    for line in _markdown(rows) if options.markdown else _table(rows):
        print(line)
    print()
    print(_summary(rows))
    raise SystemExit(not all(ours.holds for _, _, ours, _ in rows))


if __name__ == "__main__":
    main()
