"""Runs made by hand, and small files, for the tests of what a comparison makes of its runs."""

import numpy as np

from xent.compare import Run, Shares

COUNTS = np.array([100, 60, 36, 22, 13, 8, 5, 3, 2, 1])


def even_shares(classes):
    """Every class has the same part of everything."""
    return Shares(np.full((2, classes), 1 / classes), np.full((2, classes), 1 / classes))


def run_with(loss, seed, right, seconds=1e-4):
    """A run on 4 test rows of each of 10 classes, in which ``right[k]`` rows of class k are right."""
    labels = np.repeat(np.arange(10), 4)
    predicted = labels.copy()
    for k, count in enumerate(right):
        rows = np.flatnonzero(labels == k)[count:]
        predicted[rows] = (k + 1) % 10
    logits = np.zeros((40, 10), dtype=np.float32)
    logits[np.arange(40), predicted] = 2.0
    return single_label_run(loss, logits, labels, COUNTS, seed=seed, seconds=seconds)


def single_label_run(loss, logits, labels, counts, seed=0, seconds=1e-4):
    """A run with these predictions."""
    return Run(
        loss=loss,
        seed=seed,
        logits=np.asarray(logits, dtype=np.float32),
        target=np.asarray(labels),
        counts=np.asarray(counts),
        training_rows=int(np.sum(counts)),
        class_names=tuple(f"class {k}" for k in range(len(counts))),
        shares=even_shares(len(counts)),
        seconds_per_step=seconds,
    )


# Two classes: rows 0 to 3 have the first, rows 0 and 4 the second.
INDICATORS = np.array([[1, 1], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], dtype=np.float32)


def multi_label_run(loss, seed, shift=0.0, noise=0.0):
    """Logits that rank both classes perfectly (unless there is noise), moved down by ``shift``."""
    random = np.random.default_rng(seed)
    logits = (2 * INDICATORS - 1) * 2 - shift + noise * random.normal(size=INDICATORS.shape)
    return Run(
        loss=loss,
        seed=seed,
        logits=logits.astype(np.float32),
        target=INDICATORS,
        counts=np.array([40, 20]),
        training_rows=60,
        class_names=("membrane", "nucleus"),
        shares=even_shares(2),
        seconds_per_step=1e-4,
        thresholds=np.array([-shift, -shift]),
    )


def table_of(rows, seed=0):
    """A table with features ``length`` and ``width``, a class ``kind`` (a third is a), and labels ``big``, ``odd``."""
    random = np.random.default_rng(seed)
    kind = np.where(np.arange(rows) % 3 == 0, "a", "b")
    length = random.normal(size=rows) + 2 * (kind == "a")
    return {
        "length": length,
        "width": random.normal(size=rows),
        "kind": kind,
        "big": (length > 0.5).astype(int),
        "odd": np.arange(rows) % 2,
    }


def write_csv(path, columns):
    """A csv file of these columns."""
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path
