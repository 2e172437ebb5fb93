"""Saved predictions, scores and labels, as a stream of batches in bounded memory."""

from xent.predictions.batch import Batch

__all__ = ["Batch"]
