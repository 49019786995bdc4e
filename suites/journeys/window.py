"""KeyArc's page as its user has it, and what the page does that no user sees.

It is used by what it shows: labels, buttons, headings. What it asks of the network, what it says in
the console and what it keeps in the browser is looked at beside.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.check import expect
from harness.errors import ContractViolation, ServerFailure, Unreachable
from suites.journeys.chromium import first_line, flags, launched, public_urls
from suites.keyarc import deadline
from suites.keyarc.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page, Request

# A machine that does much else at the same time is slow, not wrong.
LIMIT_MS = 20_000
# How often a rate limit is waited for.
_TRIES = 3
# What Chromium says by itself of an answer that the page expects.
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4(01|29)\b")


@dataclass
class Window:
    """A page that is open.

    Attributes:
        folder: Where pictures of it are kept.
        troubles: What the console tells of errors, violations of its policy among them.
        asked: Every request, with the body that it carried.
    """

    page: "Page"
    url: str
    folder: Path
    troubles: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def open(self) -> None:
        """Goes to the page, and waits until it can be used."""
        from playwright.sync_api import Error

        try:
            self.page.goto(self.url)
        except Error as error:
            told = f"Chromium, GET {self.url}: {first_line(error)}"
            if "ERR_CERT" in told:
                raise ServerFailure(told, expected="a certificate", came="another") from None
            raise Unreachable(told, origin=self.url) from None
        self.page.locator("html[data-ready]").wait_for()

    def form(self, title: str) -> "Locator":
        """The part of the page under this heading."""
        return self.page.get_by_role("region", name=title)

    def button(self, name: str) -> "Locator":
        return self.page.get_by_role("button", name=name, exact=True)

    def send(self, form: "Locator", button: str, path: str) -> int:
        """Presses a form's button, and waits for the answer to what the page asks then.

        Returns:
            Its status. A rate limit is waited for, and the button pressed again.
        """
        from playwright.sync_api import TimeoutError as Late

        status = 0
        for _ in range(_TRIES):
            try:
                with self.page.expect_response(
                    lambda answer: (
                        answer.request.method == "POST" and urlsplit(answer.url).path.endswith(path)
                    )
                ) as coming:
                    form.get_by_role("button", name=button).click()
            except Late:
                raise ContractViolation(
                    f"“{button}” asks POST {path}", expected="an answer", came=self.words()
                ) from None
            status = coming.value.status
            if status != 429:
                break
            wait_s = int(coming.value.headers.get("retry-after", "1"))
            deadline.current().extend(wait_s)
            self.page.wait_for_timeout(1000 * wait_s)
        return status

    def says(self, text: str) -> None:
        """Waits until the page tells its user so."""
        self.shows("what the page says", self.page.get_by_role("status"), text)

    def complains(self, word: str) -> None:
        """Waits until the page tells its user of an error, with this word in it."""
        alert = self.page.get_by_role("alert")
        self.shows("what the page complains of", alert, word, whole=False)

    def shows(self, what: str, where: "Locator", text: str, *, whole: bool = True) -> None:
        """Waits until this text is seen there, and no other if it is the whole."""
        from playwright.sync_api import TimeoutError as Late

        wanted = re.compile(rf"^\s*{re.escape(text)}\s*$") if whole else text
        try:
            where.filter(has_text=wanted).wait_for()
        except Late:
            seen = " ".join(where.all_inner_texts()) or self.words()
            raise ContractViolation(what, expected=repr(text), came=repr(seen)) from None

    def words(self) -> str:
        """What the page tells its user now."""
        page = self.page
        told = [*page.get_by_role("status").all_inner_texts()]
        return " ".join([*told, *page.get_by_role("alert").all_inner_texts()]).strip()

    def keeps_nothing(self) -> None:
        """What a browser could keep of a session after it, it must not."""
        came = self.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
        expect("what the browser keeps", expected=[0, 0, ""], came=came)

    def picture(self, name: str) -> None:
        """Keeps what is seen, in light and in dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            self.page.screenshot(path=self.folder / f"browser-{name}-{scheme}.png")
        self.page.emulate_media(color_scheme="light")

    def hears_console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning") and not _REFUSED.match(message.text):
            self.troubles.append(message.text)

    def sees_request(self, request: "Request") -> None:
        self.asked.append((request.url, request.post_data or ""))


@contextmanager
def opened(visit: Visit, folder: Path) -> Iterator[Window]:
    """The page of an environment, in a browser of its own. A failure leaves a picture behind."""
    url = visit.environment.services["frontend"].url
    with launched(*flags(visit.environment, visit.network)) as browser:
        from playwright.sync_api import Error

        context = browser.new_context(viewport={"width": 1000, "height": 800})
        context.set_default_timeout(LIMIT_MS)
        page = context.new_page()
        window = Window(page, url, folder)
        page.on("pageerror", lambda error: window.troubles.append(str(error)))
        page.on("console", window.hears_console)
        page.on("request", window.sees_request)
        try:
            window.open()
            yield window
            _behaved(window, public_urls(visit.environment))
        except Error as error:
            _last_picture(window)
            raise ContractViolation(f"the page, in Chromium: {first_line(error)}") from None
        except Exception:
            _last_picture(window)
            raise


def _behaved(window: Window, urls: list[str]) -> None:
    """It asked the services of KeyArc alone, and nothing went wrong in it."""
    known = {_origin(url) for url in urls}
    asked = {_origin(url) for url, _ in window.asked if url.startswith(("http", "ws"))}
    expect("origins that it asked beside KeyArc's", expected=set(), came=asked - known)
    expect("errors in the console", expected=[], came=window.troubles)


def _last_picture(window: Window) -> None:
    from playwright.sync_api import Error

    try:
        window.page.screenshot(path=window.folder / "browser-failure.png", timeout=5000)
    except Error:
        return  # There is nothing to be seen any more: why, the failure itself says.


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
