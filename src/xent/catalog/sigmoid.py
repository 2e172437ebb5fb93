"""Losses in which every class is a question of its own: the sigmoid link, for multi-label classification."""

import math

from xent.catalog.row import Domain, Hand, Row, Trait
from xent.functional import binary_cross_entropy_with_logits
from xent.nn import BCEWithLogitsLoss
from xent.presets import (
    AsymmetricLoss,
    DistributionBalancedLoss,
    PolyBinaryLoss,
    PosWeightedLoss,
    QualityFocalLoss,
    SigmoidFocalLoss,
    ZLPRLoss,
    asymmetric_loss,
    distribution_balanced_loss,
    poly_binary_loss,
    pos_weighted_loss,
    quality_focal_loss,
    sigmoid_focal_loss,
    zlpr_loss,
)

# A logit of log 3: p = 3/4.
LOG_3 = math.log(3)

SIGMOID: tuple[Row, ...] = (
    Row(
        name="bce",
        title="binary cross entropy",
        link="sigmoid",
        formula="-y log p - (1 - y) log(1 - p)",
        function=binary_cross_entropy_with_logits,
        module=BCEWithLogitsLoss,
        parameters={},
        source="Good, Rational Decisions, 1952",
        link_to_source="https://www.jstor.org/stable/2984087",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((1.0, 0.0),),
                arguments={},
                expected=math.log(16 / 3) / 2,
                arithmetic="p = (3/4, 3/4), the mean of -log 3/4 and -log 1/4",
            ),
        ),
        traits=frozenset({Trait.PROPER, Trait.PRIOR, Trait.EQUIVARIANT}),
        note="To leave elements out, use mask or ignore_index: no loss, no gradient, not counted in the mean.",
    ),
    Row(
        name="bce-pos-weight",
        title="binary cross entropy with weighted positives",
        link="sigmoid",
        formula="-w_k y log p - (1 - y) log(1 - p), w_k = (total - n_k) / n_k",
        function=pos_weighted_loss,
        module=PosWeightedLoss,
        parameters={
            "counts": Domain("(C,), all above 0 and below total", "training rows with each label, n_k"),
            "total": Domain("above every count", "training rows; known to ClassCounts"),
            "cap": Domain("above 0, or None", "the most that a weight may be"),
        },
        arguments={"total": 1000},
        source="King & Zeng, Logistic Regression in Rare Events Data, 2001",
        link_to_source="https://doi.org/10.1093/oxfordjournals.pan.a004868",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((1.0, 0.0),),
                arguments={"counts": (1, 1), "total": 4},
                expected=(3 * math.log(4 / 3) + math.log(4)) / 2,
                arithmetic="w = (3, 3), p = (3/4, 3/4), the mean of 3 * -log 3/4 and -log 1/4",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT}),
        note="Most of its gain at threshold .5 is a shift of the threshold; xent.imbalance.undo_pos_weight undoes it. "
        "A weight of 0 does not ignore a class, whose negatives still push: mask does.",
    ),
    Row(
        name="sigmoid-focal",
        title="focal loss of independent classes",
        link="sigmoid",
        formula="-alpha y (1 - p)^gamma log p - (1 - alpha) (1 - y) p^gamma log(1 - p)",
        function=sigmoid_focal_loss,
        module=SigmoidFocalLoss,
        parameters={
            "alpha": Domain(
                "in [0, 1], or None", "weight of positives, 1 - alpha that of negatives; None is no weights"
            ),
            "gamma": Domain("at least 0", "how much less is counted what is easy"),
        },
        source="Lin et al., Focal Loss for Dense Object Detection, 2017",
        link_to_source="https://arxiv.org/abs/1708.02002",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((1.0, 0.0),),
                arguments={},
                expected=(math.log(4 / 3) + 27 * math.log(4)) / 128,
                arithmetic="p = (3/4, 3/4), the mean of 1/4 (1/4)^2 * -log 3/4 and 3/4 (3/4)^2 * -log 1/4",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT, Trait.BOUNDED}),
        note="alpha .25 counts positives a third of negatives, and costs recall where negatives are no vast majority. "
        "Soft targets are split between the two events; torchvision and fvcore mix p and 1 - p first.",
    ),
    Row(
        name="asl",
        title="asymmetric loss",
        link="sigmoid",
        formula="-y (1 - p)^gamma_pos log p - (1 - y) q^gamma_neg log(1 - q), q = max(p - clip, 0)",
        function=asymmetric_loss,
        module=AsymmetricLoss,
        parameters={
            "gamma_pos": Domain("at least 0", "focusing of positives"),
            "gamma_neg": Domain("at least 0", "focusing of negatives"),
            "clip": Domain("in [0, 1)", "how far the score of negatives is lowered; up to it they cost nothing"),
        },
        source="Ridnik et al., Asymmetric Loss for Multi-Label Classification, 2021",
        link_to_source="https://arxiv.org/abs/2009.14119",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((1.0, 0.0),),
                arguments={"clip": 0.25},
                expected=(math.log(4 / 3) / 4 + math.log(2) / 16) / 2,
                arithmetic="p = (3/4, 3/4), q = 1/2: the mean of 1/4 * -log 3/4 and (1/2)^4 * -log 1/2",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT}),
        note="The mean is the default; the authors' code sums. timm's switches grad mode globally inside forward. Much "
        "of the gain at threshold .5 is a shift of the threshold.",
    ),
    Row(
        name="poly-bce",
        title="Poly-1 loss of independent classes",
        link="sigmoid",
        formula="y (-log p + poly (1 - p)) + (1 - y) (-log(1 - p) + poly p)",
        function=poly_binary_loss,
        module=PolyBinaryLoss,
        parameters={"poly": Domain("at least -1", "added to the first coefficient in powers of 1 - p")},
        source="Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022",
        link_to_source="https://arxiv.org/abs/2204.12511",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((1.0, 0.0),),
                arguments={"poly": 2.0},
                expected=math.log(16 / 3) / 2 + 1,
                arithmetic="p = (3/4, 3/4), the mean of -log 3/4 + 2/4 and -log 1/4 + 6/4",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT}),
    ),
    Row(
        name="quality-focal",
        title="quality focal loss",
        link="sigmoid",
        formula="|y - p|^beta (-y log p - (1 - y) log(1 - p))",
        function=quality_focal_loss,
        module=QualityFocalLoss,
        parameters={"beta": Domain("at least 0", "how much less is counted what is close; 0 is binary cross entropy")},
        source="Li et al., Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object "
        "Detection, 2020",
        link_to_source="https://arxiv.org/abs/2006.04388",
        hand=(
            Hand(
                logits=((LOG_3, LOG_3),),
                target=((0.25, 0.0),),
                arguments={},
                expected=((math.log(4 / 3) + 3 * math.log(4)) / 16 + 9 / 16 * math.log(4)) / 2,
                arithmetic="p = (3/4, 3/4), the mean of 1/4 (1/4 * -log 3/4 + 3/4 * -log 1/4) and 9/16 * -log 1/4",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT, Trait.SOFT_TARGETS_OF_ITS_OWN}),
        note="No event of the core, for its factor depends on the target. For soft targets it is no mixture of the "
        "losses of 0 and 1.",
    ),
    Row(
        name="distribution-balanced",
        title="distribution-balanced loss",
        link="sigmoid",
        formula="r_k (y phi(sigmoid(z')) + (1 - y) phi(1 - sigmoid(neg_scale z')) / neg_scale), "
        "phi(p) = -(1 - p)^gamma log p, z'_k = z_k - kappa log(total / n_k - 1), "
        "r_k = alpha + sigmoid(beta (1/n_k / sum_j y_j/n_j - mu))",
        function=distribution_balanced_loss,
        module=DistributionBalancedLoss,
        parameters={
            "counts": Domain("(C,), all above 0 and below total", "training rows with each label, n_k"),
            "total": Domain("above every count", "training rows; known to ClassCounts"),
            "alpha": Domain("at least 0", "least weight of an element"),
            "beta": Domain("above 0", "steepness of the weights"),
            "mu": Domain("finite", "where the weights rise; .3 for VOC-MLT"),
            "kappa": Domain("finite", "strength of the offset; 0 for none"),
            "neg_scale": Domain("above 0", "factor of the logit of negatives; 5 for VOC-MLT"),
            "gamma": Domain("at least 0", "how much less is counted what is easy"),
        },
        arguments={"total": 1000, "neg_scale": 2.0},
        source="Wu et al., Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets, 2020",
        link_to_source="https://arxiv.org/abs/2007.09654",
        hand=(
            Hand(
                logits=((0.0, 1.5 * LOG_3),),
                target=((1.0, 0.0),),
                arguments={"counts": (2, 1), "total": 4, "alpha": 0.0, "beta": LOG_3, "mu": 1.0, "kappa": 1.0},
                expected=(math.log(2) / 8 + 27 / 128 * math.log(4)) / 2,
                arithmetic="shares (1, 2), r = (1/2, 3/4), z' = (0, log(3)/2); sigmoid(2 z'_2) = 3/4; the mean of "
                "1/2 (1/2)^2 * -log 1/2 and 3/4 (3/4)^2 * -log(1/4) / 2",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT, Trait.SOFT_TARGETS_OF_ITS_OWN}),
        note="The weights depend on the labels of the row, so soft targets are no mixture of the losses of 0 and 1. "
        "Made for class-aware sampling. The authors' code multiplies by 2 and divides the offset by neg_scale. The "
        "weights are formed in PyTorch, in five passes.",
    ),
    Row(
        name="zlpr",
        title="zero-bounded log-sum-exp and pairwise rank-based loss",
        link="sigmoid",
        formula="log(1 + sum_{y=0} e^z) + log(1 + sum_{y=1} e^-z)",
        function=zlpr_loss,
        module=ZLPRLoss,
        parameters={},
        source="Su et al., ZLPR: A Novel Loss for Multi-label Classification, 2022",
        link_to_source="https://arxiv.org/abs/2208.02955",
        hand=(
            Hand(
                logits=((math.log(2), math.log(4), LOG_3, 0.0),),
                target=((1.0, 1.0, 0.0, 0.0),),
                arguments={},
                expected=math.log(35 / 4),
                arithmetic="log(1 + 3 + 1) + log(1 + 1/2 + 1/4) = log 5 + log 7/4",
            ),
        ),
        traits=frozenset({Trait.EQUIVARIANT, Trait.BOUNDED, Trait.SOFT_TARGETS_OF_ITS_OWN}),
        note="One loss a row, and reductions are over rows. Predict the classes above 0; the sigmoid of a logit is no "
        "probability. mask and ignore_index take elements out of their row.",
    ),
)
