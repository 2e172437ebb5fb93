"""A classification head whose logits are cosines."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["NormalizedLinear"]


class NormalizedLinear(torch.nn.Module):
    r"""Logits :math:`z_k = \cos(x, w_k)`, in [-1, 1]: a linear layer of normalised features and weights, without bias.

    The head for :class:`xent.LDAMLoss`, or, with ``LogitTransform(scale=...)``, for any other loss. A row of zeros has
    no direction: its cosines are 0 and so are their gradients. The length of features and weights does not matter,
    however small or large.

    Args:
        in_features: Features of a row.
        out_features: Classes.
        device: Where the weight lies.
        dtype: Dtype of the weight.

    Shape:
        Input (..., in_features), output (..., out_features).

    Raises:
        TypeError: ``in_features`` or ``out_features`` is no whole number.
        ValueError: It is below 1; in the call, the input's last axis is not in_features long.

    Example:
        >>> import torch, xent
        >>> head = xent.NormalizedLinear(2, 1)
        >>> _ = head.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
        >>> head(torch.tensor([[10.0, 0.0], [0.0, 0.0]])).detach()
        tensor([[0.6000],
                [0.0000]])

    References:
        Wang et al., NormFace: L2 Hypersphere Embedding for Face Verification, 2017.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("in_features", in_features), ("out_features", out_features)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"NormalizedLinear: `{name}` must be a whole number, not {type(value).__name__}.")
            if value < 1:
                raise ValueError(f"NormalizedLinear: `{name}` must be at least 1, got {value}.")
        self.in_features = in_features
        self.out_features = out_features
        self.weight = torch.nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the weights anew, of every direction alike."""
        torch.nn.init.normal_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Cosines of shape (..., out_features)."""
        if input.ndim == 0 or input.shape[-1] != self.in_features:
            raise ValueError(
                f"NormalizedLinear: `input` must have shape (..., {self.in_features}), got {tuple(input.shape)}."
            )
        return F.linear(_directions(input), _directions(self.weight))

    def extra_repr(self) -> str:
        """Its sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}"


def _directions(rows: Tensor) -> Tensor:
    """Rows of length 1; rows of zeros as they are."""
    largest = rows.detach().abs().amax(-1, keepdim=True)
    zero = largest == 0
    # Divided by their largest entry first, so that no square underflows or overflows. The direction does not depend
    # on what a row is divided by, so this needs no derivative. Where there is no direction, none is taken.
    scaled = (rows / largest.masked_fill(zero, 1.0)).masked_fill(zero, 1.0)
    length: Tensor = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return (scaled / length).masked_fill(zero, 0.0)
