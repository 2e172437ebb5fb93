"""One training: the same recipe for every loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import torch
from torch import nn

from xent.compare.data import Split
from xent.compare.recipe import Recipe
from xent.presets import DeferredReweighting


def train(model: nn.Module, criterion: nn.Module, rows: Split, recipe: Recipe, seed: int) -> float:
    """Train ``model`` in place; the order of the batches, and what a loss draws, depend on ``seed`` alone.

    Returns:
        The median time of a step (forward, loss, backward, update), in seconds.
    """
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )
    order = torch.Generator().manual_seed(seed)
    seconds = []
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(recipe.epochs):
            for batch in _batches(len(rows.train_target), recipe.batch_size, order):
                start = perf_counter()
                loss = criterion(model(rows.train_features[batch]), rows.train_target[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seconds.append(perf_counter() - start)
            if isinstance(criterion, DeferredReweighting):
                criterion.step()
    model.eval()
    return median(seconds)


def _batches(rows: int, size: int, order: torch.Generator) -> Iterator[torch.Tensor]:
    shuffled = torch.randperm(rows, generator=order)
    for start in range(0, rows, size):
        yield shuffled[start : start + size]


@contextmanager
def one_thread() -> Iterator[None]:
    """Pin torch to one thread: at (32, 64) a step is over before a second thread has woken up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
