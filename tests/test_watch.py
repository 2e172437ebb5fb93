"""xent.watch sees every call of a loss, and leaves no trace of it."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch.optim import optimizer as torch_optimizer

import xent
from xent.linter import RULES
from xent.watcher import observing
from xent.watcher.observing import ACTIVE
from xent.watcher.points import _CLASSES

BATCH, CLASSES = 12, 5


class ForeignLoss(torch.nn.Module):
    """Somebody else's: it computes its loss without a function of torch's or xent's."""

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return -input.log_softmax(1).gather(1, target[:, None]).mean()


def names() -> dict[tuple[str, str], int]:
    """Every public name that a watch may replace, by the id of what it means."""
    found: dict[tuple[str, str], int] = {}
    for module in (F, xent, xent.functional, xent.presets):
        found |= {(module.__name__, name): id(value) for name, value in vars(module).items() if callable(value)}
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    _ = xent.focal_loss  # loaded when it is first asked for
    before, forwards = names(), [vars(cls)["forward"] for cls in _CLASSES]
    hooks = len(torch_optimizer._global_optimizer_post_hooks)
    yield
    after = names()
    assert {key: after[key] for key in before} == before
    assert [vars(cls)["forward"] for cls in _CLASSES] == forwards
    assert len(torch_optimizer._global_optimizer_post_hooks) == hooks


def logits_and_target(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(BATCH, CLASSES, generator=generator)
    return logits.requires_grad_(), torch.randint(CLASSES, (BATCH,), generator=generator)


def mistaken(loss: Callable[..., torch.Tensor]) -> torch.Tensor:
    """A call with a softmax before cross entropy."""
    logits, target = logits_and_target()
    return loss(logits.softmax(1), target)


def repeat(call: Callable[[], object], times: int) -> None:
    for _ in range(times):
        call()


def user_module() -> ModuleType:
    module = ModuleType("user_of_a_watched_loss")
    exec("from torch.nn.functional import cross_entropy as loss", vars(module))
    return module


MADE_BEFORE = torch.nn.CrossEntropyLoss()

WAYS: dict[str, Callable[[], Callable[..., torch.Tensor]]] = {
    "torch function": lambda: F.cross_entropy,
    "torch module made before": lambda: MADE_BEFORE,
    "torch module made after": lambda: torch.nn.CrossEntropyLoss(),
    "xent function": lambda: xent.cross_entropy,
    "xent.functional": lambda: xent.functional.cross_entropy,
    "xent module": lambda: xent.CrossEntropyLoss(),
    "xent module, inherited forward": lambda: xent.FocalLoss(),
    "preset function": lambda: xent.focal_loss,
    "preset with a forward of its own": lambda: xent.SymmetricCrossEntropyLoss(),
    "deferred": lambda: xent.DeferredReweighting(xent.CrossEntropyLoss(), 3, weight=torch.ones(CLASSES)),
    "in place": lambda: xent.CrossEntropyLoss(inplace_gradient=True),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_is_seen_once(way: str) -> None:
    with pytest.warns(xent.LintWarning, match="^XE101 error") as caught, xent.watch(select="XE101") as watched:
        repeat(lambda: mistaken(WAYS[way]()), 5)
    assert len(caught) == 1
    assert (watched.calls, watched.findings.codes) == (5, ("XE101",))
    assert caught[0].filename == __file__


def test_a_name_imported_elsewhere_is_seen() -> None:
    user = user_module()
    sys.modules[user.__name__] = user
    original = user.loss
    try:
        with pytest.warns(xent.LintWarning, match="XE101"), xent.watch(select="XE101"):
            mistaken(user.loss)
        assert user.loss is original is F.cross_entropy
    finally:
        del sys.modules[user.__name__]


def test_a_name_imported_meanwhile_is_put_back() -> None:
    original = F.cross_entropy
    with xent.watch():
        user = user_module()
        sys.modules[user.__name__] = user
        assert user.loss is not original
    try:
        assert user.loss is original
    finally:
        del sys.modules[user.__name__]


def test_a_foreign_loss_is_seen() -> None:
    loss, other = ForeignLoss(), ForeignLoss()
    forward = ForeignLoss.forward
    with xent.watch(loss) as watched:
        logits, target = logits_and_target()
        loss(logits, target)
        other(logits, target)
        assert pickle.loads(pickle.dumps(copy.deepcopy(loss))) is not None
    assert (watched.calls, watched.looks) == (1, 1)
    assert ForeignLoss.forward is forward


def test_only_the_loss_that_was_given_is_seen() -> None:
    loss = torch.nn.CrossEntropyLoss()
    with xent.watch(loss, ignore="XE") as watched:
        mistaken(loss)
        mistaken(torch.nn.CrossEntropyLoss())
        mistaken(F.cross_entropy)
    assert watched.calls == 1
    with xent.watch(xent.focal_loss, ignore="XE") as watched:
        mistaken(xent.focal_loss)
        mistaken(xent.cross_entropy)
    assert watched.calls == 1


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("make", [F.cross_entropy, xent.cross_entropy, xent.focal_loss], ids=lambda f: f.__name__)
def test_results_gradients_and_random_numbers_are_the_same(make: Callable, reduction: str) -> None:
    def train(watched: bool) -> list[torch.Tensor]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, CLASSES))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        kept = []
        with xent.watch(every=1) if watched else nullcontext():
            for _ in range(6):
                loss = make(model(torch.randn(BATCH, 6)), torch.randint(CLASSES, (BATCH,)), reduction=reduction)
                optimizer.zero_grad()
                loss.mean().backward()
                optimizer.step()
                kept += [loss.detach(), *(p.grad.clone() for p in model.parameters())]
        return [*kept, *(p.detach() for p in model.parameters()), torch.get_rng_state()]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", xent.LintWarning)
        pairs = zip(train(False), train(True), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_no_state_of_a_module_changes() -> None:
    loss = xent.SeesawLoss(num_classes=CLASSES)
    plain = copy.deepcopy(loss)
    logits, target = logits_and_target()
    with xent.watch(every=1):
        loss(logits, target)
    plain(logits, target)
    assert vars(loss).keys() == vars(plain).keys()
    for name, value in plain.state_dict().items():
        assert torch.equal(loss.state_dict()[name], value)


def test_an_exception_passes_and_is_explained() -> None:
    logits, target = logits_and_target()
    with (
        pytest.raises(IndexError, match="out of bounds"),
        pytest.warns(xent.LintWarning, match="^XE2"),
        xent.watch(select="XE2"),
    ):
        F.cross_entropy(logits, torch.full_like(target, CLASSES))


def test_a_rule_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("in a rule")

    rule = RULES["XE101"]
    monkeypatch.setitem(RULES, "XE101", type(rule)(**{**vars(rule), "check": fail}))
    message = "leaves out XE101 .* ZeroDivisionError: in a rule"
    with pytest.warns(xent.LintWarning, match=message) as caught, xent.watch(select="XE101", every=1) as watched:
        repeat(lambda: mistaken(F.cross_entropy), 2)
    assert len(caught) == 1
    assert watched.findings.codes == ()


def test_watches_nest() -> None:
    with xent.watch(ignore="XE") as outer:
        mistaken(F.cross_entropy)
        with xent.watch(ignore="XE") as inner:
            mistaken(F.cross_entropy)
        mistaken(F.cross_entropy)
    assert (outer.calls, inner.calls) == (3, 1)


def test_a_watch_begins_and_ends_without_a_block() -> None:
    watched = xent.watch(ignore="XE").start()
    assert watched.start() is watched
    mistaken(F.cross_entropy)
    watched.stop()
    watched.stop()
    mistaken(F.cross_entropy)
    assert watched.calls == 1


@pytest.mark.parametrize("order", ["patch first", "watch first", "interleaved"])
def test_patch_and_watch_do_not_disturb_one_another(order: str) -> None:
    original, watched = F.cross_entropy, xent.watch(ignore="XE")
    steps = {
        "patch first": (xent.patch, watched.start, watched.stop, xent.unpatch),
        "watch first": (watched.start, xent.patch, xent.unpatch, watched.stop),
        "interleaved": (watched.start, xent.patch, watched.stop, xent.unpatch),
    }[order]
    for number, step in enumerate(steps):
        step()
        if number == 1:
            assert F.cross_entropy(torch.tensor([[17.0, 0.0]]), torch.tensor([0])) > 0  # torch's float32 gives 0
            assert F.cross_entropy is xent.cross_entropy
    assert watched.calls == 1
    assert F.cross_entropy is original


def test_threads_are_seen_and_do_not_disturb_one_another() -> None:
    def work() -> None:
        repeat(lambda: mistaken(F.cross_entropy), 20)

    def work_together() -> None:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with pytest.warns(xent.LintWarning) as caught, xent.watch(select="XE101") as watched:
        work_together()
    assert len(caught) == 1
    assert watched.looks >= 3


def test_compiled_steps_are_left_alone() -> None:
    @torch.compile(backend="aot_eager", fullgraph=True)
    def step(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(logits.softmax(1), target) + torch.nn.CrossEntropyLoss()(logits, target)

    logits, target = logits_and_target()
    expected = F.cross_entropy(logits.softmax(1), target) + F.cross_entropy(logits, target)
    with xent.watch() as watched:
        loss = step(logits, target)
        loss.backward()
    torch.testing.assert_close(loss, expected)
    assert watched.calls == 0


@pytest.mark.filterwarnings("ignore:`torch.jit.trace` is deprecated")
def test_transforms_and_traces_are_left_alone() -> None:
    logits, target = logits_and_target()
    with xent.watch(every=1) as watched:
        torch.func.grad(F.cross_entropy)(logits.detach().softmax(1), target)
        torch.jit.trace(lambda z: F.cross_entropy(z, target), logits.detach().softmax(1), check_trace=False)
        F.cross_entropy(logits.detach().to("meta"), target.to("meta"))
    assert watched.looks == 0


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_scripted_losses_are_as_they_were() -> None:
    class Scored(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.criterion = torch.nn.CrossEntropyLoss()

        def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return self.criterion(logits, target)

    logits, target = logits_and_target()
    with xent.watch() as watched:
        assert torch.equal(torch.jit.script(Scored())(logits, target), F.cross_entropy(logits, target))
    assert watched.calls == 1


def test_calls_during_a_nap_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few calls that nobody looks at, a call is only counted, until the nap ends; then all is as before."""
    monkeypatch.setattr(observing, "NAP", 3600.0)
    one, other = torch.nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    with xent.watch(share=1e-9, ignore="XE") as everything, xent.watch(one, share=1e-9, ignore="XE") as only:
        repeat(lambda: mistaken(one), 40)
        assert ACTIVE.passed
        assert (everything.calls, only.calls) == (40, 40)
        repeat(lambda: mistaken(other), 5)
        ACTIVE.wake()
        mistaken(one)
    assert (everything.calls, only.calls) == (46, 41)


def test_steps_during_a_nap_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "NAP", 3600.0)
    model = torch.nn.Linear(6, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with xent.watch(share=1e-9, ignore="XE") as watched:
        for _ in range(50):
            F.cross_entropy(model(torch.randn(BATCH, 6)), torch.randint(CLASSES, (BATCH,))).backward()
            optimizer.step()
    assert (watched.calls, watched.steps) == (50, 50)


def test_modules_are_pickled_as_they_are() -> None:
    with xent.watch():
        for loss in (torch.nn.CrossEntropyLoss(), xent.FocalLoss(), xent.SymmetricCrossEntropyLoss()):
            assert type(pickle.loads(pickle.dumps(loss))) is type(loss)
        assert pickle.loads(pickle.dumps(F.cross_entropy)) is F.cross_entropy


def test_no_tensor_of_a_step_is_kept() -> None:
    model = torch.nn.Linear(6, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    kept = []
    with xent.watch(every=1):
        for _ in range(4):
            x, target = torch.randn(BATCH, 6), torch.randint(CLASSES, (BATCH,))
            logits = model(x)
            loss = F.cross_entropy(logits, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            kept += [weakref.ref(tensor) for tensor in (x, target, logits, loss)]
            del x, target, logits, loss
        gc.collect()
        assert [ref() for ref in kept] == [None] * len(kept)


def test_steps_are_counted_where_a_loss_was_trained_on() -> None:
    model = torch.nn.Linear(6, CLASSES)
    optimizer, idle = (torch.optim.SGD(model.parameters(), lr=0.1) for _ in range(2))
    with xent.watch(model, ignore="XE") as watched:
        F.cross_entropy(model(torch.randn(BATCH, 6)), torch.randint(CLASSES, (BATCH,))).backward()
        optimizer.step()
        idle.step()
        model.eval()
        F.cross_entropy(model(torch.randn(BATCH, 6)), torch.randint(CLASSES, (BATCH,)))
        optimizer.step()
    assert (watched.calls, watched.steps) == (2, 1)


def test_the_first_calls_are_looked_at_and_the_rest_as_time_allows() -> None:
    with xent.watch(share=1e-9, ignore="XE") as watched:
        for _ in range(10):
            mistaken(F.cross_entropy)
    assert (watched.calls, watched.looks) == (10, 3)
    with xent.watch(every=4, ignore="XE") as watched:
        for _ in range(10):
            mistaken(F.cross_entropy)
    assert watched.looks == 3  # calls 1, 5 and 9
    assert repr(watched).startswith("Watch(10 calls, 3 looked at, ")


def test_strict_raises_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENT_STRICT", "1")
    with pytest.raises(xent.LintError, match="XE101"), xent.watch(select="XE101") as watched:
        mistaken(F.cross_entropy)
    assert watched.findings.codes == ("XE101",)


PROGRAM = """
import os
import torch
from torch.nn.functional import cross_entropy
import xent
for _ in range(5):
    cross_entropy(torch.eye(4).softmax(1), torch.arange(4))
print("trained", flush=True)
os.environ["XENT_STRICT"] = "1"
for _ in range(5):
    torch.nn.CrossEntropyLoss()(torch.eye(4).softmax(1), torch.arange(4))
"""


def test_the_environment_watches_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={**os.environ, "XENT_WATCH": "1"}
    )
    assert done.stdout == "trained\n"
    assert done.stderr.count("LintWarning: XE101 error softmax-before-cross-entropy") == 1
    assert "LintError: XE101" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model_or_loss": 3}, TypeError, "`model_or_loss` must be a model, a loss module, or a loss function"),
        ({"model_or_loss": len}, TypeError, "of torch or xent, not len"),
        ({"share": 0}, ValueError, "`share` must be above 0 and at most 1, got 0"),
        ({"share": "1%"}, TypeError, "`share` must be a number, not str"),
        ({"every": 0}, ValueError, "`every` must be at least 1, got 0"),
        ({"every": 1.5}, TypeError, "`every` must be a whole number or None, not float"),
        ({"step": -1}, ValueError, "`step` must be at least 0, got -1"),
        ({"select": "XY"}, ValueError, "`select`: no rule has a code that begins with 'XY'"),
        ({"counts": [3, -1]}, ValueError, "watch: `counts` must be one number of at least 0"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        xent.watch(**arguments)
