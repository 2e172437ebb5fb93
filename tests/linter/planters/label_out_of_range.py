"""Labels of other conventions: 255, -1, "none of these" as class C."""

import torch

from tests.linter.planting import plants


def _marked(target, draw, marks):
    target = target.clone()
    share = draw.choice((0.02, 0.1, 0.5))
    chosen = torch.rand(len(target), generator=torch.Generator().manual_seed(draw.randrange(1000))) < share
    chosen[draw.randrange(len(target))] = True
    target[chosen] = draw.choice(marks)
    return target


@plants("XE202")
def of_segmentation(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": _marked(target, draw, (255,)).to(draw.choice((torch.uint8, torch.int64)))}


@plants("XE202")
def unlabelled(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float64))
    return {
        "logits": logits.to(dtype),
        "target": _marked(target, draw, (-1, -2, 1000)),
        "loss": draw.choice(("cross_entropy", "focal", torch.nn.CrossEntropyLoss())),
    }


@plants("XE202")
def in_a_file(snapshot, draw):
    logits, target = snapshot.predictions()
    return {"logits": logits, "target": _marked(target, draw, (-1, -100, 255)), "loss": None}
