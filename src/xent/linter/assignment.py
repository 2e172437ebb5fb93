"""Which column of the predictions fits which class best."""

import torch
from torch import Tensor


def best_columns(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """The permutation of the columns with the least cross entropy: for each class its column, int64 of shape (C,).

    The best one where scipy is installed. Else pairs of class and column are taken greedily, the best mean
    log-probability first, which finds the same wherever columns are clearly those of one class.

    Args:
        log_probabilities: (R, C).
        labels: (R,).
    """
    classes = log_probabilities.shape[1]
    sums = log_probabilities.new_zeros(classes, classes).index_add(0, labels, log_probabilities)
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        rows = torch.bincount(labels, minlength=classes).clamp(min=1)
        return greedy(sums / rows[:, None])
    return torch.as_tensor(linear_sum_assignment(sums.numpy(), maximize=True)[1])


def greedy(fit: Tensor) -> Tensor:
    """For each row of a square matrix a column, the largest number that is left first."""
    fit, columns = fit.clone(), torch.zeros(len(fit), dtype=torch.int64)
    for _ in range(len(fit)):
        row, column = divmod(int(fit.argmax()), len(fit))
        columns[row] = column
        fit[row], fit[:, column] = -torch.inf, -torch.inf
    return columns
