"""``xent losses``: what it prints of every loss, as what, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xent.catalog import ROWS, Row
from xent.cli.app import app

PAGE = Path(__file__).parents[1] / "docs" / "catalogue.md"
EVERY_ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def invoke(*arguments: str, status: int = 0) -> str:
    """Its output, or that on stderr if it is refused."""
    result = CliRunner().invoke(app, ["losses", *arguments], catch_exceptions=False)
    assert result.exit_code == status
    assert (result.stdout == "") == (status != 0)
    return result.stderr if status else result.stdout


def words(text: str) -> str:
    """The text without its line breaks, which depend on the width of the terminal."""
    return " ".join(text.split())


def test_the_list_names_every_loss() -> None:
    listed = [line.split()[0] for line in invoke().splitlines() if line.strip()]
    assert [name for name in listed if name in ROWS] == list(ROWS)


@EVERY_ROW
def test_the_detail_says_everything(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = words(invoke(row.name))
    expected = [row.title, row.formula, row.code(), row.note, row.source, row.link_to_source, *row.parameters]
    expected += [trait.value for trait in row.traits]
    expected += [f"{hand.arithmetic} by hand {hand.expected:.9g}, computed {hand.expected:.9g}" for hand in row.hand]
    for text in expected:
        assert words(text) in shown


@EVERY_ROW
def test_json_holds_the_row(row: Row) -> None:
    (found,) = json.loads(invoke(row.name, "--json"))
    assert [found["name"], found["formula"], found["code"]] == [row.name, row.formula, row.code()]
    assert [parameter["name"] for parameter in found["parameters"]] == list(row.parameters)
    assert [hand["computed"] for hand in found["hand"]] == pytest.approx([hand.expected for hand in row.hand])


def test_json_of_all_is_a_list_of_all() -> None:
    assert [found["name"] for found in json.loads(invoke("--json"))] == list(ROWS)


def test_the_page_is_current() -> None:
    """If not: xent losses --markdown > docs/catalogue.md."""
    assert PAGE.read_text(encoding="utf-8") == invoke("--markdown")


def test_the_page_links_to_every_section() -> None:
    page = invoke("--markdown")
    for name in ROWS:
        assert f"[{name}](#{name})" in page
        assert f"\n## {name}\n" in page


@EVERY_ROW
def test_the_page_holds_the_line_of_code(row: Row) -> None:
    """Where it is run by the test of the documentation's snippets."""
    assert f"```python\n{row.code()}\n```" in invoke(row.name, "--markdown")


def test_an_unknown_name_is_one_line_with_the_nearest() -> None:
    assert invoke("focall", status=2).startswith("xent losses: 'focall' is unknown; did you mean focal? Known: ce, ")
    unlike = invoke("zzz", status=2)
    assert unlike.startswith("xent losses: 'zzz' is unknown; Known: ce, ")
    assert unlike.count("\n") == 1


def test_two_formats_are_refused() -> None:
    refused = invoke("--json", "--markdown", status=2)
    assert refused == "xent losses: --json and --markdown exclude one another: give one of them\n"


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(module: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; from xent.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code, "losses"], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr == f'xent losses needs {module}: pip install "xent[losses]"\n'
