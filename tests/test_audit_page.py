"""report.html of an audit: it asks for nothing, draws its plots, shows values, and runs nobody's class names."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser import COLOURS, TOOLTIPS, Page, needs_browser, plots, started_browser
from xent.audit import Audit, Interval, OfClass, PriorInside, Quality, Reliability, Suspect, audit, from_tensors
from xent.audit.corrections import corrections_of
from xent.audit.export import write_audit
from xent.linter import Finding, Findings, Severity
from xent.report.page.audit import page_html, write_audit_page

LARGEST = 2_000_000

# Names that would run if they were not escaped, and that would be typeset (by a script of another host) as formulas.
NAMES = ("</script><script>window.ran=1</script>", "<img src=x onerror='window.ran=1'>", "$$x^2$$", "{{ 7*7 }}&amp;")
HOSTILE = NAMES[1]

# Where on the screen the last mark is that shows values, and whose it is.
LAST_MARK = """
    const plot = Bokeh.documents[0].roots()[arguments[0]];
    const view = Bokeh.index.get_by_id(plot.id);
    const { glyph, data_source: { data } } = plot.toolbar.tools.find(({ type }) => type === "HoverTool").renderers[0];
    const [across, up] = glyph.type === "HBar" ? [[...data.value].map((x) => x / 2), data.name]
        : [[...data.x], [...data[glyph.y.field]]];
    const row = up.findLastIndex((value) => typeof value === "string" || Number.isFinite(value));
    const canvas = view.canvas_view.el.getBoundingClientRect();
    return {
        x: canvas.left + view.frame.x_scale.compute(across[row]),
        y: canvas.top + view.frame.y_scale.compute(up[row]),
        name: (data.name ?? data.class)?.[row] ?? "",
    };
"""


def of_tensors(logits, target, **settings):
    return audit(from_tensors(logits, target, kind="logits", **settings))


def noisy(classes, rows, seed=0):
    """Labels, the rarer the higher their number, and logits that know them in part."""
    random = torch.Generator().manual_seed(seed)
    frequency = 1.0 / torch.arange(1, classes + 1)
    label = torch.multinomial(frequency, rows, replacement=True, generator=random)
    logits = torch.randn(rows, classes, generator=random)
    logits[torch.arange(rows), label] += 1.5
    return logits, label


def four_classes():
    """Hostile names and texts wherever there may be any, training counts, everything that an audit can say."""
    logits, label = noisy(4, 400)
    counts = torch.tensor([1000.0, 300.0, 100.0, 0.0])
    found = of_tensors(logits, label, counts=counts, names=NAMES)
    assert found.parts is not None
    assert found.prior is not None
    assert found.suspects
    findings = Findings(
        Finding(code, HOSTILE, severity, f"seen {HOSTILE}", f"why {HOSTILE}", f"fix({HOSTILE!r})", probable=True)
        for code, severity in (("XE101", Severity.ERROR), ("XE102", Severity.WARNING))
    )
    return replace(found, findings=findings, source=replace(found.source, paths=(f"{HOSTILE}.npz",) * 5))


def two_classes():
    """Labels and logits, and nothing else."""
    found = of_tensors(*noisy(2, 100))
    assert found.prior is None
    return found


def several_labels():
    """Multi-label, with training counts."""
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 3, generator=random)
    target = (logits + torch.randn(200, 3, generator=random) > torch.tensor([0.0, 0.5, 1.0])).long()
    counts = torch.tensor([500.0, 300.0, 100.0])
    found = of_tensors(logits, target, counts=counts, names=NAMES[:3])
    found = replace(found, corrections=corrections_of(counts, 1000, multi_label=True))
    assert found.source.multi_label
    assert found.suspects
    return found


def too_little():
    """Three rows that are all right, of five classes: no parts, no prior, no suspects, recalls that are nan."""
    found = of_tensors(4 * torch.eye(5)[:3], torch.arange(3))
    assert (found.parts, found.prior, found.suspects) == (None, None, ())
    assert any(np.isnan(one.recall) for one in found.classes)
    return found


def impossible():
    """A label with probability 0."""
    logits, label = noisy(3, 60)
    logits[0, label[0]] = -torch.inf
    found = of_tensors(logits, label)
    assert np.isinf(found.loss.nll)
    assert np.isinf(found.suspects[0].nll)
    return found


def many_classes(classes=1000):
    """As large as it may come: long names, every bin of every class filled, as many suspects as are kept."""
    random = np.random.default_rng(0)
    counts = torch.from_numpy(np.sort(random.integers(1, 5000, classes))[::-1].astype(float))
    shares = random.dirichlet(np.ones(classes), 4)
    rows = torch.from_numpy(random.integers(1, 100, (classes, 15)))
    # Four bytes a character, and longer than is shown.
    names = [f"类别{number}{'😀' * 40}" for number in range(classes)]
    some = two_classes()
    tau = Interval(0.7, 0.6, 0.8)
    log_prior = (counts / counts.sum()).log()
    quality = Quality(0.5, 0.4, 2.0)
    of_class = tuple(
        OfClass(number, name, float(counts[number]), 50, *random.random(2), 1.0, *shares[:, number], random.normal())
        for number, name in enumerate(names)
    )
    suspects = tuple(Suspect(row, names[row], names[-row], 0.9, 5.0, 5.0, row % 2 == 0) for row in range(classes))
    return replace(
        some,
        source=replace(some.source, classes=tuple(names), training_counts=True),
        classes=of_class,
        prior=PriorInside(tau, log_prior, torch.from_numpy(random.normal(size=classes)), quality, quality),
        reliability=Reliability(rows, rows // 2, rows * torch.linspace(0.03, 0.97, 15, dtype=torch.float64)),
        corrections=corrections_of(counts, None, False),
        suspects=suspects,
    )


CASES = (four_classes, two_classes, several_labels, too_little, impossible, many_classes)


@pytest.fixture(scope="module")
def driver():
    yield from started_browser()


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.__name__)
def report(request, tmp_path_factory):
    """The file of an audit."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    write_audit_page(request.param(), folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def page(driver, report):
    """Opened once for all tests of a file."""
    return Page(driver, report)


@pytest.fixture(scope="module")
def full(driver, tmp_path_factory):
    """The page that has everything."""
    folder = tmp_path_factory.mktemp("full")
    found = four_classes()
    write_audit_page(found, folder)
    return found, Page(driver, folder / "report.html")


@needs_browser
def test_nothing_is_asked_of_the_network_and_nothing_is_wrong(page, report):
    assert page.complaints == []
    assert page.requested[0] == report.as_uri()
    assert [url for url in page.requested[1:] if not url.startswith(("data:", "blob:"))] == []


@needs_browser
def test_every_plot_is_drawn(page):
    shown = plots(page)
    assert {"loss-0", "shares-0", "recall-0", "marginals-0", "reliability-0"} <= set(shown)
    for plot in shown:
        colours = page.ask(COLOURS, plot)
        assert len(colours) > 5, f"{plot} is empty"
        assert sum(colours.values()) > 500, f"{plot} is almost empty"


@needs_browser
def test_the_pointer_shows_values(page):
    for index, plot in enumerate(plots(page)):
        page.ask("document.getElementById(arguments[0]).scrollIntoView({block: 'center'})", plot)
        mark = page.ask(LAST_MARK, index)
        actions = ActionChains(page.driver)
        actions.w3c_actions.pointer_action.move_to_location(round(mark["x"]) - 30, round(mark["y"]))
        actions.w3c_actions.pointer_action.move_to_location(round(mark["x"]), round(mark["y"]))
        actions.perform()
        page.wait(TOOLTIPS)
        text = page.ask(TOOLTIPS)
        # Where many points lie on top of one another the pointer is on another class.
        assert mark["name"] in text or "类别" in text, plot
        assert re.search(r"\d\.\d", text), plot


@needs_browser
def test_names_are_shown_and_not_run(page):
    for plot in plots(page):
        page.ask("document.getElementById(arguments[0]).scrollIntoView()", plot)
    assert page.ask("return window.ran === undefined")
    assert page.ask("return document.querySelectorAll('body img').length") == 0


@needs_browser
def test_what_is_not_there_is_not_drawn(driver, tmp_path):
    write_audit_page(too_little(), tmp_path)
    page = Page(driver, tmp_path / "report.html")
    assert not {"parts-0", "prior-0"} & set(plots(page))
    assert "too few rows" in page.ask("return document.getElementById('parts').textContent")
    assert "--counts" in page.ask("return document.getElementById('prior').textContent")
    assert "None" in page.ask("return document.getElementById('suspects').textContent")
    assert page.ask("return document.querySelector('.answer-verdict').textContent") == "No misuse found"


@needs_browser
def test_the_verdict_and_its_findings(full):
    _, page = full
    assert page.ask("return document.querySelector('.answer-verdict').textContent") == "1 error and 1 warning"
    cards = page.ask("return [...document.querySelectorAll('#findings .card')].map((card) => card.textContent)")
    assert [f"XE10{number}" in card for number, card in enumerate(cards, 1)] == [True, True]
    for part in ("Probably: seen", "why", "fix("):
        assert part in cards[0]


@needs_browser
def test_the_reliability_of_a_class_can_be_chosen(full):
    found, page = full
    rows = """
        return Bokeh.documents[0].roots().flatMap((plot) => plot.renderers).map((one) => one.data_source)
            .find(({ tags }) => tags.includes("reliability")).data.rows.reduce((sum, rows) => sum + rows, 0)
    """
    assert page.ask(rows) == int(found.reliability.rows.sum())
    options = page.driver.find_elements(By.CSS_SELECTOR, "#curve option")
    # The order is from head to tail, which here is that of the numbers.
    assert len(options) == 1 + len(NAMES)
    options[2].click()
    assert page.ask(rows) == int(found.reliability.rows[1].sum())
    options[0].click()


@needs_browser
def test_suspects_are_sorted_and_paged(full):
    found, page = full
    shown = """
        return [...document.querySelectorAll(".suspects tbody tr")].filter((row) => row.offsetHeight)
            .map((row) => [+row.cells[0].dataset.order, +row.cells[4].dataset.order])
    """
    suspects = [(suspect.row, suspect.log_odds) for suspect in found.suspects[:200]]
    assert len(suspects) > 20
    assert page.ask(shown) == [list(one) for one in suspects[:20]]
    page.ask("[...document.querySelectorAll('#suspects .pager button')].at(-1).click()")
    assert page.ask(shown) == [list(one) for one in suspects[20:40]]
    page.ask("document.querySelector('.suspects thead button').click()")
    assert [row for row, _ in page.ask(shown)] == sorted((row for row, _ in suspects), reverse=True)[:20]
    likely = [suspect.row for suspect in found.suspects[:200] if suspect.likely]
    page.ask("document.getElementById('likely').click()")
    assert [row for row, _ in page.ask(shown)] == sorted(likely, reverse=True)[:20]


@needs_browser
def test_the_corrections_can_be_copied(full):
    found, page = full
    page.ask("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.driver.find_element(By.ID, "copy-corrections").click()
    page.wait("return window.copied")
    lines = [line.split("\t") for line in page.ask("return window.copied").split("\n")]
    assert lines[0] == ["number", "class", "trained on", "weight", "offset"]
    offsets = torch.tensor([float(line[4]) for line in lines[1:]])
    torch.testing.assert_close(offsets, torch.tensor(found.corrections["offset"].values), rtol=1e-5, atol=0)


def test_no_name_is_unescaped(report):
    text = report.read_text(encoding="utf-8")
    for name in NAMES[:2]:
        assert name not in text
    assert "49&amp;" not in text


def test_the_file_is_small(report):
    assert report.stat().st_size < LARGEST


def test_the_file_of_very_many_classes_is_small_and_says_what_is_left_out():
    text = page_html(many_classes(5000))
    assert len(text.encode()) < LARGEST
    assert "Of the 5,000 classes, the 50 most frequent and the 50 rarest; all are in results.json." in text
    assert "Of the 5,000 classes 500 are drawn, evenly from head to tail." in text
    assert "of which the first 200 are here" in text
    # The rarest class is among them.
    assert "类别4999" in text


def test_what_the_page_says_is_what_the_audit_says(tmp_path):
    found = four_classes()
    assert isinstance(found, Audit)
    write_audit(found, tmp_path)
    text = page_html(found)
    with io.StringIO((tmp_path / "suspects.csv").read_text()) as file:
        first = next(csv.DictReader(file))
    assert f'<td data-order="{float(first["row"])!r}">' in text
    assert f"{found.loss.nll:.4f}" in text
    assert f"{found.loss.balanced_accuracy:.1%} balanced" in text
    assert f"tau = {found.prior.tau.value:.2f}" in text
    for suggestion in found.suggestions:
        assert suggestion.title in text
