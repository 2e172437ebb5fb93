"""Distribution-balanced loss: labels that others bring along count less, and negatives of rare classes push less."""

from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.call import SigmoidCall
from xent.core.check import number
from xent.core.event import Event
from xent.core.logits import LogitTransform
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import Normalizer
from xent.functional import binary_cross_entropy_with_logits
from xent.imbalance import inverse_frequency, pos_weight
from xent.nn import BCEWithLogitsLoss
from xent.presets import eager
from xent.presets.counts import described, like_counts, like_input
from xent.presets.elements import elements, exact_counts, held_elements, read_elements
from xent.presets.settings import SigmoidArguments, SigmoidSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["DistributionBalancedLoss", "distribution_balanced_loss"]


def distribution_balanced_loss(  # type: ignore[misc]  # `neg_scale` has a default of its own
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    total: "int | Counts | None" = None,
    alpha: float = 0.1,
    beta: float = 10.0,
    mu: float = 0.2,
    kappa: float = 0.05,
    neg_scale: float = 2.0,
    gamma: float = 2.0,
    **settings: Unpack[SigmoidArguments],
) -> Tensor:
    r"""Distribution-balanced loss with focal factors, for multi-label rows with a long tail of classes.

    .. math::
        r_k \big( y_k\, \phi(\sigma(z'_k)) + (1-y_k)\, \phi(1-\sigma(\lambda z'_k)) / \lambda \big),
        \qquad \phi(p) = -(1-p)^\gamma \log p

    .. math::
        r_k = \alpha + \sigma\Big(\beta \Big(\frac{1/n_k}{\sum_j y_j / n_j} - \mu\Big)\Big), \qquad
        z'_k = z_k - \kappa \log\Big(\frac{N}{n_k} - 1\Big)

    with :math:`\lambda` = ``neg_scale``. The weights r depend on the labels of the row: a label beside a rarer one was
    sampled more often than it should be. A row without labels has r = alpha + 1 for every class, the limit. Labels that
    are left out take no part in r.

    Predict with the plain logits z. This is the paper's formula; its training code divides the offset by ``neg_scale``
    and multiplies the loss by 2. Its settings are those given here for COCO-MLT, and ``mu=0.3, neg_scale=5.0`` for
    VOC-MLT; both were used with class-aware sampling, which r is made for.

    The counts are read and checked in every call; :class:`xent.DistributionBalancedLoss` does so once.

    Args:
        input: Logits of shape (N, C), or with any leading axes; the class axis is the last.
        target: y of the input's shape, floating point.
        counts: Training rows n_k with each label, shape (C,): a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        total: Training rows N, above every count; None for ClassCounts, which know it.
        alpha: Least weight of an element, at least 0.
        beta: Steepness of the weights, above 0.
        mu: Where the weights rise.
        kappa: Strength of the offset; 0 for none.
        neg_scale: Above 0: factor of the logit of negatives, divided out again. Negatives below 0 push less.
        gamma: Focusing exponent, at least 0; 0 for none.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`, but for ``weight``, ``positive`` and
            ``negative``; ``logits`` without an ``offset``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it.

    Raises:
        ValueError: A parameter outside its domain, counts that :func:`xent.imbalance.pos_weight` refuses or that are
            not one for each class of the input, and what :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: A setting is given that the loss sets itself; a parameter of the wrong type.

    Example:
        >>> import torch, xent
        >>> logits, target = torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 0.0]])
        >>> xent.distribution_balanced_loss(logits, target, counts=[50, 10], total=100)
        tensor(0.0127)

    References:
        Wu et al., Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets, 2020.
    """
    name = "distribution_balanced_loss"
    own = _settings(name, neg_scale, gamma)
    balance = _Balance.checked(name, alpha, beta, mu)
    call = elements(
        name, input, target, settings.get("ignore_index"), settings.get("sample_weight"), settings.get("mask")
    )
    rarity, offset = (like_input(name, values, input) for values in _from_counts(name, counts, total, kappa))
    own["weight"] = _element_weights(name, call, rarity, balance)
    own["logits"] = LogitTransform(offset=offset)
    return binary_cross_entropy_with_logits(input, target, **compose(name, settings, **own))


class DistributionBalancedLoss(BCEWithLogitsLoss):
    r"""Distribution-balanced loss with focal factors; see :func:`xent.distribution_balanced_loss`.

    Args:
        counts: Training rows n_k with each label, shape (C,): a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        total: Training rows N, above every count; None for ClassCounts, which know it.
        alpha: Least weight of an element, at least 0.
        beta: Steepness of the weights, above 0.
        mu: Where the weights rise.
        kappa: Strength of the offset; 0 for none.
        neg_scale: Above 0: factor of the logit of negatives, divided out again.
        gamma: Focusing exponent, at least 0; 0 for none.
        **settings: Of :class:`xent.BCEWithLogitsLoss`, but for ``weight``, ``positive`` and ``negative``; ``logits``
            without an ``offset``.

    Shape:
        As :func:`xent.distribution_balanced_loss`; the loss is in nats.

    Raises:
        ValueError: A parameter outside its domain, or counts that :func:`xent.imbalance.pos_weight` refuses.
        TypeError: A setting is given that the loss sets itself; a parameter of the wrong type.

    Example:
        >>> import torch, xent
        >>> criterion = xent.DistributionBalancedLoss([50, 10], total=100)
        >>> criterion(torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.0127)

    References:
        Wu et al., Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets, 2020.
    """

    rarity: Tensor

    def __init__(  # type: ignore[misc]
        self,
        counts: "Counts",
        total: "int | Counts | None" = None,
        alpha: float = 0.1,
        beta: float = 10.0,
        mu: float = 0.2,
        kappa: float = 0.05,
        neg_scale: float = 2.0,
        gamma: float = 2.0,
        **settings: Unpack[SigmoidSettings],
    ) -> None:
        name = "DistributionBalancedLoss"
        own = _settings(name, neg_scale, gamma)
        rarity, offset = (like_counts(values, counts) for values in _from_counts(name, counts, total, kappa))
        transform = LogitTransform(offset=offset)
        super().__init__(**compose(name, settings, weight=None, logits=transform, **own))
        self.balance = _Balance.checked(name, alpha, beta, mu)
        self.kappa = kappa
        self.register_buffer("rarity", rarity)

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.distribution_balanced_loss`."""
        name = "DistributionBalancedLoss"
        call = elements(name, input, target, self.ignore_index, sample_weight, mask)
        settings = held_elements(self)
        settings["weight"] = _element_weights(name, call, self.rarity, self.balance)
        return binary_cross_entropy_with_logits(
            input, target, sample_weight=sample_weight, mask=mask, normalizer=normalizer, **settings
        )

    def extra_repr(self) -> str:
        """Its parameters, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), **self.balance._asdict(), kappa=self.kappa)


class _Balance(NamedTuple):
    """How the share of a label in what a row was sampled for becomes a weight."""

    alpha: float
    beta: float
    mu: float

    @classmethod
    def checked(cls, name: str, alpha: float, beta: float, mu: float) -> "_Balance":
        return cls(
            number(name, "alpha", alpha, least=0.0), number(name, "beta", beta, above=0.0), number(name, "mu", mu)
        )


def _settings(name: str, neg_scale: float, gamma: float) -> dict[str, Any]:
    event = Event(gamma=number(name, "gamma", gamma, least=0.0))
    return {"positive": event, "negative": event, "neg_scale": number(name, "neg_scale", neg_scale, above=0.0)}


def _from_counts(name: str, counts: "Counts", total: "int | Counts | None", kappa: float) -> tuple[Tensor, Tensor]:
    """1/n_k, up to a factor that the weights do not see, and the offset of the logits, (C,) each in float64."""
    number(name, "kappa", kappa)
    counts, total = exact_counts(counts, total)
    return inverse_frequency(counts), -kappa * pos_weight(counts, total).log()


def _element_weights(name: str, call: SigmoidCall, rarity: Tensor, balance: _Balance) -> Tensor:
    """The weight r of every element, of the input's shape."""
    check.no_gradient(name, "target", call.target)
    axis = check.class_axis(call.logits, -1)
    if call.logits.shape[axis] != len(rarity):
        raise ValueError(
            f"{name}: `counts` must hold one number for each of the {call.logits.shape[axis]} classes along the last "
            f"axis of `input`, got {len(rarity)}."
        )
    read, dtype = read_elements(call), arithmetic_dtype(call.logits, call.target)
    target, rarity = call.target.to(dtype), rarity.to(dtype)
    if read is not None:
        target = target.masked_fill(~read, 0.0)
    steepness = balance.beta / _sums(target, rarity)  # inf in a row without labels
    return (rarity * steepness).sub_(balance.beta * balance.mu).sigmoid_().add_(balance.alpha)


def _sums(target: Tensor, rarity: Tensor) -> Tensor:
    """The rarity of a row's labels, summed, with the class axis kept at size 1."""
    if eager.on_cpu(target, rarity):
        # A product of matrices, but one that autocast leaves in its dtype on the CPU.
        return target.reshape(-1, len(rarity)).mv(rarity).view(*target.shape[:-1], 1)
    return (target * rarity).sum(-1, keepdim=True)
