"""Columns in the order of names, reversed, shifted by a class for the background, or in any order."""

import torch

from tests.linter.learned import learned, saved
from tests.linter.planting import plants


def orders(classes, draw):
    """Permutations that leave hardly a class where it is."""
    by_name = sorted(range(classes), key=str)
    any_order = draw.sample(range(classes), k=classes)
    found = [list(range(classes))[::-1], [*range(1, classes), 0], [classes - 1, *range(classes - 1)]]
    found += [by_name] if classes >= 50 else []
    found += [any_order] if sum(a != b for a, b in enumerate(any_order)) > 0.7 * classes else []
    return found


@plants("XE701")
def another_order(snapshot, draw):
    snapshot = learned(snapshot, draw)
    logits, target = snapshot.predictions()
    permuted = logits[:, torch.tensor(draw.choice(orders(snapshot.classes, draw)))]
    predictions, kind = saved(permuted, draw)
    return {"logits": predictions, "target": target, "loss": None, "kind": kind}
