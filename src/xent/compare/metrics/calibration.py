"""How far stated probabilities are from what comes true."""

import numpy as np

CALIBRATION_BINS = 15


def calibration_error(stated: np.ndarray, came_true: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    r"""Mean gap of stated probability and frequency, :math:`\sum_b \frac{n_b}{N} |true_b - stated_b|`.

    Args:
        stated: Probabilities, (N,). They are put into ``bins`` bins of equal width (lower, upper].
        came_true: Whether what they were stated of is so, (N,).
        bins: Number of bins.

    References:
        Guo et al., On Calibration of Modern Neural Networks, 2017.
    """
    bin_of_row = np.ceil(stated * bins).astype(int)
    gap_sum = np.bincount(bin_of_row, weights=came_true - stated, minlength=bins + 1)
    return float(np.abs(gap_sum).sum() / len(stated))
