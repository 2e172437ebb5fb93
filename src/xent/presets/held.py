"""The settings that a module holds, for a loss whose call is more than one call of its parent's."""

from xent.core.event import NLL
from xent.core.logits import LogitTransform
from xent.nn import CrossEntropyLoss
from xent.presets.settings import SoftmaxSettings


def held(module: CrossEntropyLoss) -> SoftmaxSettings:
    """What a module of softmax rows holds, as arguments of a function.

    An event or a label smoothing that does nothing is left out, as if it had not been given.
    """
    logits = module.logits
    settings: SoftmaxSettings = {
        "weight": module.weight,
        "ignore_index": module.ignore_index,
        "reduction": module.reduction,
        "dim": module.dim,
        "smoothing_prior": module.smoothing_prior,
        "z_loss": module.z_loss,
        "logits": logits if logits is None or isinstance(logits, LogitTransform) else logits.transform(),
        "inplace_gradient": module.inplace_gradient,
    }
    if module.event != NLL:  # a copied module holds another
        settings["event"] = module.event
    if module.label_smoothing != 0:
        settings["label_smoothing"] = module.label_smoothing
    return settings
