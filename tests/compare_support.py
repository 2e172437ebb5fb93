"""Runs made by hand, for the tests of what a comparison makes of its runs."""

import numpy as np

from xent.compare import Run

COUNTS = np.array([100, 60, 36, 22, 13, 8, 5, 3, 2, 1])


def run_with(loss, seed, right, seconds=1e-4):
    """A run on 4 test rows of each of 10 classes, in which ``right[k]`` rows of class k are right."""
    labels = np.repeat(np.arange(10), 4)
    predicted = labels.copy()
    for k, count in enumerate(right):
        rows = np.flatnonzero(labels == k)[count:]
        predicted[rows] = (k + 1) % 10
    logits = np.zeros((40, 10), dtype=np.float32)
    logits[np.arange(40), predicted] = 2.0
    return Run(loss=loss, seed=seed, logits=logits, labels=labels, counts=COUNTS, seconds_per_step=seconds)
