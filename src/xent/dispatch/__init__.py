"""Chooses how a loss call is computed, and joins it to autograd.

The only room that asks torch about modes, devices and transforms, and the only one that uses private names of torch.
"""

from xent.dispatch.choice import loss
from xent.dispatch.facts import softmax_facts
from xent.dispatch.inquiry import choice_of
from xent.dispatch.overrides import overridable
from xent.dispatch.plain import plain_loss

__all__ = ["choice_of", "loss", "overridable", "plain_loss", "softmax_facts"]
