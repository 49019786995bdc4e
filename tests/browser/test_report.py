"""The page of a run in a browser: as wide as the screen, nothing refused, cells that open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reports import html
from suites.journeys.chromium import QUIET
from tests.browser.conftest import VARIABLE
from tests.reports.evidence import with_evidence
from tests.reports.golden import WHOLE, hostile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get(VARIABLE) != "required", reason="`.ci/browser` runs it"),
]
RUNS = {"a failure": WHOLE["no_go"], "hostile": hostile()}


@pytest.fixture
def alone(chromium: str) -> Iterator[Browser]:
    """Without a stack: the page asks nobody."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield launched
        launched.close()


def opened(browser: Browser, file: Path, width: int = 1280, scheme: str = "light") -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.on("console", lambda message: pytest.fail(message.text))
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.parametrize("name", RUNS)
def test_it_is_as_wide_as_the_screen(
    name: str, width: int, scheme: str, alone: Browser, tmp_path: Path
) -> None:
    page = opened(alone, html.leave(with_evidence(RUNS[name], tmp_path)), width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "1152px"


def test_a_cell_opens_to_its_evidence_by_keyboard_as_well(alone: Browser, tmp_path: Path) -> None:
    page = opened(alone, html.leave(with_evidence(WHOLE["go"], tmp_path)))
    for name, open_it in (("kill.auth", "click"), ("read_only.postgres", "press")):
        evidence = page.locator(f"[id='faults.{name}']")
        expect(evidence).to_be_hidden()
        link = page.locator(f"a[href='#faults.{name}']")
        link.click() if open_it == "click" else link.press("Enter")
        expect(evidence).to_be_visible()
        expect(evidence).to_be_focused()
