"""Losses of rows of classes that compete: the softmax link."""

import math

from xent.catalog.from_counts import FROM_COUNTS
from xent.catalog.row import Domain, Hand, Row, Trait
from xent.core.logits import LogitTransform
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets import (
    DistillationLoss,
    EqualizationLoss,
    FocalLoss,
    GeneralizedCrossEntropyLoss,
    LabelAwareSmoothingLoss,
    MeanAbsoluteErrorLoss,
    Poly1Loss,
    SymmetricCrossEntropyLoss,
    distillation_loss,
    equalization_loss,
    focal_loss,
    generalized_cross_entropy_loss,
    label_aware_smoothing_loss,
    mean_absolute_error_loss,
    poly1_loss,
    symmetric_cross_entropy_loss,
)

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
        name="label-smoothing",
        title="cross entropy with label smoothing",
        link="softmax",
        formula="-sum_k t'_k log p_k, t' = (1 - eps) t + eps / C",
        function=cross_entropy,
        module=CrossEntropyLoss,
        parameters={"label_smoothing": Domain("in [0, 1]", "eps, the part of the target that all classes share")},
        source="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016",
        link_to_source="https://arxiv.org/abs/1512.00567",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"label_smoothing": 0.1},
                expected=0.95 * math.log(4 / 3) + 0.05 * math.log(4),
                arithmetic="p = (3/4, 1/4), t' = (.95, .05), -.95 log 3/4 - .05 log 1/4",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        arguments={"label_smoothing": 0.1},
        note="Its probabilities aim at the smoothed target, not at the truth. Classes that valid_classes removes get "
        "no part of eps; others smooth over padding, or over one shard of the classes only.",
    ),
    Row(
        name="z-loss",
        title="cross entropy with z-loss",
        link="softmax",
        formula="-log p_y + z_loss logsumexp(z)^2",
        function=cross_entropy,
        module=CrossEntropyLoss,
        parameters={"z_loss": Domain("at least 0", "how strongly the logits are held where sum_k exp z_k = 1")},
        source="Chowdhery et al., PaLM: Scaling Language Modeling with Pathways, 2022",
        link_to_source="https://arxiv.org/abs/2204.02311",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"z_loss": 0.5},
                expected=math.log(4 / 3) + 0.5 * math.log(4) ** 2,
                arithmetic="p = (3/4, 1/4), logsumexp = log(3 + 1), -log 3/4 + .5 (log 4)^2",
            ),
        ),
        traits=frozenset({Trait.PROPER, Trait.PRIOR, Trait.EQUIVARIANT}),
        arguments={"z_loss": 1e-4},
        note="The best probabilities stay what they are; of the logits that give them it takes the normalised ones.",
    ),
    Row(
        name="softcap",
        title="cross entropy of soft-capped logits",
        link="softmax",
        formula="-log softmax(cap tanh(z / cap))_y",
        function=cross_entropy,
        module=CrossEntropyLoss,
        parameters={"logits": Domain("LogitTransform(softcap=cap), cap above 0", "no logit exceeds the cap")},
        source="Gemma Team, Gemma 2: Improving Open Language Models at a Practical Size, 2024",
        link_to_source="https://arxiv.org/abs/2408.00118",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"logits": LogitTransform(softcap=2.0)},
                expected=math.log(1 + math.exp(-1)),
                arithmetic="2 tanh(log(3)/2) = 2 (3 - 1)/(3 + 1) = 1, log(1 + exp -1)",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT}),
        arguments={"logits": LogitTransform(softcap=30.0)},
        note="The model has to cap its logits in prediction too. -inf stays -inf, so that masked classes stay out.",
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
    *FROM_COUNTS,
    Row(
        name="equalization",
        title="softmax equalization loss",
        link="softmax",
        formula="-log(exp z_y / sum_k w_k exp z_k), w_k = 0 in a share gamma of rows for rare k other than y, else 1",
        function=equalization_loss,
        module=EqualizationLoss,
        parameters={
            "counts": Domain("above 0, one a class", "training count of every class"),
            "rare": Domain("above 0, at most 1", "frequency below which a class is rare, in equal shares 1/C"),
            "gamma": Domain("in [0, 1]", "probability that a row leaves the rare classes alone; 0 is cross entropy"),
            "generator": Domain("a torch.Generator or None", "what draws the rows; torch's own by default"),
        },
        source="Tan et al., Equalization Loss for Long-Tailed Object Recognition, 2020",
        link_to_source="https://arxiv.org/abs/2003.05176",
        hand=(
            Hand(
                logits=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
                target=(0, 2),
                arguments={"counts": (60, 39, 1), "gamma": 1.0},
                expected=(math.log(2) + math.log(3)) / 2,
                arithmetic="1/100 is below half of 1/3; the first row is over classes 0 and 1, the second over all",
            ),
        ),
        traits=frozenset({Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        arguments={"gamma": 1.0},
        note="Train with the default, gamma .9, whose rows are drawn at random. At 1, as here, nothing is, and no row "
        "of another class ever lowers a rare one, so that rare ones are predicted nearly always: on the digits, "
        "thinned to 100 rows of the first class for one of the last, balanced accuracy is 18%, and 81% at .9, beside "
        "80% of cross entropy. What takes no part is written in PyTorch, in two passes. Others exponentiate as is, and "
        "overflow.",
    ),
    Row(
        name="label-aware-smoothing",
        title="label-aware smoothing",
        link="softmax",
        formula="-sum_k t'_k log p_k, t' = (1 - eps_y) t + eps_y / C, eps from tail (rarest) to head (most frequent)",
        function=label_aware_smoothing_loss,
        module=LabelAwareSmoothingLoss,
        parameters={
            "counts": Domain("above 0, one a class", "training count of every class"),
            "head": Domain("in [0, 1]", "eps of the most frequent class"),
            "tail": Domain("in [0, 1]", "eps of the rarest class"),
            "shape": Domain("concave, linear or convex", "how eps goes from one to the other"),
        },
        source="Zhong et al., Improving Calibration for Long-Tailed Recognition, 2021",
        link_to_source="https://arxiv.org/abs/2104.00466",
        hand=(
            Hand(
                logits=((math.log(3), 0.0), (math.log(3), 0.0)),
                target=(0, 1),
                arguments={"counts": (90, 10), "head": 0.4, "tail": 0.1},
                expected=(0.8 * math.log(4 / 3) + 0.2 * math.log(4) + 0.05 * math.log(4 / 3) + 0.95 * math.log(4)) / 2,
                arithmetic="p = (3/4, 1/4); eps .4: t' = (.8, .2); eps .1: t' = (.05, .95); mean of -t' log p",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="For calibration, in the second of two stages of training. The paper's text leaves the label out of the "
        "classes that share eps; its code, and this, do not. Equal counts get tail, where that code divides 0 by 0. "
        "With logits of -inf, a transform, z_loss, or an eps of 0 or 1 it is two cross entropies, else one.",
    ),
    Row(
        name="poly1",
        title="poly-1 loss",
        link="softmax",
        formula="-log p_y + poly (1 - p_y)",
        function=poly1_loss,
        module=Poly1Loss,
        parameters={"poly": Domain("at least -1", "added to the first term of -log p = (1-p) + (1-p)^2/2 + ...")},
        source="Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022",
        link_to_source="https://arxiv.org/abs/2204.12511",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"poly": 2.0},
                expected=math.log(4 / 3) + 1 / 2,
                arithmetic="p = (3/4, 1/4), -log 3/4 + 2 * 1/4",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="Not proper: for poly above 0 its probabilities are too bold. Below -1 it would punish certainty.",
    ),
    Row(
        name="gce",
        title="generalized cross entropy",
        link="softmax",
        formula="(1 - p_y^q) / q",
        function=generalized_cross_entropy_loss,
        module=GeneralizedCrossEntropyLoss,
        parameters={"q": Domain("in [0, 1]", "from cross entropy (0) to the mean absolute error (1)")},
        source="Zhang & Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, "
        "2018",
        link_to_source="https://arxiv.org/abs/1805.07836",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(1,),
                arguments={"q": 0.5},
                expected=1.0,
                arithmetic="p = (3/4, 1/4), (1 - sqrt 1/4) / (1/2)",
            ),
        ),
        traits=frozenset({Trait.BOUNDED, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="For wrong labels. It learns slowly what it finds improbable, many classes at the start of training too; "
        "its probabilities are too bold.",
    ),
    Row(
        name="mae",
        title="mean absolute error of the probability",
        link="softmax",
        formula="1 - p_y",
        function=mean_absolute_error_loss,
        module=MeanAbsoluteErrorLoss,
        parameters={},
        source="Ghosh et al., Robust Loss Functions under Label Noise for Deep Neural Networks, 2017",
        link_to_source="https://arxiv.org/abs/1712.09482",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={},
                expected=1 / 4,
                arithmetic="p = (3/4, 1/4), 1 - 3/4",
            ),
        ),
        traits=frozenset({Trait.BOUNDED, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="Some write the sum over the classes, 2 (1 - p_y). Hard to train with many classes: where p_y is small, "
        "so is the gradient. Not proper: the best prediction is certain of the most frequent class.",
    ),
    Row(
        name="symmetric",
        title="symmetric cross entropy",
        link="softmax",
        formula="-alpha log p_y - beta log_zero (1 - p_y)",
        function=symmetric_cross_entropy_loss,
        module=SymmetricCrossEntropyLoss,
        parameters={
            "alpha": Domain("at least 0", "coefficient of cross entropy"),
            "beta": Domain("at least 0, not 0 with alpha", "coefficient of the reverse, which bears wrong labels"),
            "log_zero": Domain("below 0", "what stands for the logarithm of 0, in nats"),
        },
        source="Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019",
        link_to_source="https://arxiv.org/abs/1908.06112",
        hand=(
            Hand(
                logits=((math.log(3), 0.0),),
                target=(0,),
                arguments={"alpha": 0.1, "beta": 1.0, "log_zero": -4.0},
                expected=0.1 * math.log(4 / 3) + 1.0,
                arithmetic="p = (3/4, 1/4), -.1 log 3/4 + 1 * 4 * 1/4",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="Others clip the probabilities at 1e-7, below which the reverse term has no gradient, and hide log_zero "
        "in a label clipped at 1e-4, which makes it -9.2.",
    ),
    Row(
        name="distillation",
        title="distillation of a teacher",
        link="softmax",
        formula="-T^2 sum_k q_k log p_k, q = softmax(teacher / T), p = softmax(z / T)",
        function=distillation_loss,
        module=DistillationLoss,
        parameters={"temperature": Domain("above 0", "T, which softens both; 1 softens nothing")},
        source="Hinton et al., Distilling the Knowledge in a Neural Network, 2015",
        link_to_source="https://arxiv.org/abs/1503.02531",
        hand=(
            Hand(
                logits=((0.0, 2 * math.log(3)),),
                target=((2 * math.log(3), 0.0),),
                arguments={"temperature": 2.0},
                expected=3 * math.log(4) + math.log(4 / 3),
                arithmetic="q = (3/4, 1/4), p = (1/4, 3/4): 2^2 (3/4 * -log 1/4 + 1/4 * -log 3/4)",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="The target is the logits of the teacher, which get no gradient. Usually added to that of labels. "
        "Others give the divergence: less by T^2 times the teacher's entropy, with the same gradient. The teacher's "
        "softmax is PyTorch's.",
    ),
)
