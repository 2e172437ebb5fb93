"""What a watch costs: training steps that are watched and steps that are not, in turns, one by one.

Run it as ``python -m xent.watcher.cost``. A step that is watched and not looked at shows what counting costs, as the
lower quartile over many steps, which looks do not move. What the looks take is the watch's own account of the time.
Both together are the cost. The first three looks have no budget: a short training pays more for them.
"""

import argparse
from collections.abc import Callable
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import NamedTuple

import torch

from xent.watcher.observing import ACTIVE
from xent.watcher.watching import watch

# Groups of steps, each of which gives a ratio: their quartiles say how sure it is.
GROUPS = 10

Step = Callable[[], None]


class Training(NamedTuple):
    """Sizes of a training."""

    name: str
    rows: int
    features: int
    hidden: int
    classes: int


TRAININGS = (
    Training("MLP, batch 64, 10 classes", 64, 64, 128, 10),
    Training("MLP, batch 1024, 1000 classes", 1024, 64, 128, 1000),
)


class Cost(NamedTuple):
    """What was measured.

    Attributes:
        milliseconds: A step that is not watched, the median.
        ratio: A step that is watched by one that is not: the quartiles over the groups.
        looks: Calls that were looked at.
        share: What the looks took of the time.
    """

    milliseconds: float
    ratio: tuple[float, float, float]
    looks: int
    share: float

    @property
    def total(self) -> float:
        """All that the watch adds to a step, as a share of it."""
        return self.ratio[1] - 1 + self.share


def step_of(training: Training) -> Step:
    """A step of a training, which goes on with every call."""
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(training.features, training.hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(training.hidden, training.classes),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    criterion = torch.nn.CrossEntropyLoss()
    x = torch.randn(training.rows, training.features, generator=generator)
    target = torch.randint(training.classes, (training.rows,), generator=generator)

    def step() -> None:
        loss = criterion(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def measure(step: Step, seconds: float) -> Cost:
    """Time a step with and without a watch.

    Args:
        step: A training step.
        seconds: How long, both together.
    """
    watched = watch()
    pairs: list[tuple[float, float]] = []
    start, draw = perf_counter(), Random(0)
    with watched:
        while perf_counter() - start < seconds or len(pairs) < 2 * GROUPS:
            times = {}
            for is_on in draw.sample((False, True), 2):
                ACTIVE.watches = (watched,) if is_on else ()  # a nap goes on
                times[is_on] = _seconds(step)
            pairs.append((times[True], times[False]))
        ACTIVE.watches = (watched,)
    lower, ratio, upper = quantiles([_ratio(pairs[group::GROUPS]) for group in range(GROUPS)])
    return Cost(median(plain for _, plain in pairs) * 1e3, (lower, ratio, upper), watched.looks, watched.share)


def _ratio(pairs: list[tuple[float, float]]) -> float:
    """Of the lower quartiles: what else runs on the machine only adds to a step."""
    watched = quantiles([watched for watched, _ in pairs])[0]
    plain: float = quantiles([plain for _, plain in pairs])[0]
    return watched / plain


def _seconds(step: Step) -> float:
    start = perf_counter()
    step()
    return perf_counter() - start


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description="What xent.watch costs in a training.")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each training")
    seconds = parser.parse_args().seconds
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {seconds:g} s each")
    print("\n| training | a step | watched / not: median | quartiles | looks | their share | together |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for training in TRAININGS:
        cost = measure(step_of(training), seconds)
        lower, ratio, upper = cost.ratio
        print(
            f"| {training.name} | {cost.milliseconds:.3g} ms | {ratio:.4f} | {lower:.4f} to {upper:.4f} "
            f"| {cost.looks} | {cost.share:.1%} | {cost.total:+.1%} |"
        )


if __name__ == "__main__":
    main()
