"""Losses made from the training counts of the classes: softmax rows, for long-tailed data."""

import math

from xent.catalog.row import Domain, Hand, Row, Trait
from xent.presets import (
    BalancedSoftmaxLoss,
    ClassBalancedLoss,
    ClassDependentTemperatureLoss,
    InverseFrequencyLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    SeesawLoss,
    VectorScalingLoss,
    balanced_softmax_loss,
    class_balanced_loss,
    class_dependent_temperature_loss,
    inverse_frequency_loss,
    ldam_loss,
    logit_adjusted_loss,
    seesaw_loss,
    vector_scaling_loss,
)

COUNTS = Domain("above 0, one a class", "training rows of every class")

FROM_COUNTS = (
    Row(
        name="inverse-frequency",
        title="class weights by inverse frequency",
        link="softmax",
        formula="-w_y log p_y, w_k proportional to n_k^-power",
        function=inverse_frequency_loss,
        module=InverseFrequencyLoss,
        parameters={
            "counts": COUNTS,
            "power": Domain("at least 0", "how far the weights follow the counts; 0 is cross entropy"),
        },
        source="King & Zeng, Logistic Regression in Rare Events Data, 2001",
        link_to_source="https://gking.harvard.edu/files/0s.pdf",
        hand=(
            Hand(
                logits=((math.log(3), 0.0), (math.log(3), 0.0)),
                target=(0, 1),
                arguments={"counts": (3.0, 1.0)},
                expected=(math.log(4 / 3) + 3 * math.log(4)) / 4,
                arithmetic="p = (3/4, 1/4), weights 1 : 3, (1 * -log 3/4 + 3 * -log 1/4) / 4",
            ),
        ),
        traits=frozenset(
            {Trait.UNIFORM, Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT},
        ),
        note="The mean divides by the weights of the batch's labels, where others divide by the rows: only their "
        "ratios matter. With many classes and strong imbalance a handful of rows makes the gradient, and accuracy "
        "falls below that of cross entropy.",
    ),
    Row(
        name="inverse-sqrt",
        title="class weights by the inverse square root of the frequency",
        link="softmax",
        formula="-w_y log p_y, w_k proportional to n_k^-1/2",
        function=inverse_frequency_loss,
        module=InverseFrequencyLoss,
        parameters={"counts": COUNTS},
        arguments={"power": 0.5},
        source="King & Zeng, Logistic Regression in Rare Events Data, 2001",
        link_to_source="https://gking.harvard.edu/files/0s.pdf",
        hand=(
            Hand(
                logits=((math.log(3), 0.0), (math.log(3), 0.0)),
                target=(0, 1),
                arguments={"counts": (4.0, 1.0)},
                expected=(math.log(4 / 3) + 2 * math.log(4)) / 3,
                arithmetic="p = (3/4, 1/4), weights 1 : 2, (1 * -log 3/4 + 2 * -log 1/4) / 3",
            ),
        ),
        traits=frozenset({Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="Half way between cross entropy and inverse frequency; the paper has the weights, not their root.",
    ),
    Row(
        name="class-balanced",
        title="class weights by the effective number of samples",
        link="softmax",
        formula="-w_y log p_y, w_k proportional to (1 - beta) / (1 - beta^n_k)",
        function=class_balanced_loss,
        module=ClassBalancedLoss,
        parameters={
            "counts": COUNTS,
            "beta": Domain("in [0, 1)", "classes with many more rows than 1 / (1 - beta) count as equal"),
        },
        source="Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019",
        link_to_source="https://arxiv.org/abs/1901.05555",
        hand=(
            Hand(
                logits=((math.log(3), 0.0), (math.log(3), 0.0)),
                target=(0, 1),
                arguments={"counts": (2.0, 1.0), "beta": 0.5},
                expected=(2 * math.log(4 / 3) + 3 * math.log(4)) / 5,
                arithmetic="p = (3/4, 1/4), numbers 3/2 and 1, weights 2 : 3, (2 * -log 3/4 + 3 * -log 1/4) / 5",
            ),
        ),
        traits=frozenset({Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="A small beta does nothing: the weights are then nearly equal. The paper's weights sum to the number of "
        "classes, ours average to 1 over the training rows; the mean cannot tell.",
    ),
    Row(
        name="balanced-softmax",
        title="balanced softmax",
        link="softmax",
        formula="-log softmax(z + log pi)_y, pi_k = n_k / n",
        function=balanced_softmax_loss,
        module=BalancedSoftmaxLoss,
        parameters={"counts": COUNTS},
        source="Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020",
        link_to_source="https://arxiv.org/abs/2007.10740",
        hand=(
            Hand(
                logits=((0.0, 0.0),),
                target=(1,),
                arguments={"counts": (3.0, 1.0)},
                expected=math.log(4),
                arithmetic="the probabilities of equal logits are the frequencies (3/4, 1/4), -log 1/4",
            ),
        ),
        traits=frozenset(
            {Trait.UNIFORM, Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT},
        ),
        note="The offset belongs to training: predict with the plain logits, and adjust them by nothing else. The "
        "paper writes log n_k, which differs by a constant.",
    ),
    Row(
        name="logit-adjusted",
        title="logit-adjusted cross entropy",
        link="softmax",
        formula="-log softmax(z + tau log pi)_y, pi_k = n_k / n",
        function=logit_adjusted_loss,
        module=LogitAdjustedLoss,
        parameters={
            "counts": COUNTS,
            "tau": Domain("at least 0", "how far to go: 0 is cross entropy, 1 balanced softmax"),
        },
        source="Menon et al., Long-Tail Learning via Logit Adjustment, 2021",
        link_to_source="https://arxiv.org/abs/2007.07314",
        hand=(
            Hand(
                logits=((0.0, 0.0),),
                target=(0,),
                arguments={"counts": (3.0, 1.0), "tau": 2.0},
                expected=math.log(10 / 9),
                arithmetic="of equal logits, 3^2 : 1^2, -log 9/10",
            ),
        ),
        traits=frozenset(
            {Trait.UNIFORM, Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT},
        ),
        note="In training, or subtracted from the logits of a plainly trained model (xent.imbalance.adjust_logits): "
        "one of the two, never both.",
    ),
    Row(
        name="ldam",
        title="label-distribution-aware margins (LDAM)",
        link="softmax",
        formula="-log softmax(scale (z - [k = y] m_y))_y, m_k proportional to n_k^-1/4, its largest max_margin",
        function=ldam_loss,
        module=LDAMLoss,
        parameters={
            "counts": COUNTS,
            "max_margin": Domain("at least 0", "the margin of the rarest class, in units of the cosine"),
            "scale": Domain("above 0", "factor of the cosines, an inverse temperature"),
        },
        source="Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019",
        link_to_source="https://arxiv.org/abs/1906.07413",
        hand=(
            Hand(
                logits=((0.5, 0.0),),
                target=(0,),
                arguments={"counts": (16.0, 1.0), "scale": 4 * math.log(3)},
                expected=math.log(4 / 3),
                arithmetic="margins 1/4 and 1/2, 4 log 3 * (1/2 - 1/4) = log 3 beside 0, -log 3/4",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT}),
        note="For cosines: the head must be normalised (xent.NormalizedLinear), or its logits outgrow the margin. Most "
        "of the paper's gain is its schedule, xent.DeferredReweighting. Its companion code puts the class weight of "
        "its focal loss inside p.",
    ),
    Row(
        name="cdt",
        title="class-dependent temperatures (CDT)",
        link="softmax",
        formula="-log softmax(a z)_y, a_k = (n_k / n_max)^gamma",
        function=class_dependent_temperature_loss,
        module=ClassDependentTemperatureLoss,
        parameters={
            "counts": COUNTS,
            "gamma": Domain("at least 0", "how far the factors follow the counts; 0 is cross entropy"),
        },
        source="Ye et al., Identifying and Compensating for Feature Deviation in Imbalanced Deep Learning, 2020",
        link_to_source="https://arxiv.org/abs/2001.01385",
        hand=(
            Hand(
                logits=((0.0, 2 * math.log(3)),),
                target=(1,),
                arguments={"counts": (4.0, 1.0), "gamma": 0.5},
                expected=math.log(4 / 3),
                arithmetic="factors (1, 1/2), logits (0, log 3), -log 3/4",
            ),
        ),
        traits=frozenset({Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.EQUIVARIANT}),
        note="The factors belong to training: predict with the plain logits. A constant added to the logits changes "
        "it.",
    ),
    Row(
        name="vector-scaling",
        title="vector scaling",
        link="softmax",
        formula="-log softmax(a z + tau log pi)_y, a_k = (n_k / n_max)^gamma, pi_k = n_k / n",
        function=vector_scaling_loss,
        module=VectorScalingLoss,
        parameters={
            "counts": COUNTS,
            "gamma": Domain("at least 0", "how far the factors follow the counts; 0 leaves logit adjustment"),
            "tau": Domain("at least 0", "how far the offset follows them; 0 leaves class-dependent temperatures"),
        },
        source="Kini et al., Label-Imbalanced and Group-Sensitive Classification under Overparameterization, 2021",
        link_to_source="https://arxiv.org/abs/2103.01550",
        hand=(
            Hand(
                logits=((0.0, 2 * math.log(3)),),
                target=(1,),
                arguments={"counts": (4.0, 1.0), "gamma": 0.5},
                expected=math.log(7 / 3),
                arithmetic="factors (1, 1/2) and odds 4 : 1, logits log 4 and log 3, -log 3/7",
            ),
        ),
        traits=frozenset({Trait.UNIFORM, Trait.PLAIN_FOR_EQUAL_COUNTS, Trait.EQUIVARIANT}),
        note="Factors and offset belong to training: predict with the plain logits. A constant added to the logits "
        "changes it. Both raise the rare classes, and together they soon do so too much: on the digits, thinned to 100 "
        "rows of the first class for one of the last, balanced accuracy is 87% without factors, 85% at gamma .1, and "
        "71% at .3.",
    ),
    Row(
        name="seesaw",
        title="seesaw loss",
        link="softmax",
        formula="-log softmax(z + log S_y)_y, S_yk = min(1, (n_k / n_y)^p) max(1, (softmax(z)_k / softmax(z)_y)^q)",
        function=seesaw_loss,
        module=SeesawLoss,
        parameters={
            "num_classes": Domain("at least 1", "not needed where counts are given"),
            "counts": Domain("at least 0, one a class", "rows of every class seen so far; 0 counts as 1"),
            "p": Domain("at least 0", "of the mitigation, by which frequent classes push rare ones less"),
            "q": Domain("at least 0", "of the compensation, which takes that back where classes are confused"),
            "sync_counts": Domain("True or False", "add up the counts of a batch over the ranks of torch.distributed"),
        },
        source="Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation, 2021",
        link_to_source="https://arxiv.org/abs/2008.10032",
        hand=(
            Hand(
                logits=((0.0, math.log(3)),),
                target=(0,),
                arguments={"counts": (4.0, 1.0), "p": 0.5, "q": 1.0},
                expected=math.log(11 / 2),
                arithmetic="M = (1/4)^(1/2), C = (3/4) / (1/4), S = 3/2, -log 1 / (1 + 3/2 * 3)",
            ),
        ),
        traits=frozenset({Trait.SHIFT_INVARIANT, Trait.EQUIVARIANT, Trait.CONSTANT_PART}),
        note="The module counts the labels of its batches itself, in training mode. No gradient goes through S, which "
        "is formed in PyTorch, in four passes over the logits.",
    ),
)
