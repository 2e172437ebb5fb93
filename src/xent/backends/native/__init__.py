"""The native backend: kernels in C++ for the CPU, one source compiled for several instruction sets.

Its kernels form loss, reduction and gradient in one pass over the logits, in the threads that torch uses.
What they do not compute :func:`serves` says; the module may also be absent, since xent installs without a compiler.
"""

from xent.backends.native.links import DIVERGENCE, PROBABILITIES, SIGMOID, SOFTMAX, ZLPR
from xent.backends.native.module import State, state
from xent.backends.native.serves import serves

__all__ = ["DIVERGENCE", "PROBABILITIES", "SIGMOID", "SOFTMAX", "ZLPR", "State", "serves", "state"]
