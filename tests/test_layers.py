"""Imports run one way: a room of src/xent imports from its own and from lower ones only (CONTRIBUTING.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "xent"

# From the top down. Rooms of one floor do not import one another, except where LEANS_ON says so.
FLOORS = (
    ("__init__",),
    ("cli",),
    ("report",),
    ("audit", "compare", "bench", "watcher"),
    ("predictions", "linter"),
    ("jobs",),
    ("catalog", "patch"),
    ("presets",),
    ("nn",),
    ("functional", "facts", "info"),
    ("information", "imbalance"),
    ("dispatch",),
    ("backends",),
    ("core",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Within core, whose files are the vocabulary of one another.
CORE = ("reduce", "check", "targets", "call", "logits", "event", "facts", "precision", "axes")

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """Dotted names below xent that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("xent.") for name in found if name.startswith("xent.")}


def test_every_room_has_a_floor() -> None:
    assert {room_of(file) for file in FILES} == set(FLOOR)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_run_downward(file: Path) -> None:
    room = room_of(file)
    for name in imports(file):
        target = name.split(".")[0]
        if target == "__version__":
            continue
        assert target == room or FLOOR[target] > FLOOR[room], f"{file} imports xent.{name}, which is not below it"


@pytest.mark.parametrize("file", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda file: str(file.name))
def test_core_files_run_downward(file: Path) -> None:
    own = file.relative_to(PACKAGE / "core").parts[0].removesuffix(".py")
    for name in imports(file):
        part = name.split(".")[1]
        assert part == own or CORE.index(part) > CORE.index(own), f"{file} imports xent.{name}"


def test_backends_are_blind_to_one_another() -> None:
    backends = PACKAGE / "backends"
    for file in backends.rglob("*.py"):
        own = file.relative_to(backends).parts[0]
        for name in imports(file):
            if name.startswith("backends."):
                assert name.split(".")[1] == own, f"{file} imports xent.{name}"


def test_only_dispatch_uses_private_names_of_torch() -> None:
    for file in FILES:
        if room_of(file) == "dispatch":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                root = ast.unparse(node.value)
                assert not root.startswith("torch"), f"{file}:{node.lineno} uses {root}.{node.attr}"


def _fresh_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)


def test_import_loads_no_extra() -> None:
    extras = ["array_api_compat", "bokeh", "matplotlib", "pyarrow", "rich", "river", "safetensors", "scipy"]
    extras += ["sklearn", "typer"]
    code = (
        f"import sys, torch; before = set(sys.modules); import xent; print(set({extras}) & (set(sys.modules) - before))"
    )
    assert _fresh_python(code).stdout.strip() == "set()"


def test_import_loads_few_modules() -> None:
    """The import must stay under 30 ms beyond torch. Modules are what it costs, and can be counted without a clock."""
    code = "import sys, torch; before = set(sys.modules); import xent; print(len(set(sys.modules) - before))"
    assert int(_fresh_python(code).stdout) < 60
