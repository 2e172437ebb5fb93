"""The lessons run, and print what the page on them shows."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "examples").glob("*.py"))
PAGE = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")

# A heading that links to the lesson, what is said of it, and what it prints.
SHOWN = dict(re.findall(r"^## \[[^\]]*\]\(([^)]*)\)\n.*?^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_every_lesson_is_shown() -> None:
    assert list(SHOWN) == [lesson.name for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_lesson_prints_what_is_shown(lesson: Path) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(lesson), run_name="__main__")
    assert printed.getvalue() == SHOWN[lesson.name]
