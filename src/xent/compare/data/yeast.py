"""Functions of the genes of baker's yeast: a row may have several of 14. Elisseeff & Weston, 2001."""

import numpy as np

from xent.compare.data.dataset import Dataset
from xent.jobs import InputError


def yeast() -> Dataset:
    """2417 rows of 103 numbers, with 14 labels whose prevalence is .014 to .75; from the package river."""
    try:
        from river.datasets import Yeast
    except ModuleNotFoundError as missing:
        raise InputError('data: yeast needs river: pip install "xent[yeast]"') from missing
    rows = list(Yeast())  # type: ignore[no-untyped-call]
    features = np.array([list(row.values()) for row, _ in rows], dtype=np.float32)
    labels = sorted(rows[0][1], key=lambda name: int(name.removeprefix("Class")))
    return Dataset(
        name="yeast",
        features=features,
        target=np.array([[target[name] for name in labels] for _, target in rows], dtype=np.float32),
        class_names=tuple(labels),
        standardize=True,
    )
