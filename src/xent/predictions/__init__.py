"""Saved predictions, scores and labels, as a stream of batches in bounded memory."""

from xent.predictions.batch import Batch
from xent.predictions.guess import Kind
from xent.predictions.opening import from_tensors, open_predictions
from xent.predictions.predictions import Predictions

__all__ = ["Batch", "Kind", "Predictions", "from_tensors", "open_predictions"]
