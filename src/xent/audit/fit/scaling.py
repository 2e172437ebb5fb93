"""The temperature and the class bias that make logits most likely: z / T + b, before the softmax or the sigmoid.

Guo et al., On Calibration of Modern Neural Networks, 2017 (temperature scaling and its extension by a bias).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from xent.audit.fit.likelihood import nll

try:
    from scipy.optimize import minimize
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('xent.audit needs scipy: pip install "xent[audit]"', name="scipy") from error

# A class without rows would have its bias go to -inf. Biases come from a normal distribution of this width, in nats,
# which a few rows outweigh.
WIDTH = 5.0

MOST_STEPS = 100
ENOUGH = 1e-7  # of the gradient, in nats

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scaling:
    """A change of logits, z / temperature + bias.

    Attributes:
        temperature: Above 0; above 1, the model is too sure.
        bias: float64 of shape (C,); before a softmax 0 on average.
    """

    temperature: float
    bias: Tensor

    def apply(self, logits: Tensor) -> Tensor:
        """The changed logits, (n, C)."""
        return logits / self.temperature + self.bias.to(logits.dtype)


def fit_scaling(
    logits: Tensor, target: Tensor, *, temperature: bool = False, bias: bool = False, start: Scaling | None = None
) -> Scaling:
    """Fit a temperature, a class bias, or both, by maximum likelihood.

    Args:
        logits: (n, C), finite.
        target: Labels, (n,), or indicators, (n, C).
        temperature: Whether to fit it; 1 unless fitted.
        bias: Whether to fit it; 0 unless fitted.
        start: Where to begin.
    """
    begin = start or Scaling(1.0, torch.zeros(logits.shape[1], dtype=torch.float64))
    free = np.r_[temperature, np.full(logits.shape[1], bias)]
    vector = np.where(free, np.r_[-math.log(begin.temperature), begin.bias.numpy()], 0.0)

    def loss(parameters: Vector) -> tuple[float, Vector]:
        value, slope = _loss(logits, target, parameters)
        return value, np.where(free, slope, 0.0)

    found = minimize(loss, vector, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS, "gtol": ENOUGH})
    fitted = torch.from_numpy(found.x[1:])
    # A shift of all classes changes no softmax.
    return Scaling(math.exp(-found.x[0]), fitted - fitted.mean() if target.ndim == 1 else fitted)


def _loss(logits: Tensor, target: Tensor, parameters: Vector) -> tuple[float, Vector]:
    """Mean cross entropy of ``exp(parameters[0]) * z + parameters[1:]`` with the prior of the bias, and its slope."""
    scale, bias = math.exp(parameters[0]), parameters[1:]
    changed = torch.add(torch.from_numpy(bias).to(logits.dtype), logits, alpha=scale).requires_grad_()
    value = nll(changed, target)
    (gradient,) = torch.autograd.grad(value, changed)
    along_scale = float((gradient * logits).sum(dtype=torch.float64)) * scale
    along_bias = gradient.sum(0, dtype=torch.float64).numpy()
    certainty = 1.0 / (WIDTH**2 * len(target))
    return value.item() + certainty * float(bias @ bias) / 2, np.r_[along_scale, along_bias + certainty * bias]
