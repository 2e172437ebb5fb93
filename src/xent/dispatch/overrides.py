"""Lets others take over a public function."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

P = ParamSpec("P")


def overridable(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Let what has ``__torch_function__`` (tensor subclasses, torch.fx proxies, modes) take over a function."""

    @functools.wraps(function)
    def public(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        given = (*args, *kwargs.values())
        if has_torch_function(given):
            result: Tensor = handle_torch_function(public, given, *args, **kwargs)
            return result
        return function(*args, **kwargs)

    return public
