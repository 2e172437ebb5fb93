"""The classes of a comparison from head to tail."""

import numpy as np

from xent.compare import Results
from xent.compare.metrics import head_to_tail
from xent.report.page.classes import Classes


def classes_of(results: Results) -> Classes:
    """In one order for all seeds, by their mean counts."""
    counts = np.mean([run.counts for run in results.runs], axis=0)
    order = head_to_tail(counts)
    return Classes(order, tuple(results.class_names[k] for k in order), counts[order])
