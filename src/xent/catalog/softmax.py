"""Losses of rows of classes that compete: the softmax link."""

import math

from xent.catalog.row import Domain, Hand, Row, Trait
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets import FocalLoss, focal_loss

SOFTMAX = (
    Row(
        name="ce",
        title="cross entropy",
        link="softmax",
        formula="-log p_y",
        function=cross_entropy,
        module=CrossEntropyLoss,
        parameters={},
        source="Good, Rational Decisions, 1952",
        link_to_source="https://www.jstor.org/stable/2984087",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={},
                expected=math.log(4 / 3),
                arithmetic="p = (3/4, 1/4), -log 3/4",
            ),
        ),
        traits=frozenset({Trait.PROPER, Trait.PRIOR, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
    ),
    Row(
        name="focal",
        title="focal loss",
        link="softmax",
        formula="-(1 - p_y)^gamma log p_y",
        function=focal_loss,
        module=FocalLoss,
        parameters={"gamma": Domain("at least 0", "how much less is counted what is easy; 0 is cross entropy")},
        source="Lin et al., Focal Loss for Dense Object Detection, 2017",
        link_to_source="https://arxiv.org/abs/1708.02002",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"gamma": 2.0},
                expected=math.log(4 / 3) / 16,
                arithmetic="p = (3/4, 1/4), (1/4)^2 * -log 3/4",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="Not proper: its probabilities are too timid. With probability targets it is taken event by event.",
    ),
)
