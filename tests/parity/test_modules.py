"""The losses as modules: torch's classes in state_dict, repr, casting, copies and checkpoints."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

import xent
from xent import Event, LogitTransform

WEIGHTED = {
    "CrossEntropyLoss": ("weight",),
    "NLLLoss": ("weight",),
    "BCELoss": ("weight",),
    "BCEWithLogitsLoss": ("weight", "pos_weight"),
    "KLDivLoss": (),
}
NAMES = list(WEIGHTED)


def _weights(name: str) -> dict[str, torch.Tensor]:
    return {key: torch.tensor([1.0, 2.0, 3.0]) + n for n, key in enumerate(WEIGHTED[name])}


def _batch(name: str, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    """Input and target that the loss takes."""
    generator = torch.Generator().manual_seed(5)
    z, t = torch.randn(2, 4, 3, generator=generator).to(dtype)
    return {
        "CrossEntropyLoss": (z, torch.tensor([0, 1, 2, 1])),
        "NLLLoss": (z.log_softmax(1), torch.tensor([0, 1, 2, 1])),
        "BCELoss": (z.sigmoid(), t.sigmoid()),
        "BCEWithLogitsLoss": (z, t.sigmoid()),
        "KLDivLoss": (z.log_softmax(1), t.softmax(1)),
    }[name]


def _reduction(name: str) -> dict[str, str]:
    """torch warns of KLDivLoss's default."""
    return {"reduction": "batchmean"} if name == "KLDivLoss" else {}


@pytest.mark.parametrize("name", NAMES)
def test_module_is_torchs_with_its_repr_and_no_state(name):
    module = getattr(xent, name)()
    assert isinstance(module, getattr(nn, name))
    assert isinstance(module, nn.modules.loss._Loss)
    assert repr(module) == f"{name}()"
    assert module.state_dict() == {}
    assert list(module.parameters()) == []


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_holds_the_weights_that_are_set(name):
    weights = _weights(name)
    ours, theirs = (getattr(home, name)(**weights) for home in (xent, nn))
    assert ours.state_dict().keys() == theirs.state_dict().keys() == weights.keys()


@pytest.mark.parametrize("name", NAMES)
def test_checkpoints_load_both_ways(name):
    weights = _weights(name)
    blank = {key: torch.zeros(3) for key in weights}
    for source, sink in ((xent, nn), (nn, xent)):
        model = nn.ModuleDict({"criterion": getattr(source, name)(**weights)})
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        restored = nn.ModuleDict({"criterion": getattr(sink, name)(**blank)})
        restored.load_state_dict(torch.load(file, weights_only=True))
        for key, weight in weights.items():
            assert torch.equal(getattr(restored["criterion"], key), weight)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_casts_the_weights(name):
    module = getattr(xent, name)(**_weights(name), **_reduction(name)).bfloat16()
    for key in WEIGHTED[name]:
        assert getattr(module, key).dtype == torch.bfloat16
    assert module(*_batch(name, torch.bfloat16)).dtype == torch.bfloat16


FULL = {
    "CrossEntropyLoss": {
        "label_smoothing": 0.1,
        "smoothing_prior": torch.tensor([0.2, 0.3, 0.5]),
        "z_loss": 1e-4,
        "event": Event(gamma=2),
        "logits": LogitTransform(scale=torch.tensor(2.0), offset=torch.tensor([0.0, 1.0, 2.0])),
    },
    "NLLLoss": {"ignore_index": 1},
    "BCELoss": {"reduction": "sum"},
    "BCEWithLogitsLoss": {
        "neg_weight": torch.tensor([1.0, 0.5, 2.0]),
        "ignore_index": -1.0,
        "label_smoothing": 0.1,
        "neg_scale": 2.0,
        "positive": Event(gamma=1),
        "negative": Event(gamma=4),
        "logits": LogitTransform(offset=torch.tensor([0.0, 1.0, 2.0])),
    },
    "KLDivLoss": {"log_target": True, "reduction": "sum"},
}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
@pytest.mark.parametrize("name", NAMES)
def test_copies_and_pickles_are_equal_and_independent(name, duplicate):
    module = getattr(xent, name)(**_weights(name), **copy.deepcopy(FULL[name]))
    twin, batch = duplicate(module), _batch(name)
    assert type(twin) is type(module)
    assert repr(twin) == repr(module)
    expected = module(*batch)
    assert torch.equal(twin(*batch), expected)
    for buffer in module.buffers():
        buffer.zero_()
    assert torch.equal(twin(*batch), expected)


@pytest.mark.parametrize("name", NAMES)
def test_module_and_function_agree(name):
    """Every setting of the module reaches the function, and the module's defaults are the function's."""
    function = dict(zip(NAMES, xent_functions(), strict=True))[name]
    for settings in (_reduction(name), {**_weights(name), **FULL[name]}):
        batch = _batch(name)
        assert torch.equal(getattr(xent, name)(**settings)(*batch), function(*batch, **settings))


def xent_functions():
    return (
        xent.cross_entropy,
        xent.nll_loss,
        xent.binary_cross_entropy,
        xent.binary_cross_entropy_with_logits,
        xent.kl_div,
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_belongs_to_a_batch_is_given_in_the_call(name):
    module = getattr(xent, name)(**_reduction(name))
    input, target = _batch(name)
    kept = torch.tensor([True, False, True, True])
    expected = module(input[kept], target[kept])
    torch.testing.assert_close(module(input, target, mask=kept), expected)
    torch.testing.assert_close(module(input, target, sample_weight=kept.float()), expected)
    # A denominator of 1 makes the sum, which is twice what a denominator of 2 makes.
    ones, twos = (module(input, target, normalizer=n) for n in (1, torch.tensor(2.0)))
    torch.testing.assert_close(ones, 2 * twos)


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_tensors_of_the_transform_move_with_the_module(name):
    transform = LogitTransform(scale=torch.tensor(2.0), offset=torch.tensor([0.0, 1.0, 2.0]))
    module = getattr(xent, name)(logits=transform)
    assert set(module.state_dict()) == {"logits.scale", "logits.offset"}
    module.double()
    assert {buffer.dtype for buffer in module.buffers()} == {torch.float64}
    module.to("meta")
    assert {buffer.device.type for buffer in module.buffers()} == {"meta"}


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_a_parameter_as_scale_is_trained(name):
    scale = nn.Parameter(torch.tensor(1.5))
    module = getattr(xent, name)(logits=LogitTransform(scale=scale))
    assert list(module.parameters()) == [scale]
    input, target = _batch(name)
    module(input, target).backward()
    expected = torch.autograd.grad(getattr(nn, name)()(scale * input, target), scale)[0]
    torch.testing.assert_close(scale.grad, expected)


def test_float32_weights_beside_half_precision_logits():
    """As torch does on the GPU: a module in float32 takes the bfloat16 logits of autocast."""
    z, y = _batch("CrossEntropyLoss", torch.bfloat16)
    weight = torch.tensor([1.0, 2.0, 3.0])
    result = xent.CrossEntropyLoss(weight)(z, y)
    assert result.dtype == torch.bfloat16
    torch.testing.assert_close(result.float(), nn.CrossEntropyLoss(weight)(z.float(), y), rtol=2**-8, atol=0)


def test_padded_vocabulary():
    """Logits of classes that do not exist change nothing, whatever they hold."""
    z, y = _batch("CrossEntropyLoss")
    padded = torch.cat([z, torch.tensor([[torch.nan, torch.inf]]).expand(4, 2)], dim=1).requires_grad_()
    result = xent.CrossEntropyLoss(logits=LogitTransform(valid_classes=3))(padded, y)
    torch.testing.assert_close(result, nn.CrossEntropyLoss()(z, y))
    result.backward()
    assert torch.equal(padded.grad[:, 3:], torch.zeros(4, 2))
