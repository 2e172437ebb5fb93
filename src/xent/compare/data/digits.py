"""scikit-learn's handwritten digits."""

import numpy as np
from sklearn.datasets import load_digits

from xent.compare.data.dataset import Dataset


def digits() -> Dataset:
    """1797 rows of 64 pixels, scaled to [0, 1], in 10 classes that come about equally often."""
    bunch = load_digits()
    return Dataset(
        name="digits",
        features=(bunch.data / 16.0).astype(np.float32),
        target=bunch.target.astype(np.int64),
        class_names=tuple(str(name) for name in bunch.target_names),
    )
