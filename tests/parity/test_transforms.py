"""Every use of a loss that torch allows: under transforms, tracing and compilation, and in every kind of graph."""

import subprocess
import sys
import threading

import pytest
import torch

import xent

from . import transforms
from .transforms import CHECKS, cases


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", cases().values(), ids=cases())
def test_transforms(case, check):
    check(getattr(xent, case.loss), case)


@pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")  # inductor's own
@pytest.mark.parametrize("name", ["labels, all settings", "binary logits"])
def test_inductor(name):
    case = cases()[name]
    transforms.compiled(getattr(xent, case.loss), case, backend="inductor")


@pytest.mark.parametrize("name", cases())
def test_compiled_for_any_number_of_rows(name):
    torch._dynamo.reset()
    case = cases()[name]
    step = torch.compile(
        transforms.Criterion(getattr(xent, case.loss), case), fullgraph=True, dynamic=True, backend="aot_eager"
    )
    expected = transforms.Criterion(case.torch_loss, case)
    for rows in (4, 6, 7):
        with torch._dynamo.config.patch(error_on_recompile=rows > 4):
            replayed = transforms.other_values(case, rows)
            transforms.assert_close(step(*replayed), expected(*replayed))


def test_compiled_for_any_settings():
    """Numbers that vary from call to call are open in the trace, and checked there."""
    torch._dynamo.reset()
    case = cases()["labels"]

    def smoothed(input, target, eps, ignored, dim):
        return xent.cross_entropy(input, target, label_smoothing=eps, ignore_index=ignored, dim=dim)

    step = torch.compile(smoothed, fullgraph=True, dynamic=True, backend="aot_eager")
    for eps, ignored in ((0.1, 1), (0.2, 2), (0.3, -100)):
        settings = {"label_smoothing": eps, "ignore_index": ignored}
        expected = case.torch_loss(case.input, case.target, **settings)
        transforms.assert_close(step(case.input, case.target, eps, ignored, 1), expected)


def test_the_whole_training_step_compiled():
    """Forward, backward and the optimizer's step in a compiled model, against the same in eager mode."""
    torch._dynamo.reset()
    x, y = torch.randn(8, 5), torch.randint(0, 3, (8,))
    trained = []
    for loss, wrap in ((xent.cross_entropy, torch.compile), (torch.nn.functional.cross_entropy, lambda f, **_: f)):
        torch.manual_seed(0)
        model = torch.nn.Linear(5, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        step = wrap(lambda x, y, model=model, loss=loss: loss(model(x), y), fullgraph=True, backend="aot_eager")
        for _ in range(3):
            optimizer.zero_grad()
            step(x, y).backward()
            optimizer.step()
        trained.append(model.weight.detach())
    torch.testing.assert_close(*trained)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("loss", [xent.cross_entropy, xent.binary_cross_entropy_with_logits])
def test_the_gradient_handed_over_belongs_to_the_leaf(loss, dtype):
    """What backward gives away may be written to: a later loss of the same logits has the same gradient."""
    x = torch.randn(4, 3, dtype=dtype, requires_grad=True)
    target = torch.tensor([0, 1, 2, 1]) if loss is xent.cross_entropy else torch.rand(4, 3, dtype=dtype)
    loss(x, target).backward()
    expected = x.grad.clone()
    x.grad.fill_(7.0)
    (again,) = torch.autograd.grad(loss(x, target), x)
    assert torch.equal(again, expected)
    assert torch.equal(x.grad, torch.full_like(x, 7.0))


def test_backward_in_another_thread():
    x = torch.randn(4, 3, requires_grad=True)
    y = torch.tensor([0, 1, 2, 1])
    result = xent.cross_entropy(x, y)
    thread = threading.Thread(target=result.backward)
    thread.start()
    thread.join()
    torch.testing.assert_close(x.grad, torch.autograd.grad(torch.nn.functional.cross_entropy(x, y), x)[0])


FORK = """
import os, torch, xent

z, y = torch.randn(4000, 50, requires_grad=True), torch.randint(0, 50, (4000,))
xent.cross_entropy(z, y).backward()  # on torch's threads
child = os.fork()
if child == 0:
    torch.set_num_threads(1)  # as DataLoader's workers do: OpenMP's threads do not survive a fork
    z.grad = None
    xent.cross_entropy(z, y).backward()
    os._exit(0 if z.grad.isfinite().all() else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_fork_after_threads():
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)
