"""Every public name is exported in order, documented, and its example runs."""

import doctest
import importlib
import inspect
import re

import pytest

import xent

MODULES = ("xent", "xent.functional", "xent.imbalance", "xent.information", "xent.nn", "xent.presets")


def public_objects() -> dict[str, object]:
    """Functions and classes by their dotted public name."""
    found = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found[f"{module_name}.{name}"] = value
    return found


OBJECTS = public_objects()


@pytest.mark.parametrize("module_name", MODULES)
def test_names_are_sorted_and_exist(module_name: str) -> None:
    module = importlib.import_module(module_name)
    assert list(module.__all__) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    assert inspect.getdoc(module)


@pytest.mark.parametrize("name", OBJECTS)
def test_docstring_says_what_is_needed(name: str) -> None:
    value = OBJECTS[name]
    doc = inspect.getdoc(value)
    assert doc, f"{name} has no docstring"
    assert doc.splitlines()[0].endswith("."), f"{name}: the first line is not a sentence"
    is_record = inspect.isclass(value) and issubclass(value, tuple)
    assert is_record or "Example:" in doc, f"{name} shows no example"
    parameters = [p for p in inspect.signature(value).parameters if p not in ("self", "args", "kwargs")]
    for parameter in parameters:
        assert re.search(rf"^\s+(\*\*)?{parameter}(,[^:]*)?:", doc, re.MULTILINE), (
            f"{name} does not document `{parameter}`"
        )
    if inspect.isfunction(value) and parameters:
        assert "Returns:" in doc, f"{name} does not say what it returns"
        assert "Raises:" in doc, f"{name} does not say what it raises"


@pytest.mark.parametrize("name", OBJECTS)
def test_example_runs(name: str) -> None:
    """Doctest compares what is printed."""
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS, verbose=False)
    failures: list[str] = []
    for test in finder.find(OBJECTS[name], name, globs={}):
        runner.run(test, out=failures.append)
    assert not runner.summarize(verbose=False).failed, "".join(failures)


def test_version_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", xent.__version__)


def test_every_named_loss_is_at_the_top() -> None:
    assert set(xent.presets.__all__) <= set(xent.__all__)
    assert set(xent.__all__) <= set(dir(xent))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'xent' has no attribute 'FocallLoss'$"):
        xent.FocallLoss  # noqa: B018
