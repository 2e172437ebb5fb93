"""xent's losses in torch's place, and out again."""

import sys
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F

import xent
from xent import functional

NAMES = functional.__all__
TORCH = {name: getattr(F, name) for name in NAMES}

# A lead of 17: torch's float32 loss is 0, the true one exp(-17) = 4.14e-8.
LOGITS, LABEL = torch.tensor([[17.0, 0.0]]), torch.tensor([0])


@pytest.fixture(autouse=True)
def _torch_again() -> object:
    yield
    xent.unpatch()
    assert_torch()


def assert_torch() -> None:
    assert all(getattr(F, name) is TORCH[name] for name in NAMES)


def test_patch_and_unpatch() -> None:
    xent.patch()
    assert all(getattr(F, name) is getattr(functional, name) for name in NAMES)
    xent.patch()
    xent.unpatch()
    assert_torch()
    xent.unpatch()
    assert_torch()


def test_context_ends_also_after_an_exception() -> None:
    def fail() -> None:
        with xent.patched():
            raise RuntimeError("training failed")

    with pytest.raises(RuntimeError, match="training failed"):
        fail()
    assert_torch()


def test_contexts_nest() -> None:
    with xent.patched():
        with xent.patched():
            pass
        assert F.cross_entropy is xent.cross_entropy
    assert_torch()


def test_context_within_a_patch_leaves_it() -> None:
    xent.patch()
    with xent.patched():
        pass
    assert F.cross_entropy is xent.cross_entropy


def test_modules_follow_before_and_after() -> None:
    before = torch.nn.CrossEntropyLoss()
    assert before(LOGITS, LABEL) == 0
    with xent.patched():
        after = torch.nn.CrossEntropyLoss()
        for criterion in (before, after):
            torch.testing.assert_close(criterion(LOGITS, LABEL), torch.tensor(4.1399e-8), rtol=1e-4, atol=0)
    assert after(LOGITS, LABEL) == 0


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (torch.nn.CrossEntropyLoss, (LOGITS, LABEL)),
        (torch.nn.NLLLoss, (LOGITS, LABEL)),
        (torch.nn.BCELoss, (torch.tensor([0.25]), torch.tensor([1.0]))),
        (torch.nn.BCEWithLogitsLoss, (torch.tensor([0.25]), torch.tensor([1.0]))),
        (lambda: torch.nn.KLDivLoss(reduction="sum"), (torch.tensor([-0.5]), torch.tensor([1.0]))),
    ],
)
def test_every_loss_is_reached(module: type, arguments: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules call what stands in torch.nn.functional, which is xent's own function."""
    seen = []
    with xent.patched():
        for name in NAMES:
            ours = getattr(functional, name)
            monkeypatch.setattr(F, name, lambda *a, _ours=ours, _name=name, **k: seen.append(_name) or _ours(*a, **k))
        module()(*arguments)
        monkeypatch.undo()
    assert len(seen) == 1


def test_names_imported_elsewhere_follow() -> None:
    user = ModuleType("user_of_losses")
    exec("from torch.nn.functional import cross_entropy as loss", vars(user))
    sys.modules[user.__name__] = user
    try:
        with xent.patched():
            assert user.loss is xent.cross_entropy
        assert user.loss is TORCH["cross_entropy"]
    finally:
        del sys.modules[user.__name__]


def test_names_of_xent_in_user_code_stay() -> None:
    user = ModuleType("user_of_xent")
    user.loss = xent.cross_entropy
    sys.modules[user.__name__] = user
    try:
        with xent.patched():
            pass
        assert user.loss is xent.cross_entropy
    finally:
        del sys.modules[user.__name__]


def test_results_in_training_are_the_same() -> None:
    def train() -> list[torch.Tensor]:
        torch.manual_seed(0)
        model = torch.nn.Linear(5, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        x, y = torch.randn(20, 5), torch.randint(3, (20,))
        for _ in range(10):
            optimizer.zero_grad()
            torch.nn.CrossEntropyLoss()(model(x), y).backward()
            optimizer.step()
        return [p.detach().clone() for p in model.parameters()]

    plain = train()
    with xent.patched():
        swapped = train()
    for a, b in zip(plain, swapped, strict=True):
        torch.testing.assert_close(a, b)
