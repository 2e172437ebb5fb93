"""Losses for labels that may be wrong: a row that the model finds improbable pulls less than in cross entropy."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.event import NLL, Event
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets.factor import multiple
from xent.presets.held import held
from xent.presets.settings import OfBatch, SoftmaxArguments, SoftmaxSettings, compose

__all__ = [
    "GeneralizedCrossEntropyLoss",
    "MeanAbsoluteErrorLoss",
    "SymmetricCrossEntropyLoss",
    "generalized_cross_entropy_loss",
    "mean_absolute_error_loss",
    "symmetric_cross_entropy_loss",
]


def generalized_cross_entropy_loss(
    input: Tensor, target: Tensor, q: float = 0.7, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Generalized cross entropy, :math:`(1-p_y^q)/q`.

    It lies between cross entropy (q = 0) and the mean absolute error (q = 1): the gradient of cross entropy times
    :math:`p_y^q`. With probability targets it is taken event by event, :math:`\sum_k t_k (1-p_k^q)/q`. The paper's
    truncated loss, which drops rows below a probability, is this with a ``mask`` or ``sample_weight`` of such rows.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        q: In [0, 1].
        **settings: Of :func:`xent.cross_entropy`, but for ``event``.

    Returns:
        The loss as :func:`xent.cross_entropy` returns it; in nats for q = 0.

    Raises:
        ValueError: ``q`` outside [0, 1], and what :func:`xent.cross_entropy` raises.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.generalized_cross_entropy_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([0]), q=0.5)
        tensor(0.5858)

    References:
        Zhang & Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, 2018.
    """
    name = "generalized_cross_entropy_loss"
    return cross_entropy(input, target, **compose(name, settings, event=_power(name, q)))


class GeneralizedCrossEntropyLoss(CrossEntropyLoss):
    r"""Generalized cross entropy, :math:`(1-p_y^q)/q`; see :func:`xent.generalized_cross_entropy_loss`.

    Args:
        q: In [0, 1]; 0 is cross entropy, 1 the mean absolute error.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``event``.

    Shape:
        As :func:`xent.cross_entropy`.

    Raises:
        ValueError: ``q`` outside [0, 1].
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.GeneralizedCrossEntropyLoss(q=0.5)(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(0.5858)

    References:
        Zhang & Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, 2018.
    """

    def __init__(self, q: float = 0.7, **settings: Unpack[SoftmaxSettings]) -> None:
        name = "GeneralizedCrossEntropyLoss"
        super().__init__(**compose(name, settings, event=_power(name, q)))


def mean_absolute_error_loss(input: Tensor, target: Tensor, **settings: Unpack[SoftmaxArguments]) -> Tensor:
    r"""Mean absolute error of the probability of the label, :math:`1-p_y`.

    The expected error rate of predictions drawn from the model. Some sum the absolute errors of all classes,
    :math:`\sum_k |t_k - p_k|`, which for labels is :math:`2(1-p_y)`: for their value and their gradient, double this.
    With probability targets the two differ by more: this is :math:`1 - \sum_k t_k p_k`.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        **settings: Of :func:`xent.cross_entropy`, but for ``event``.

    Returns:
        The loss, a probability, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: What :func:`xent.cross_entropy` raises.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.mean_absolute_error_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(0.5000)

    References:
        Ghosh et al., Robust Loss Functions under Label Noise for Deep Neural Networks, 2017.
    """
    return cross_entropy(input, target, **compose("mean_absolute_error_loss", settings, event=Event(q=1.0)))


class MeanAbsoluteErrorLoss(CrossEntropyLoss):
    r"""Mean absolute error of the probability of the label, :math:`1-p_y`; see :func:`xent.mean_absolute_error_loss`.

    Args:
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``event``.

    Shape:
        As :func:`xent.cross_entropy`.

    Raises:
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.MeanAbsoluteErrorLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(0.5000)

    References:
        Ghosh et al., Robust Loss Functions under Label Noise for Deep Neural Networks, 2017.
    """

    def __init__(self, **settings: Unpack[SoftmaxSettings]) -> None:
        super().__init__(**compose("MeanAbsoluteErrorLoss", settings, event=Event(q=1.0)))


def symmetric_cross_entropy_loss(
    input: Tensor,
    target: Tensor,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""Symmetric cross entropy, :math:`\alpha\,(-\log p_y) + \beta\,A\,(1-p_y)` with :math:`A = -log\_zero`.

    The second term is the cross entropy with prediction and label exchanged, :math:`-\sum_k p_k \log t_k`, where the
    logarithm of a label's zeros is set to ``log_zero``. Common code clips the labels at 1e-4 for it, which is
    ``log_zero=log(1e-4)``, -9.2, and the probabilities at 1e-7, below which they get no gradient; nothing is clipped
    here. With probability targets the loss is :math:`\sum_k t_k (-\alpha \log p_k + \beta A (1-p_k))`, not the
    exchange, which would need no ``log_zero``.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        alpha: Coefficient of cross entropy, at least 0. At 0 what remains is the mean absolute error.
        beta: Coefficient of the reverse cross entropy, at least 0, and above 0 if ``alpha`` is 0.
        log_zero: What stands for log 0, in nats, below 0.
        **settings: Of :func:`xent.cross_entropy`, but for ``event``. ``z_loss`` is not multiplied by ``alpha``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``alpha``, ``beta`` or ``log_zero`` outside their domains, and what :func:`xent.cross_entropy`
            raises.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.symmetric_cross_entropy_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(2.0693)

    References:
        Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019.
    """
    name = "symmetric_cross_entropy_loss"
    factor, event = _symmetric(name, alpha, beta, log_zero)
    return multiple(factor, input, target, **compose(name, settings, event=event))


class SymmetricCrossEntropyLoss(CrossEntropyLoss):
    r"""Symmetric cross entropy, :math:`\alpha\,(-\log p_y) + \beta\,A\,(1-p_y)` with :math:`A = -log\_zero`.

    See :func:`xent.symmetric_cross_entropy_loss`.

    Args:
        alpha: Coefficient of cross entropy, at least 0.
        beta: Coefficient of the reverse cross entropy, at least 0, and above 0 if ``alpha`` is 0.
        log_zero: What stands for log 0, in nats, below 0: A = -log_zero.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``event``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``alpha``, ``beta`` or ``log_zero`` outside their domains.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.SymmetricCrossEntropyLoss(alpha=1.0)(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(2.6931)

    References:
        Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019.
    """

    def __init__(
        self, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0, **settings: Unpack[SoftmaxSettings]
    ) -> None:
        name = "SymmetricCrossEntropyLoss"
        _symmetric(name, alpha, beta, log_zero)
        super().__init__(**compose(name, settings, event=NLL))
        self.alpha = alpha
        self.beta = beta
        self.log_zero = log_zero

    def forward(self, input: Tensor, target: Tensor, **batch: Unpack[OfBatch]) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.symmetric_cross_entropy_loss`."""
        own = (self.alpha, self.beta, self.log_zero)
        return symmetric_cross_entropy_loss(input, target, *own, **batch, **held(self))

    def extra_repr(self) -> str:
        """Its own parameters, and settings that differ from their defaults."""
        own = f"alpha={self.alpha}, beta={self.beta}, log_zero={self.log_zero}"
        return ", ".join(filter(None, (own, super().extra_repr())))


def _power(name: str, q: float) -> Event:
    return Event(q=number(name, "q", q, least=0.0, most=1.0))


def _symmetric(name: str, alpha: float, beta: float, log_zero: float) -> tuple[float, Event]:
    """The loss as a factor and an event: alpha * (-log p + poly*(1-p)), or without a logarithm, beta*A * (1-p)."""
    number(name, "alpha", alpha, least=0.0)
    number(name, "beta", beta, least=0.0)
    number(name, "log_zero", log_zero)
    if log_zero >= 0:
        raise ValueError(f"{name}: `log_zero` stands for the logarithm of 0 and must be below 0, got {log_zero}.")
    reverse = -log_zero * beta
    if alpha > 0:
        return alpha, Event(poly=reverse / alpha)
    if reverse == 0:
        raise ValueError(f"{name}: `alpha` and `beta` are both 0, so the loss is 0. Pass one of them above 0.")
    return reverse, Event(q=1.0)
