"""Every Python snippet of the documentation runs, and prints what the text block after it says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from xent.compare import Recipe, Settings, compare

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]

# A ```python block, and the ```text block of its output if one follows at once.
SNIPPET = re.compile(r"^```python\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(page: Path) -> list[tuple[str, str | None]]:
    return [(code, output or None) for code, output in SNIPPET.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=lambda page: page.name)
def test_snippets_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if page.name == "compare.md":
        _make_runs()
    namespace: dict[str, object] = {"__name__": page.stem}
    for code, expected in snippets(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), namespace)
        if expected is not None:
            assert printed.getvalue() == expected


def test_readmes_are_in_step() -> None:
    """The translation has the same sections and the same commands and snippets, comments aside."""
    english, chinese = (path.read_text(encoding="utf-8") for path in PAGES[:2])
    assert len(re.findall(r"^#+ ", english, re.MULTILINE)) == len(re.findall(r"^#+ ", chinese, re.MULTILINE))
    assert _without_comments(english) == _without_comments(chinese)


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_make_targets_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= targets


def _make_runs() -> None:
    """What `xent compare` leaves where it is run, which the page on it reads."""
    settings = Settings(losses=("ce", "balanced-softmax"), seeds=1, recipe=Recipe(epochs=1))
    compare(settings, Path("results/compare"), lambda _: None)


def _without_comments(page: str) -> list[tuple[str, str]]:
    return [(kind, re.sub(r" *#.*", "", body)) for kind, body in BLOCK.findall(page)]
