"""The models: what is built in, what a factory may return, and the normalised head that a loss of cosines needs."""

import pytest
import torch
from torch import nn

import xent
from xent.compare import InputError
from xent.compare.models import COSINE_SCALE, build_model, check_name, check_output

FEATURES = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))

MODULE = """
import torch
from torch import nn

def small(features, classes):
    return nn.Sequential(nn.Linear(features, 6), nn.Tanh(), nn.Linear(6, classes))

def linear(features, classes):
    return nn.Linear(features, classes)

class Deep(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.parts = nn.ModuleDict({"body": nn.Linear(features, 3), "head": nn.Linear(3, classes)})

    def forward(self, input):
        return self.parts["head"](self.parts["body"](input).relu())

def unnormalisable(features, classes):
    return nn.Sequential(nn.Linear(features, classes + 1), nn.AvgPool1d(2, stride=1))

def one_too_many(features, classes):
    return nn.Linear(features, classes + 1)

def flat(features, classes):
    return nn.Sequential(nn.Linear(features, 1), nn.Flatten(0))

def pair(features, classes):
    class Pair(nn.Linear):
        def forward(self, input):
            return super().forward(input), None
    return Pair(features, classes)

def no_module(features, classes):
    return [features, classes]

def nothing_to_train(features, classes):
    return nn.Identity()

def wrong_width(features, classes):
    return nn.Linear(features + 1, classes)

def raises(features, classes):
    raise RuntimeError("no such\\nlayer")

constant = 3
"""


@pytest.fixture
def factories(tmp_path, monkeypatch):
    """A module of factories that can be imported."""
    (tmp_path / "xent_test_factories.py").write_text(MODULE)
    (tmp_path / "xent_test_broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "xent_test_factories"


@pytest.mark.parametrize("name", ["linear", "mlp", "cosine"])
def test_the_seed_decides_the_weights_and_nothing_else_does(name):
    state = torch.get_rng_state()
    first, again, other = (build_model(name, 4, 3, seed)(FEATURES) for seed in (0, 0, 1))
    assert first.shape == (5, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_models_are_what_they_are_called():
    assert len([*build_model("linear", 4, 3, 0).modules()]) == 2
    assert [type(layer) for layer in build_model("mlp", 4, 3, 0)] == [nn.Linear, nn.ReLU, nn.Linear]
    cosine = build_model("cosine", 4, 3, 0)
    assert isinstance(cosine[2], xent.NormalizedLinear)
    torch.testing.assert_close(cosine(FEATURES), COSINE_SCALE * cosine[:3](FEATURES))


@pytest.mark.parametrize("name", ["linear", "mlp", "cosine"])
def test_a_loss_of_cosines_gets_cosines(name):
    cosines = build_model(name, 4, 3, 0, cosines=True)(1e3 * FEATURES)
    assert cosines.abs().max() <= 1 + 1e-6
    assert cosines.std() > 0.02


@pytest.mark.parametrize("function", ["small", "linear", "Deep"])
def test_a_factory_is_seeded_and_its_head_can_be_normalised(factories, function):
    name = f"{factories}:{function}"
    first, again, other = (build_model(name, 4, 3, seed)(FEATURES) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    normalised = build_model(name, 4, 3, 0, cosines=True)
    assert sum(isinstance(layer, xent.NormalizedLinear) for layer in normalised.modules()) == 1
    assert normalised(1e3 * FEATURES).abs().max() <= 1 + 1e-6


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mpl", "model: 'mpl' is unknown; did you mean mlp? Known: linear, mlp, cosine, package.module:factory"),
        ("module:", "model: 'module:' is unknown; Known: linear"),
        (":factory", "model: ':factory' is unknown"),
    ],
)
def test_an_unknown_model_is_answered_with_the_known(name, message):
    with pytest.raises(InputError) as error:
        check_name(name)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package:small", "no_such_package cannot be imported: No module named 'no_such_package'"),
        ("xent_test_broken:small", "xent_test_broken cannot be imported: division by zero"),
        ("xent_test_factories:absent", "xent_test_factories has no function 'absent'"),
        ("xent_test_factories:constant", "xent_test_factories has no function 'constant'"),
        ("xent_test_factories:raises", "xent_test_factories:raises raises RuntimeError: no such"),
        ("xent_test_factories:no_module", "no_module must return a torch.nn.Module, got list"),
        ("xent_test_factories:nothing_to_train", "nothing_to_train has no parameters to train"),
        ("xent_test_factories:one_too_many", "must return logits of shape (5, 3), got (5, 4)"),
        ("xent_test_factories:flat", "must return logits of shape (5, 3), got (5,)"),
        ("xent_test_factories:pair", "must return logits of shape (5, 3), got tuple"),
        ("xent_test_factories:wrong_width", "wrong_width on features of shape (5, 4) raises RuntimeError: mat1 and"),
    ],
)
@pytest.mark.usefixtures("factories")
def test_what_cannot_be_trained_is_one_line(name, message):
    with pytest.raises(InputError) as error:
        check_output(name, build_model(name, 4, 3, 0), FEATURES, 3)
    assert str(error.value).startswith("model: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("factories")
def test_a_model_without_a_linear_head_is_none_for_cosines():
    with pytest.raises(InputError, match=r"last layer is a torch.nn.Linear of 3 outputs, and .* leave ldam and cosine"):
        build_model("xent_test_factories:unnormalisable", 4, 3, 0, cosines=True)
