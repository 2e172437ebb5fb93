"""A headless Chromium for the tests of pages, and what they ask it."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
REQUIRED = os.environ.get("XENT_REQUIRE_BROWSER")
# For a machine that is busy with other things; nothing is measured.
PATIENCE = 60.0

# All colours on the canvases of a plot, as numbers, and how many pixels have each.
COLOURS = """
    const counts = {};
    (function walk(node) {
        if (node.shadowRoot) walk(node.shadowRoot);
        for (const child of node.children ?? []) walk(child);
        if (node.tagName !== "CANVAS" || node.width === 0) return;
        const pixels = node.getContext("2d").getImageData(0, 0, node.width, node.height).data;
        for (let i = 0; i < pixels.length; i += 4) {
            if (pixels[i + 3] < 200) continue;
            const colour = pixels.slice(i, i + 3).join();
            counts[colour] = (counts[colour] ?? 0) + 1;
        }
    })(document.getElementById(arguments[0]));
    return counts;
"""

# The text of the tooltips that are to be seen.
TOOLTIPS = """
    const texts = [];
    (function walk(node) {
        if (node.shadowRoot) walk(node.shadowRoot);
        for (const child of node.children ?? []) walk(child);
        if (node.matches?.(".bk-tooltip-content") && node.offsetWidth) texts.push(node.textContent);
    })(document.documentElement);
    return texts.join(" ");
"""

needs_browser = pytest.mark.skipif(
    not REQUIRED and not (BROWSER and DRIVER), reason="there is no chromium with chromedriver to open the page in"
)


def started_browser() -> Iterator[webdriver.Chrome]:
    """A browser that records what pages ask of the network and write to the console."""
    assert BROWSER, "XENT_REQUIRE_BROWSER is set, and no chromium is on the path"
    assert DRIVER, "XENT_REQUIRE_BROWSER is set, and no chromedriver is on the path"
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--window-size=1280,900", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Chromium's sandbox is not for root.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """A page that is open, its plots drawn.

    Args:
        driver: The browser.
        path: The file.
    """

    def __init__(self, driver: webdriver.Chrome, path: Path) -> None:
        self.driver = driver
        # What the page before it left in them.
        for log in ("browser", "performance"):
            driver.get_log(log)
        driver.get(path.as_uri())
        self.wait("return document.documentElement.dataset.drawn && Bokeh.documents.every((one) => one.is_idle)")
        self.complaints = [
            entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
        ]
        messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        requests = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        self.requested = [one["request"]["url"] for one in requests if one["documentURL"] == driver.current_url]

    def ask(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: Any) -> None:
        """Go on when a script returns something true."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _: self.ask(script, *arguments))


def plots(page: Page) -> list[str]:
    """The elements that plots are drawn in."""
    found: list[str] = page.ask("return [...document.querySelectorAll('.plot')].map((plot) => plot.id)")
    return found
