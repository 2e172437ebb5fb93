"""Cross entropy for PyTorch: exact definitions, drop-in losses, and a job that shows which loss serves your data."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from xent import functional, nn
from xent.core.event import Event
from xent.core.facts import Facts
from xent.core.logits import LogitTransform
from xent.facts import facts
from xent.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    nll_loss,
)
from xent.info import Info, info
from xent.nn import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, KLDivLoss, NLLLoss
from xent.patch import patch, patched, unpatch

if TYPE_CHECKING:
    from xent import catalog, imbalance, information, presets
    from xent.linter import LintError, lint
    from xent.presets import (
        AsymmetricLoss,
        BalancedSoftmaxLoss,
        ClassBalancedLoss,
        ClassDependentTemperatureLoss,
        DeferredReweighting,
        DistillationLoss,
        DistributionBalancedLoss,
        EqualizationLoss,
        FocalLoss,
        GeneralizedCrossEntropyLoss,
        InverseFrequencyLoss,
        LabelAwareSmoothingLoss,
        LDAMLoss,
        LogitAdjustedLoss,
        MeanAbsoluteErrorLoss,
        NormalizedLinear,
        Poly1Loss,
        PolyBinaryLoss,
        PosWeightedLoss,
        QualityFocalLoss,
        SeesawLoss,
        SigmoidFocalLoss,
        SymmetricCrossEntropyLoss,
        VectorScalingLoss,
        ZLPRLoss,
        asymmetric_loss,
        balanced_softmax_loss,
        class_balanced_loss,
        class_dependent_temperature_loss,
        distillation_loss,
        distribution_balanced_loss,
        equalization_loss,
        focal_loss,
        generalized_cross_entropy_loss,
        inverse_frequency_loss,
        label_aware_smoothing_loss,
        ldam_loss,
        logit_adjusted_loss,
        mean_absolute_error_loss,
        poly1_loss,
        poly_binary_loss,
        pos_weighted_loss,
        quality_focal_loss,
        seesaw_loss,
        sigmoid_focal_loss,
        symmetric_cross_entropy_loss,
        vector_scaling_loss,
        zlpr_loss,
    )
    from xent.watcher import LintWarning, Watch, watch

__version__ = "0.1.0"

__all__ = [
    "AsymmetricLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BalancedSoftmaxLoss",
    "ClassBalancedLoss",
    "ClassDependentTemperatureLoss",
    "CrossEntropyLoss",
    "DeferredReweighting",
    "DistillationLoss",
    "DistributionBalancedLoss",
    "EqualizationLoss",
    "Event",
    "Facts",
    "FocalLoss",
    "GeneralizedCrossEntropyLoss",
    "Info",
    "InverseFrequencyLoss",
    "KLDivLoss",
    "LDAMLoss",
    "LabelAwareSmoothingLoss",
    "LintError",
    "LintWarning",
    "LogitAdjustedLoss",
    "LogitTransform",
    "MeanAbsoluteErrorLoss",
    "NLLLoss",
    "NormalizedLinear",
    "Poly1Loss",
    "PolyBinaryLoss",
    "PosWeightedLoss",
    "QualityFocalLoss",
    "SeesawLoss",
    "SigmoidFocalLoss",
    "SymmetricCrossEntropyLoss",
    "VectorScalingLoss",
    "Watch",
    "ZLPRLoss",
    "asymmetric_loss",
    "balanced_softmax_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "catalog",
    "class_balanced_loss",
    "class_dependent_temperature_loss",
    "cross_entropy",
    "distillation_loss",
    "distribution_balanced_loss",
    "equalization_loss",
    "facts",
    "focal_loss",
    "functional",
    "generalized_cross_entropy_loss",
    "imbalance",
    "info",
    "information",
    "inverse_frequency_loss",
    "kl_div",
    "label_aware_smoothing_loss",
    "ldam_loss",
    "lint",
    "logit_adjusted_loss",
    "mean_absolute_error_loss",
    "nll_loss",
    "nn",
    "patch",
    "patched",
    "poly1_loss",
    "poly_binary_loss",
    "pos_weighted_loss",
    "presets",
    "quality_focal_loss",
    "seesaw_loss",
    "sigmoid_focal_loss",
    "symmetric_cross_entropy_loss",
    "unpatch",
    "vector_scaling_loss",
    "watch",
    "zlpr_loss",
]

# Loaded when they are first asked for: few programs need all of them, and every program waits for what is imported.
_ROOMS = ("catalog", "imbalance", "information", "presets")

# What is neither imported above nor a named loss: name -> the room that has it.
_ELSEWHERE = {
    "LintError": "linter",
    "LintWarning": "watcher",
    "Watch": "watcher",
    "lint": "linter",
    "watch": "watcher",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"xent.{name}")
    if name in __all__:
        room = _ELSEWHERE.get(name, "presets")
        value = globals()[name] = getattr(import_module(f"xent.{room}"), name)
        return value
    raise AttributeError(f"module 'xent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if os.environ.get("XENT_WATCH", "") not in ("", "0"):
    import_module("xent.watcher").watch_program()
