"""A column against a row."""

import torch

from tests.linter.planting import plants


def squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


@plants("XE212")
def column_against_row(snapshot, draw):
    logits, target = snapshot.batch(draw)
    losses = (torch.nn.MSELoss(), torch.nn.functional.l1_loss, squared_error, "kl_div", torch.nn.BCEWithLogitsLoss())
    column, row = logits[:, :1], (target == 0).float()
    if draw.random() < 0.5:
        column, row = logits[:, 0], row[:, None]
    return {"logits": column, "target": row, "loss": draw.choice(losses)}


@plants("XE212")
def labels_in_a_column(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target[:, None], "loss": draw.choice(("cross_entropy", "focal"))}


@plants("XE212", task="multi-label")
def one_column_of_indicators(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target[:, 0], "loss": "binary_cross_entropy_with_logits"}
