"""Label smoothing that differs from row to row, as the class of the label says.

With eps_y for label_smoothing, a row's loss is (1 - eps_y) times that of its label plus eps_y times that of the prior.
A factor of a row is what sample_weight is, so both parts are cross entropies in which every setting keeps its meaning;
only the denominator of their mean is that of the rows as they were given.

Where every class takes part and no eps is near 0 or 1, both parts are one call, with label smoothing e for all rows:

    s' ( (1-e) w_y phi_y + e sum_k w_k r_k phi_k )    with  o = eps / (1-eps),  e / (1-e) = sum_k prior_k o_k,
                                                            s' = s eps_y / (1-e),  w = weight / o,  r ~ prior o

in which s' w_y (1-e) = s weight_y (1-eps_y), and s' e w_k r_k = s eps_y weight_k prior_k.
"""

import math
from typing import Any

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.axes import leading
from xent.core.call import SoftmaxCall
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import denominator, settle_reduction
from xent.functional import cross_entropy
from xent.presets import eager
from xent.presets.settings import SoftmaxArguments, compose

# Nearer to 0 or 1, the weights of one call would go beyond the range of float32.
LEAST = 1e-6


def smoothed_by_label(
    name: str, input: Tensor, target: Tensor, smoothing: Tensor, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    """Cross entropy with label smoothing ``smoothing[y]``, of shape (C,), in a row with label y.

    Args:
        name: The loss, as its user calls it; for errors.
        input: Logits.
        target: Class indices.
        smoothing: eps of every class, in [0, 1].
        **settings: Of cross_entropy, but for ``label_smoothing`` and ``inplace_gradient``.
    """
    refuse_inplace(name, settings.get("inplace_gradient", False))
    arguments = compose(name, settings, label_smoothing=0.0)
    call = _call(name, input, target, smoothing, settings)
    check.smoothing_prior(settings.get("smoothing_prior"), 1.0, smoothing.numel())
    arguments["reduction"] = settle_reduction(None, None, settings.get("reduction", "mean"))
    if arguments["reduction"] == "mean" and settings.get("normalizer") is None:
        arguments["normalizer"] = torch.as_tensor(denominator(call, "mean", None))
    eps = smoothing[call.target.clamp(0, smoothing.numel() - 1)]
    repetition = 1.0 if call.sample_weight is None else leading(call.sample_weight, eps.ndim)
    if _is_one_call(call, smoothing, settings):
        return _in_one_call(call, smoothing, repetition * eps, arguments)
    prior = arguments.pop("smoothing_prior", None)
    arguments["sample_weight"] = repetition * (1.0 - eps)
    of_label = cross_entropy(input, call.target, **arguments)
    arguments.update(sample_weight=repetition * eps, label_smoothing=1.0, smoothing_prior=prior)
    return of_label + cross_entropy(input, call.target, **arguments)


def _is_one_call(call: SoftmaxCall, smoothing: Tensor, settings: SoftmaxArguments) -> bool:
    """Whether every class takes part for sure, and class weights may be others than the user's."""
    logits, prior = call.logits, settings.get("smoothing_prior")
    if settings.get("logits") is not None or settings.get("z_loss", 0.0) != 0 or logits.numel() == 0:
        return False
    given = (value for value in (call.weight, call.sample_weight, call.mask, prior) if value is not None)
    if not eager.on_cpu(logits, call.target, smoothing, *given):
        return False
    inside = bool(((smoothing > LEAST) & (smoothing < 1.0 - LEAST)).all())
    return inside and logits.detach().min().item() > -math.inf


def _in_one_call(call: SoftmaxCall, smoothing: Tensor, smoothed: Tensor, arguments: dict[str, Any]) -> Tensor:
    """Both parts, of rows that are smoothed ``smoothed`` times."""
    dtype, prior = arithmetic_dtype(call.logits), arguments.get("smoothing_prior")
    odds = smoothing.double() / (1.0 - smoothing.double())
    if prior is not None:
        check.prior_values(prior)
    prior = torch.ones_like(odds) if prior is None else prior.double()
    total = 1.0 + ((prior * odds).sum() / prior.sum()).item()  # 1 / (1-e)
    arguments["weight"] = ((1.0 if call.weight is None else call.weight.double()) / odds).to(dtype)
    arguments["smoothing_prior"] = (prior * odds).to(dtype)
    arguments["sample_weight"] = smoothed * total
    arguments["label_smoothing"] = 1.0 - 1.0 / total
    return cross_entropy(call.logits, call.target, **arguments)


def refuse_inplace(name: str, inplace_gradient: bool) -> None:
    """The logits are read a second time, when a first gradient would have taken their place."""
    if inplace_gradient:
        raise ValueError(f"{name}: the logits are read twice. Pass inplace_gradient=False.")


def _call(name: str, input: Tensor, target: Tensor, smoothing: Tensor, settings: SoftmaxArguments) -> SoftmaxCall:
    """What the rows are, and how often they count, checked."""
    check.tensor(name, "input", input)
    check.tensor(name, "target", target)
    axis = check.class_axis(input, settings.get("dim"))
    if target.shape == input.shape:
        raise ValueError(
            f"{name}: the smoothing of a row depends on its label, and `target` holds probabilities. "
            "Pass class indices."
        )
    label = check.index_target(input, target, axis)
    if smoothing.numel() != input.shape[axis]:
        raise ValueError(
            f"{name}: `counts` are of {smoothing.numel()} classes, and `input` has {input.shape[axis]} of them along "
            f"axis {axis}. Pass a count for each."
        )
    weight, ignore_index = settings.get("weight"), settings.get("ignore_index", -100)
    repetition, mask = settings.get("sample_weight"), settings.get("mask")
    check.ignore_index(ignore_index)
    check.class_weight(weight, input, axis, promotes=False)
    check.row_settings(repetition, mask, label.shape)
    check.same_device(input, target=target, counts=smoothing, weight=weight, sample_weight=repetition, mask=mask)
    return SoftmaxCall(input, label, True, axis, weight, ignore_index, sample_weight=repetition, mask=mask)
