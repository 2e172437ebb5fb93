"""What was built: that the native module is there, and that no instruction set's code can stand in for another's.

Inline functions and templates with linkage would be emitted once for each set under one name, and the linker would keep
one of them for all: code for AVX-512 could then run where there is none.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NM = shutil.which("nm")
SPEC = importlib.util.find_spec("xent._native")
# What `pip install -e .` keeps of the last build.
OBJECTS = sorted(ROOT.glob("build/cp*/CMakeFiles/kernels_*.dir/csrc/kernels/kernels.cpp.o"))
REQUIRED = os.environ.get("XENT_REQUIRE_NATIVE")

needs_nm = pytest.mark.skipif(NM is None, reason="there is no nm to list symbols with")


def symbols(path: Path, *options: str) -> dict[str, str]:
    """Names of the symbols of a file and nm's letters for their kinds."""
    listing = subprocess.run([str(NM), "-P", *options, str(path)], capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: line.split()[1] for line in listing.splitlines()}


@pytest.mark.skipif(not REQUIRED, reason="XENT_REQUIRE_NATIVE is not set")
def test_the_native_module_was_built() -> None:
    assert SPEC is not None, "xent._native was not built: `pip install -v -e .` shows why"


@needs_nm
@pytest.mark.skipif(not REQUIRED and not OBJECTS, reason="there are no objects of a build here")
def test_there_are_objects_to_look_at() -> None:
    assert {"kernels_baseline.dir"} <= {path.parents[2].name for path in OBJECTS}


@needs_nm
@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.parents[2].stem)
def test_an_instruction_set_gives_nothing_but_its_table(path: Path) -> None:
    name = path.parents[2].stem.removeprefix("kernels_")
    found = symbols(path)
    visible = {symbol for symbol, kind in found.items() if kind.isupper() and kind != "U"}
    assert visible == {f"xent_kernels_{name}"}
    assert not [symbol for symbol, kind in found.items() if kind in "WwVvu"]


@needs_nm
@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.parents[2].stem)
def test_an_instruction_set_takes_nothing_from_the_standard_library_of_cpp(path: Path) -> None:
    taken = [symbol for symbol, kind in symbols(path).items() if kind == "U"]
    assert "malloc" in taken
    assert not [symbol for symbol in taken if symbol.startswith("_Z")]


@needs_nm
@pytest.mark.skipif(SPEC is None, reason="xent._native is not built")
def test_the_module_exports_no_kernel() -> None:
    assert SPEC is not None
    exported = symbols(Path(str(SPEC.origin)), "-D", "--defined-only")
    assert exported.pop("PyInit__native") == "T"
    # nanobind's exceptions are shared with other modules, so that each can catch those of another.
    assert not [symbol for symbol in exported if "nanobind" not in symbol]
