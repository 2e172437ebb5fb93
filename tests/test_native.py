"""The native module: its structs, its instruction sets, its threads, and what there is without it."""

import ctypes
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from tests import backends
from tests import test_settings as table
from tests.backends import BUILT, assert_agrees, kernels, loss_and_gradient
from tests.losses import numbers
from xent.backends import native
from xent.backends.native import plans

ROOT = Path(__file__).parents[1]


# Structs ----------------------------------------------------------------------------------------------------------


def struct_fields(name: str) -> tuple[str, ...]:
    header = (ROOT / "csrc" / "xent.h").read_text(encoding="utf-8")
    body = re.search(r"typedef struct \{([^}]*)\} " + name + ";", header)
    assert body is not None
    code = re.sub(r"//[^\n]*", "", body[1])
    declarations = [declaration.strip() for declaration in code.split(";") if declaration.strip()]
    names = [part for declaration in declarations for part in declaration.split(maxsplit=1)[1].split(",")]
    return tuple(name.strip(" *") for name in names)


@pytest.mark.parametrize(
    ("struct", "plan"),
    [
        ("XentView", plans.View),
        ("XentSoftmax", plans.SoftmaxPlan),
        ("XentSigmoid", plans.SigmoidPlan),
        ("XentPointwise", plans.PointwisePlan),
        ("XentSurvey", plans.SurveyPlan),
        ("XentOutcome", plans.Outcome),
    ],
)
def test_plans_mirror_the_structs(struct: str, plan: Any) -> None:
    assert plan._fields == struct_fields(struct)


# Instruction sets -------------------------------------------------------------------------------------------------


@pytest.fixture(params=native.state().supported)
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    with backends.instruction_set(request.param):
        yield request.param


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", table.DTYPES, ids=str)
@pytest.mark.parametrize(("target", "settings"), table.SOFTMAX_CASES)
def test_every_instruction_set_keeps_the_contract(target: Tensor, settings: dict[str, Any], dtype: torch.dtype) -> None:
    with kernels():
        table.test_cross_entropy_is_its_definition(target, settings, dtype)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", table.DTYPES, ids=str)
@pytest.mark.parametrize("settings", table.SIGMOID_CASES)
def test_every_instruction_set_keeps_the_binary_contract(settings: dict[str, Any], dtype: torch.dtype) -> None:
    with kernels():
        table.test_binary_cross_entropy_is_its_definition(settings, dtype)


def fresh_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.mark.parametrize("name", native.state().supported)
def test_an_instruction_set_can_be_forced(name: str) -> None:
    run = fresh_python("import xent; print(xent.info().instruction_set)", XENT_FORCE_ISA=name)
    assert run.stdout.strip() == name


def test_forcing_an_absent_instruction_set_raises() -> None:
    run = fresh_python("import xent", XENT_FORCE_ISA="sse9")
    assert run.returncode != 0
    assert "XENT_FORCE_ISA=sse9, but it is not compiled in. There is: " in run.stderr


# Without the module -----------------------------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["xent._native"] = None
import torch, xent
z = torch.zeros(1, 2, requires_grad=True)
xent.cross_entropy(z, torch.tensor([0])).backward()
print(z.grad.tolist(), xent.info().backend)
print(xent.info().reason)
"""


def test_without_the_module_the_reference_computes() -> None:
    lines = fresh_python(WITHOUT).stdout.splitlines()
    assert lines[0] == "[[-0.5, 0.5]] reference"
    assert lines[1].startswith("xent._native is not built: ")


def test_without_the_module_nothing_can_be_forced() -> None:
    run = fresh_python(WITHOUT, XENT_FORCE_ISA="avx2")
    assert "XENT_FORCE_ISA=avx2, but xent._native is not built" in run.stderr


# Threads and memory -----------------------------------------------------------------------------------------------


def test_addresses_of_torchs_pool_are_there() -> None:
    """Without them the kernels would run serially, and nothing else would say so."""
    library = ctypes.CDLL(str(next((Path(torch.__file__).parent / "lib").glob("libtorch_cpu.*"))))
    assert library.torch_parallel_for
    assert BUILT.threads() == torch.get_num_threads()


def test_large_gradients_are_right_where_huge_pages_are_asked_for() -> None:
    z = numbers(1100, 2000)
    assert z.nbytes > 8 << 20
    label = torch.arange(1100)
    assert_agrees(lambda z: xent.cross_entropy(z, label, reduction="sum"), z)


def test_threads_do_not_change_results() -> None:
    z, label = numbers(4096, 33), torch.arange(4096) % 33
    threads = torch.get_num_threads()
    results = []
    for count in (1, 2):
        torch.set_num_threads(count)
        with kernels():
            results.append(loss_and_gradient(lambda z: xent.cross_entropy(z, label), z))
    torch.set_num_threads(threads)
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


def _loss_in_child(queue: Any) -> None:
    torch.set_num_threads(1)  # as a DataLoader's worker does; torch's pool does not survive a fork
    queue.put(float(xent.cross_entropy(torch.zeros(4096, 32), torch.zeros(4096, dtype=torch.long))))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_fork_after_threads() -> None:
    """A DataLoader's workers are forked from a process whose pool has run."""
    expected = float(xent.cross_entropy(torch.zeros(4096, 32), torch.zeros(4096, dtype=torch.long)))
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_loss_in_child, args=(queue,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert queue.get() == expected
