"""Checks of the arguments. A message names the argument, what was given and what to give instead.

Where torch raises, the exception is torch's and the message begins with torch's words, so that code which
catches or matches them goes on working. Sizes that do not broadcast are the exception: torch speaks of "tensor a".
"""

from xent.core.check.settings import (
    binary_ignore_index,
    binary_prior,
    event,
    ignore_index,
    inplace_gradient,
    neg_scale,
    number,
    prior_values,
    smoothing,
    smoothing_prior,
    z_loss,
)
from xent.core.check.targets import (
    binary_shapes,
    class_axis,
    divergence_dtypes,
    divergence_shapes,
    equal_dtype,
    float_target,
    has_classes,
    index_target,
    label_out_of_range,
    labels_in_range,
    outside_unit_interval,
    probability_target,
    unit_interval,
)
from xent.core.check.tensors import broadcasts, floating, no_gradient, same_device, tensor
from xent.core.check.transforms import sigmoid_transform, softmax_transform
from xent.core.check.weights import class_weight, element_weight, row_settings

__all__ = [
    "binary_ignore_index",
    "binary_prior",
    "binary_shapes",
    "broadcasts",
    "class_axis",
    "class_weight",
    "divergence_dtypes",
    "divergence_shapes",
    "element_weight",
    "equal_dtype",
    "event",
    "float_target",
    "floating",
    "has_classes",
    "ignore_index",
    "index_target",
    "inplace_gradient",
    "label_out_of_range",
    "labels_in_range",
    "neg_scale",
    "no_gradient",
    "number",
    "outside_unit_interval",
    "prior_values",
    "probability_target",
    "row_settings",
    "same_device",
    "sigmoid_transform",
    "smoothing",
    "smoothing_prior",
    "softmax_transform",
    "tensor",
    "unit_interval",
    "z_loss",
]
