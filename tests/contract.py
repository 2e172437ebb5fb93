"""The accuracy contract of the losses, as numbers.

    |error| <= ulp_out*|x| + 4*ulp*(1 + D)*|x| + smallest

ulp_out belongs to the dtype of the result, ulp to the dtype that arithmetic is done in (float32, or float64 for
float64 input), D is the spread of the row, and ``smallest`` is the smallest normal number of float32 (float64), below
which kernels may flush to zero, or for float16 results its smallest subnormal number.
"""

import numpy as np
import torch

ARITHMETIC_FACTOR = 4.0


def bound(size: np.ndarray, slack: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """What an error may be at most, where ``size`` is |x| and ``slack`` is (1 + D)*|x|."""
    arithmetic = torch.finfo(torch.float64 if dtype == torch.float64 else torch.float32)
    smallest = torch.finfo(dtype).smallest_normal
    if dtype == torch.float16:
        smallest *= torch.finfo(dtype).eps
    return torch.finfo(dtype).eps * size + ARITHMETIC_FACTOR * arithmetic.eps * slack + smallest


def multiples(given: torch.Tensor, truth: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Errors of ``given`` in multiples of their bounds: at most 1 within the contract, inf where one is not finite."""
    found = given.detach().double().numpy()
    with np.errstate(invalid="ignore"):
        errors = np.abs(found - truth) / bounds
    # Beyond the largest number of the dtype, infinity is the right rounding.
    rounded = torch.from_numpy(np.asarray(truth)).to(given.dtype).double().numpy()
    agree = (found == rounded) & np.isinf(rounded) | np.isnan(found) & np.isnan(truth)
    return np.where(agree, 0.0, np.where(np.isnan(errors), np.inf, errors))
