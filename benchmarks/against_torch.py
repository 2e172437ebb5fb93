"""Time of xent.cross_entropy as a multiple of torch's.

    OMP_WAIT_POLICY=passive python benchmarks/against_torch.py

Both are run alternately in one process, so that what else the machine does hits both; printed are the median of the
ratios of neighbours, and their quartiles.
"""

import statistics
from collections.abc import Callable
from time import perf_counter

import torch
import torch.nn.functional as F

import xent

SHAPES = ((32, 10), (4096, 1000), (65536, 100), (256, 128256))
ROUNDS = 25


def forward(loss: Callable[..., torch.Tensor], logits: torch.Tensor, target: torch.Tensor) -> None:
    """The loss alone."""
    with torch.no_grad():
        loss(logits, target)


def forward_backward(loss: Callable[..., torch.Tensor], logits: torch.Tensor, target: torch.Tensor) -> None:
    """The loss and the gradient in the logits."""
    logits.grad = None
    loss(logits, target).backward()


def seconds(job: Callable[..., None], *arguments: object) -> float:
    """Time of one run."""
    start = perf_counter()
    job(*arguments)
    return perf_counter() - start


def main() -> None:
    """Print a line for each shape and job."""
    torch.manual_seed(0)
    print(f"{torch.get_num_threads()} threads, float32; time of xent / time of torch {torch.__version__}")
    for rows, classes in SHAPES:
        logits = torch.randn(rows, classes, requires_grad=True)
        target = torch.randint(classes, (rows,))
        for job in (forward, forward_backward):
            ratios = [
                seconds(job, xent.cross_entropy, logits, target) / seconds(job, F.cross_entropy, logits, target)
                for _ in range(ROUNDS + 1)
            ][1:]  # the first run of each is its warm-up
            low, median, high = statistics.quantiles(ratios, n=4)
            print(f"({rows}, {classes})  {job.__name__:16}  {median:.2f}  ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
