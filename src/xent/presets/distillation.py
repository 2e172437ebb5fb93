"""Distillation: the softened probabilities of a teacher as targets."""

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.check import number
from xent.core.logits import LogitTransform, transform
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import Normalizer
from xent.nn import CrossEntropyLoss
from xent.presets.factor import multiple
from xent.presets.held import held
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

__all__ = ["DistillationLoss", "distillation_loss"]


def distillation_loss(
    input: Tensor, teacher: Tensor, temperature: float = 2.0, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Cross entropy between softened probabilities of a teacher and a student.

    .. math::
        L = -T^2 \sum_k q_k \log p_k, \qquad q = \mathrm{softmax}(teacher / T), \quad p = \mathrm{softmax}(z / T)

    T^2 keeps the size of the gradient, which softening makes about 1/T^2 as large. The teacher gets no gradient,
    whether it asks for one or not. Many write the Kullback-Leibler divergence instead, which is 0 where the student
    agrees: it is this minus T^2 times the teacher's entropy, which no student changes, so the gradients are the same.
    Where the divergence is averaged over classes too (``reduction="mean"`` of torch's kl_div), both are 1/C as large.

    To mix it with the labels, add the two:
    ``0.7 * xent.distillation_loss(z, teacher) + 0.3 * xent.cross_entropy(z, y)``.

    Args:
        input: Logits of the student, of shape (C,), (N, C) or (N, C, d1, ...).
        teacher: Logits of the teacher, of the input's shape. Classes that ``valid_classes`` removes are removed here
            too.
        temperature: T, above 0; at 1 nothing is softened.
        **settings: Of :func:`xent.cross_entropy`; ``logits``, which are the student's, without ``scale``,
            ``label_offset`` and ``margin``. ``z_loss`` holds logsumexp(z/T), and is not multiplied by T^2. Rows are
            left out with ``mask``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it for probabilities of at least float32.

    Raises:
        ValueError: ``temperature`` of 0 or below, a ``teacher`` of another shape, and what :func:`xent.cross_entropy`
            raises.
        TypeError: ``teacher`` does not hold logits; ``scale`` of ``logits`` is given.

    Example:
        >>> import torch, xent
        >>> xent.distillation_loss(torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0, 0.0]]))
        tensor(1.7299)

    References:
        Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
    """
    name = "distillation_loss"
    scale = 1.0 / number(name, "temperature", temperature, above=0.0)
    softened = _softened(name, input, teacher, scale, settings)
    own = compose(name, settings, logits=LogitTransform(scale=scale))
    return multiple(temperature**2, input, softened, **own)


class DistillationLoss(CrossEntropyLoss):
    r"""Cross entropy between softened probabilities of a teacher and a student; see :func:`xent.distillation_loss`.

    Args:
        temperature: T, above 0; at 1 nothing is softened.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without ``scale``, ``label_offset`` and ``margin``.

    Shape:
        Logits of the student and of the teacher have one shape; else as :func:`xent.cross_entropy`. The loss is in
        nats.

    Raises:
        ValueError: ``temperature`` of 0 or below.
        TypeError: ``scale`` of ``logits`` is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.DistillationLoss(temperature=4.0)
        >>> criterion(torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0, 0.0]]))
        tensor(9.7368)

    References:
        Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
    """

    def __init__(self, temperature: float = 2.0, **settings: Unpack[SoftmaxSettings]) -> None:
        name = "DistillationLoss"
        number(name, "temperature", temperature, above=0.0)
        compose(name, settings, logits=LogitTransform(scale=1.0 / temperature))
        super().__init__(**settings)
        self.temperature = temperature

    def forward(
        self,
        input: Tensor,
        teacher: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.distillation_loss`."""
        return distillation_loss(
            input,
            teacher,
            self.temperature,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
            **held(self),
        )

    def extra_repr(self) -> str:
        """The temperature, and settings that differ from their defaults."""
        return ", ".join(filter(None, (f"temperature={self.temperature}", super().extra_repr())))


def _softened(name: str, input: Tensor, teacher: Tensor, scale: float, settings: SoftmaxArguments) -> Tensor:
    """Probabilities of the teacher, of the input's shape."""
    check.tensor(name, "input", input)
    check.tensor(name, "teacher", teacher)
    if not teacher.is_floating_point():
        raise TypeError(
            f"{name}: `teacher` must hold logits, got {teacher.dtype}. For labels there is nothing to soften: "
            "use cross_entropy."
        )
    if teacher.shape != input.shape:
        raise ValueError(
            f"{name}: `teacher` must have the shape of `input`, {tuple(input.shape)}, got {tuple(teacher.shape)}."
        )
    axis = check.class_axis(input, settings.get("dim"))
    given = check.softmax_transform(settings.get("logits"), input, axis, indexed=False)
    own = LogitTransform(scale=scale, valid_classes=given.valid_classes)
    logits = transform(teacher.detach().to(arithmetic_dtype(input, teacher)), own, axis)
    return torch.softmax(logits, axis)
