"""docs/rules.md is what ``xent lint --markdown`` prints."""

from pathlib import Path

from typer.testing import CliRunner

from xent.cli.app import app
from xent.linter import choose

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def invoke(*arguments):
    result = CliRunner().invoke(app, ["lint", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == invoke("--markdown"), "xent lint --markdown > docs/rules.md"


def test_every_rule_is_listed_and_explained(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    listed = invoke("--rules")
    for rule in [*choose(), *choose(over_time=True)]:
        assert rule.code in listed
        shown = invoke("--explain", rule.code)
        for words in (rule.name, rule.summary, rule.fix.splitlines()[-1]):
            assert " ".join(words.split()) in " ".join(shown.split())
