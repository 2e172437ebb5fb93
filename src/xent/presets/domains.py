"""Numbers that named losses are given, checked."""

from xent.core.check import number

__all__ = ["number"]
