"""The named losses: thin settings of the core, with what belongs to them. The table of them is xent.catalog."""

from xent.presets.asymmetric import AsymmetricLoss, asymmetric_loss
from xent.presets.distillation import (
    DistillationLoss,
    distillation_loss,
)
from xent.presets.focal import FocalLoss, focal_loss
from xent.presets.noise_robust import (
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
    SymmetricCrossEntropyLoss,
    generalized_cross_entropy_loss,
    mean_absolute_error_loss,
    symmetric_cross_entropy_loss,
)
from xent.presets.poly import Poly1Loss, poly1_loss
from xent.presets.poly_binary import PolyBinaryLoss, poly_binary_loss
from xent.presets.sigmoid_focal import SigmoidFocalLoss, sigmoid_focal_loss

__all__ = [
    "AsymmetricLoss",
    "DistillationLoss",
    "FocalLoss",
    "GeneralizedCrossEntropyLoss",
    "MeanAbsoluteErrorLoss",
    "Poly1Loss",
    "PolyBinaryLoss",
    "SigmoidFocalLoss",
    "SymmetricCrossEntropyLoss",
    "asymmetric_loss",
    "distillation_loss",
    "focal_loss",
    "generalized_cross_entropy_loss",
    "mean_absolute_error_loss",
    "poly1_loss",
    "poly_binary_loss",
    "sigmoid_focal_loss",
    "symmetric_cross_entropy_loss",
]
