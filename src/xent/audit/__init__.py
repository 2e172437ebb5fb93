"""The audit of predictions: what cross entropy can say of a model from its scores and the labels, and nothing else."""

from xent.audit.fit.decomposition import Decomposition
from xent.audit.fit.intervals import Interval
from xent.audit.fit.prior import PriorInside, Quality
from xent.audit.fit.scaling import Scaling
from xent.audit.job import audit
from xent.audit.results import Audit, Loss, OfClass, Reliability, Source, Suggestion, Suspect
from xent.audit.stream import Progress
from xent.jobs import InputError
from xent.predictions import Predictions, from_tensors, open_predictions

__all__ = [
    "Audit",
    "Decomposition",
    "InputError",
    "Interval",
    "Loss",
    "OfClass",
    "Predictions",
    "PriorInside",
    "Progress",
    "Quality",
    "Reliability",
    "Scaling",
    "Source",
    "Suggestion",
    "Suspect",
    "audit",
    "from_tensors",
    "open_predictions",
]
