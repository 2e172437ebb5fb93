"""report.html in a browser: it asks for nothing, draws its plots, shows values, and runs nobody's class names."""

import csv
import re

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser import COLOURS, TOOLTIPS, Page, needs_browser, plots, started_browser
from xent.compare import Results, Run, Settings, compare
from xent.compare.comparison import Comparison
from xent.compare.data import Source
from xent.compare.shares import Shares
from xent.report.page.compare import page_html, write_page

LARGEST = 2_000_000

# Names that would run if they were not escaped, and that would be typeset (by a script of another host) as formulas.
SCRIPT = "</script><script>window.ran=1</script>"
IMAGE = "<img src=x onerror='window.ran=1'>"
FORMULA = "$$x^2$$"
TEMPLATE = "{{ 7*7 }}&amp;"
NAMES = (SCRIPT, IMAGE, FORMULA, TEMPLATE)

# Where on the screen the last point of a plot is, and whose it is.
LAST_POINT = """
    const plot = Bokeh.documents[0].roots()[arguments[0]];
    const view = Bokeh.index.get_by_id(plot.id);
    const points = plot.renderers.filter((one) => one.glyph.type === "Scatter").at(-1).data_source.data;
    const row = [...points.y].findLastIndex(Number.isFinite);
    const canvas = view.canvas_view.el.getBoundingClientRect();
    return {
        x: canvas.left + view.frame.x_scale.compute(points.x[row]),
        y: canvas.top + view.frame.y_scale.compute(points.y[row]),
        loss: points.loss[row], class: points.class?.[row],
    };
"""


def file_of_labels(folder):
    """A file of 4 classes with names to be wary of, 60 to 12 rows, some of them easy to tell apart."""
    random = np.random.default_rng(0)
    path = folder / "<b onclick=ran>&.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height", "kind"])
        for k, (name, count) in enumerate(zip(NAMES, (60, 40, 20, 12), strict=True)):
            writer.writerows([*random.normal(k, 1.0, 2), name] for _ in range(count))
    return Source(data=str(path), target=("kind",))


def file_of_indicators(folder):
    """A file of 3 questions, each answered by the sign of a noisy feature."""
    random = np.random.default_rng(0)
    features = random.normal(size=(120, 3))
    answers = (features + random.normal(size=(120, 3)) > (0.0, 0.5, 1.0)).astype(int)
    path = folder / "questions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", *NAMES[:3]])
        writer.writerows([*row, *yes] for row, yes in zip(features, answers, strict=True))
    return Source(data=str(path), target=NAMES[:3])


SOURCES = {"single-label": file_of_labels, "multi-label": file_of_indicators}
LOSSES = {"single-label": ("ce", "focal", "balanced-softmax"), "multi-label": ("bce", "asl", "zlpr")}


@pytest.fixture(scope="module", params=["single-label", "multi-label"])
def report(request, tmp_path_factory):
    """The file of a short comparison."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = Settings(LOSSES[request.param], seeds=2, epochs=3, source=SOURCES[request.param](folder))
    comparison = Comparison(settings)
    results = Results(compare(comparison, folder, lambda _: None))
    write_page(comparison, results, folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def driver():
    yield from started_browser()


@pytest.fixture
def page(driver, report):
    return Page(driver, report)


@needs_browser
def test_nothing_is_asked_of_the_network_and_nothing_is_wrong(page, report):
    assert page.complaints == []
    assert page.requested[0] == report.as_uri()
    assert [url for url in page.requested[1:] if not url.startswith(("data:", "blob:"))] == []


@needs_browser
def test_every_plot_is_drawn(page):
    shown = plots(page)
    assert {re.sub(r"-\d$", "", name) for name in shown} >= {"trade-off", "reliability", "shares"}
    for plot in shown:
        colours = page.ask(COLOURS, plot)
        assert len(colours) > 5, f"{plot} is empty"
        assert sum(colours.values()) > 500, f"{plot} is almost empty"


@needs_browser
def test_the_pointer_shows_values(page):
    for index, plot in enumerate(plots(page)):
        page.ask("document.getElementById(arguments[0]).scrollIntoView({block: 'center'})", plot)
        point = page.ask(LAST_POINT, index)
        actions = ActionChains(page.driver)
        actions.w3c_actions.pointer_action.move_to_location(round(point["x"]) - 30, round(point["y"]))
        actions.w3c_actions.pointer_action.move_to_location(round(point["x"]), round(point["y"]))
        actions.perform()
        page.wait(TOOLTIPS)
        text = page.ask(TOOLTIPS)
        assert point["loss"] in text
        assert point["class"] is None or point["class"] in text
        assert re.search(r"\d\.\d", text)


@needs_browser
def test_a_click_hides_a_loss_in_every_plot_and_another_shows_it(page):
    # The second of the losses is drawn in the first of the colours, #0072B2.
    blue = """
        const counts = (function () { COLOURS }).apply(null, arguments);
        const blues = Object.keys(counts).map((colour) => colour.split(","))
            .filter(([r, g, b]) => r < 40 && Math.abs(g - 114) < 16 && Math.abs(b - 178) < 16);
        return (blues.length > 0) === arguments[1];
    """.replace("COLOURS", COLOURS)
    page.driver.find_element(By.ID, "faint").click()
    chip = page.driver.find_elements(By.CLASS_NAME, "chip")[1]
    for there in (True, False, True):
        for plot in plots(page):
            page.wait(blue, plot, there)
        chip.click()


@needs_browser
def test_other_measures_can_be_chosen(page):
    source = "return Bokeh.documents[0].get_model_by_name('trade-off').below[0].axis_label"
    before = page.ask(source)
    page.driver.find_element(By.CSS_SELECTOR, "#across option[value=nll]").click()
    assert page.ask(source) == "NLL, nats (less is better)" != before
    x = page.ask("return [...Bokeh.documents[0].get_model_by_name('trade-off').renderers[0].data_source.data.x]")
    assert x == page.ask(
        "return [...Bokeh.documents[0].get_model_by_name('trade-off').renderers[0].data_source.data.nll]"
    )


@needs_browser
def test_a_heading_sorts_the_table(page):
    header = page.driver.find_element(By.CSS_SELECTOR, ".measures thead button")
    column = "return [...document.querySelectorAll('.measures tbody tr')].map((row) => +row.cells[1].dataset.order)"
    header.click()
    falling = page.ask(column)
    assert falling == sorted(falling, reverse=True)
    header.click()
    assert page.ask(column) == falling[::-1]


@needs_browser
def test_the_code_can_be_copied(page):
    button = page.driver.find_element(By.CSS_SELECTOR, "details[open] .copy")
    button.click()
    page.wait("return document.querySelector('details[open] .copy').textContent !== 'copy'")
    assert "criterion = xent." in page.ask("return arguments[0].nextElementSibling.textContent", button)


@needs_browser
def test_names_are_shown_and_not_run(page):
    for plot in plots(page):
        page.ask("document.getElementById(arguments[0]).scrollIntoView()", plot)
    assert page.ask("return window.ran === undefined")
    assert page.ask("return document.querySelectorAll('body img, b[onclick]').length") == 0
    # Nor would it run if it got in: the policy of the page knows two scripts and no other.
    page.ask(
        "const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one)"
    )
    assert page.ask("return window.ran === undefined")


def test_the_file_holds_no_name_unescaped(report):
    text = report.read_text(encoding="utf-8")
    for name in (SCRIPT, IMAGE, "<b onclick"):
        assert name not in text
    assert "49&amp;" not in text


def test_the_file_is_small(report):
    assert report.stat().st_size < LARGEST


@pytest.mark.parametrize("task", ["single-label", "multi-label"])
def test_the_file_of_every_loss_and_many_classes_is_small(task, tmp_path):
    classes, rows, seeds = 150, 400, 2
    comparison = Comparison(Settings(("all",), seeds=seeds, epochs=1, source=SOURCES[task](tmp_path)))
    random = np.random.default_rng(0)
    counts = np.sort(random.integers(1, 5000, classes))[::-1]
    target = random.integers(0, classes, rows)
    if task == "multi-label":
        target = (random.random((rows, classes)) < 0.3).astype(np.float32)
    share = random.dirichlet(np.ones(classes), 2)
    runs = [
        Run(
            loss=candidate.name,
            seed=seed,
            logits=random.normal(size=(rows, classes)).astype(np.float32),
            target=target,
            counts=counts,
            training_rows=int(counts.sum()),
            class_names=tuple(f"class of a long name, number {k}" for k in range(classes)),
            shares=Shares(share, share),
            seconds_per_step=1e-3,
            thresholds=np.zeros(classes) if task == "multi-label" else None,
        )
        for seed in range(seeds)
        for candidate in comparison.candidates
    ]
    text = page_html(comparison, Results(runs))
    assert len(text.encode()) < LARGEST
    assert "class of a long name, number 149" in text
