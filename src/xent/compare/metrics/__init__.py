"""What a run is judged by: measures of the logits of its test rows, by task, and the time that a step took."""

from xent.compare.metrics import multi_label, single_label
from xent.compare.metrics.calibration import CALIBRATION_BINS
from xent.compare.metrics.groups import GROUP, group_size, head_to_tail
from xent.compare.metrics.measure import Measure
from xent.compare.task import Task

__all__ = ["CALIBRATION_BINS", "GROUP", "MAIN", "MEASURES", "Measure", "group_size", "head_to_tail"]

MEASURES: dict[Task, dict[str, Measure]] = {
    "single-label": single_label.MEASURES,
    "multi-label": multi_label.MEASURES,
}

# The measure that the long tail is about, and so the one that the recommended code line goes by.
MAIN: dict[Task, str] = {"single-label": "balanced_accuracy", "multi-label": "mean_average_precision"}
