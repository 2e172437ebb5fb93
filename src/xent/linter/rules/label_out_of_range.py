"""XE202: labels that are no class, and that nothing leaves out."""

import torch
from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# What such labels mean where they are customary.
MEANINGS = {
    255: "255 is how segmentation data mark pixels to be ignored: pass ignore_index=255",
    -1: "-1 is how many data sets mark what has no label: pass ignore_index=-1",
    -100: "-100 is torch's own ignore_index: pass ignore_index=-100",
}

# Values that are listed.
LISTED = 3


@rule(
    "XE202",
    "label-out-of-range",
    Severity.ERROR,
    losses=(*OF_LABELS, "predictions"),
    fix="""
    loss = xent.cross_entropy(logits, target, ignore_index=255)  # the label that means: do not count this row
    """,
)
def label_out_of_range(call: Call) -> Evidence | None:
    """Labels are neither a class nor ``ignore_index``.

    Why:
        Such a label has no probability, so the row has no loss. On the CPU torch raises an IndexError; on a GPU it is
        a device-side assertion that ends the process. Most often these rows were to be left out, by a convention
        that is not the loss's: 255 in segmentation, -1 for "unlabelled". Only -100 is left out by itself.

    Told by:
        Labels below 0 or from C on that are not ``ignore_index``, and whose rows are neither masked nor of
        ``sample_weight`` 0. They are counted by value. Labels 1 to C are XE201.
    """
    labels, classes = call.facts.read_labels, call.facts.classes
    if labels is None or classes < 2 or not labels.numel():
        return None
    lowest, highest = (int(bound) for bound in labels.aminmax())
    if (lowest >= 0 and highest < classes) or (lowest >= 1 and highest == classes):
        return None
    outside = labels[(labels < 0) | (labels >= classes)]
    return Evidence(
        f"{len(outside)} of {len(labels)} labels lie outside 0..{classes - 1}: {_listed(outside)}",
        {
            "outside": float(len(outside)),
            "rows": float(len(labels)),
            "lowest": float(lowest),
            "highest": float(highest),
            "classes": float(classes),
        },
    )


def _listed(outside: Tensor) -> str:
    """The values that come most often, how often, and what they mean."""
    values, times = torch.unique(outside, return_counts=True)
    order = times.argsort(descending=True, stable=True)[:LISTED]
    found = dict(zip(values[order].tolist(), times[order].tolist(), strict=True))
    listed = ", ".join(f"{count} x {value}" for value, count in found.items())
    more = f" and {len(values) - LISTED} more values" if len(values) > LISTED else ""
    meaning = "".join(f"; {MEANINGS[value]}" for value in found if value in MEANINGS)
    return listed + more + meaning
