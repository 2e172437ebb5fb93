"""The model that every loss trains: built in, or from somebody's own factory.

A seed decides its initial weights. A loss of cosines gets the same model with its last layer normalised.
"""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from xent.jobs import InputError
from xent.presets import NormalizedLinear

HIDDEN = 128
# Factor of the cosines, an inverse temperature; LDAM has the same. On the digits, seeds 100 to 104, plain cross entropy
# has the best NLL with 30 to 45, and the best balanced accuracy with 16 to 30.
COSINE_SCALE = 30.0
BUILT_IN = ("linear", "mlp", "cosine")


class Scaled(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, input: Tensor) -> Tensor:
        """The product."""
        return input * self.factor

    def extra_repr(self) -> str:
        """The factor."""
        return f"{self.factor:g}"


def build_model(name: str, features: int, classes: int, seed: int, *, cosines: bool = False) -> nn.Module:
    """A model whose initial weights depend on ``seed`` alone.

    Args:
        name: ``linear``, ``mlp`` (one hidden layer with ReLU), ``cosine`` (the same with a normalised last layer and a
            fixed factor), or ``package.module:factory``, which is called with features and classes.
        features: Features of a row.
        classes: Logits of a row.
        seed: Decides the initial weights.
        cosines: Whether the last layer is normalised and its logits are cosines, without a factor.

    Raises:
        InputError: There is no such model, or the factory returns what cannot be trained.
    """
    check_name(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name in BUILT_IN:
            return _built_in(name, features, classes, cosines)
        model = _from_factory(name, features, classes)
        return _with_cosines(name, model, classes) if cosines else model


def check_name(name: str) -> None:
    """Refuse what names neither a model nor a factory."""
    module, _, function = name.partition(":")
    if name in BUILT_IN or (module and function):
        return
    close = get_close_matches(name, BUILT_IN, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    raise InputError(f"model: {name!r} is unknown; {hint}Known: {', '.join(BUILT_IN)}, package.module:factory")


def check_output(name: str, model: nn.Module, features: Tensor, classes: int) -> None:
    """Refuse a model that does not make one logit a class of a row, or has nothing to train.

    Args:
        name: Of the model, for errors.
        model: The model.
        features: Some rows to try, (N, F).
        classes: Number of classes.
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model: {name} has no parameters to train")
    model.eval()
    with torch.no_grad():
        logits = _tried(f"{name} on features of shape {tuple(features.shape)}", model, features)
    expected = (len(features), classes)
    if not isinstance(logits, Tensor) or logits.shape != expected or not logits.is_floating_point():
        given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(f"model: {name} must return logits of shape {expected}, got {given}")


def _built_in(name: str, features: int, classes: int, cosines: bool) -> nn.Module:
    hidden = [] if name == "linear" else [nn.Linear(features, HIDDEN), nn.ReLU()]
    width = HIDDEN if hidden else features
    if cosines:
        return nn.Sequential(*hidden, NormalizedLinear(width, classes))
    if name == "cosine":
        return nn.Sequential(*hidden, NormalizedLinear(width, classes), Scaled(COSINE_SCALE))
    return nn.Sequential(*hidden, nn.Linear(width, classes))


def _from_factory(name: str, features: int, classes: int) -> nn.Module:
    model = _tried(name, _factory(name), features, classes)
    if not isinstance(model, nn.Module):
        raise InputError(f"model: {name} must return a torch.nn.Module, got {type(model).__name__}")
    return model


def _factory(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    try:
        factory = getattr(import_module(module), function, None)
    except Exception as error:
        raise InputError(f"model: {module} cannot be imported: {_in_one_line(error)}") from error
    if not callable(factory):
        raise InputError(f"model: {module} has no function {function!r}")
    return factory  # type: ignore[no-any-return]


def _with_cosines(name: str, model: nn.Module, classes: int) -> nn.Module:
    """The model with a normalised layer in place of its last linear one."""
    heads = [
        (path, layer)
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and layer.out_features == classes
    ]
    if not heads:
        raise InputError(
            f"losses: a loss of cosines needs a model whose last layer is a torch.nn.Linear of {classes} outputs, and "
            f"{name} has none: leave ldam and cosine-balanced-softmax out"
        )
    path, head = heads[-1]
    normalised = NormalizedLinear(head.in_features, classes)
    if head is model:
        return normalised
    parent, _, own = path.rpartition(".")
    setattr(model.get_submodule(parent), own, normalised)
    return model


def _tried(what: str, function: Callable[..., Any], *arguments: object) -> Any:
    try:
        return function(*arguments)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"model: {what} raises {type(error).__name__}: {_in_one_line(error)}") from error


def _in_one_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
