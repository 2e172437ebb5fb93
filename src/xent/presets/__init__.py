"""The named losses: thin settings of the core, with what belongs to them. The table of them is xent.catalog."""

from xent.presets.asymmetric import AsymmetricLoss, asymmetric_loss
from xent.presets.class_weights import (
    ClassBalancedLoss,
    InverseFrequencyLoss,
    class_balanced_loss,
    inverse_frequency_loss,
)
from xent.presets.deferred import DeferredReweighting
from xent.presets.distillation import DistillationLoss, distillation_loss
from xent.presets.distribution_balanced import DistributionBalancedLoss, distribution_balanced_loss
from xent.presets.equalization import EqualizationLoss, equalization_loss
from xent.presets.focal import FocalLoss, focal_loss
from xent.presets.label_aware_smoothing import LabelAwareSmoothingLoss, label_aware_smoothing_loss
from xent.presets.ldam import LDAMLoss, ldam_loss
from xent.presets.logit_adjustment import (
    BalancedSoftmaxLoss,
    LogitAdjustedLoss,
    balanced_softmax_loss,
    logit_adjusted_loss,
)
from xent.presets.noise_robust import (
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
    SymmetricCrossEntropyLoss,
    generalized_cross_entropy_loss,
    mean_absolute_error_loss,
    symmetric_cross_entropy_loss,
)
from xent.presets.normalized_linear import NormalizedLinear
from xent.presets.poly import Poly1Loss, poly1_loss
from xent.presets.poly_binary import PolyBinaryLoss, poly_binary_loss
from xent.presets.pos_weighted import PosWeightedLoss, pos_weighted_loss
from xent.presets.quality_focal import QualityFocalLoss, quality_focal_loss
from xent.presets.seesaw import SeesawLoss, seesaw_loss
from xent.presets.sigmoid_focal import SigmoidFocalLoss, sigmoid_focal_loss
from xent.presets.vector_scaling import (
    ClassDependentTemperatureLoss,
    VectorScalingLoss,
    class_dependent_temperature_loss,
    vector_scaling_loss,
)
from xent.presets.zlpr import ZLPRLoss, zlpr_loss

__all__ = [
    "AsymmetricLoss",
    "BalancedSoftmaxLoss",
    "ClassBalancedLoss",
    "ClassDependentTemperatureLoss",
    "DeferredReweighting",
    "DistillationLoss",
    "DistributionBalancedLoss",
    "EqualizationLoss",
    "FocalLoss",
    "GeneralizedCrossEntropyLoss",
    "InverseFrequencyLoss",
    "LDAMLoss",
    "LabelAwareSmoothingLoss",
    "LogitAdjustedLoss",
    "MeanAbsoluteErrorLoss",
    "NormalizedLinear",
    "Poly1Loss",
    "PolyBinaryLoss",
    "PosWeightedLoss",
    "QualityFocalLoss",
    "SeesawLoss",
    "SigmoidFocalLoss",
    "SymmetricCrossEntropyLoss",
    "VectorScalingLoss",
    "ZLPRLoss",
    "asymmetric_loss",
    "balanced_softmax_loss",
    "class_balanced_loss",
    "class_dependent_temperature_loss",
    "distillation_loss",
    "distribution_balanced_loss",
    "equalization_loss",
    "focal_loss",
    "generalized_cross_entropy_loss",
    "inverse_frequency_loss",
    "label_aware_smoothing_loss",
    "ldam_loss",
    "logit_adjusted_loss",
    "mean_absolute_error_loss",
    "poly1_loss",
    "poly_binary_loss",
    "pos_weighted_loss",
    "quality_focal_loss",
    "seesaw_loss",
    "sigmoid_focal_loss",
    "symmetric_cross_entropy_loss",
    "vector_scaling_loss",
    "zlpr_loss",
]
