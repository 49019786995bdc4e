"""The journey in the browser finds a page that is wrong, and says what is wrong with it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import ContractViolation
from suites.journeys.test_browser import VALUE, test_a_user_keeps_a_secret_in_the_browser
from suites.journeys.window import Window
from suites.keyarc.visit import Visit, visiting
from tests.browser.conftest import VARIABLE
from tests.documents import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.environ.get(VARIABLE) != "required", reason="`.ci/browser` runs it"),
]
journey = test_a_user_keeps_a_secret_in_the_browser
# What pytest collects here is about the journey, and not the journey.
del test_a_user_keeps_a_secret_in_the_browser

PAGE = ROOT / "services" / "frontend" / "static"
ELSEWHERE = "https://elsewhere.test/"
LOGIN = "const account = await keyarc.logIn("
# By what is wrong: what stands in app.js, what stands there then, and what the journey says.
WRONG = {
    "the password is sent": (
        LOGIN,
        f"await fetch('/health?' + encodeURIComponent(password));\n{LOGIN}",
        "what carries a password or a secret: expected []",
    ),
    "the secret is sent": (
        "const encrypted_value =",
        "await fetch('/health?' + btoa(String.fromCharCode(...bytes)));\nconst encrypted_value =",
        "what carries a password or a secret: expected []",
    ),
    "somebody else is asked": (
        LOGIN,
        f"await fetch('{ELSEWHERE}').catch(() => 0);\n{LOGIN}",
        "Content Security Policy",
    ),
    "the console tells of an error": (
        LOGIN,
        f"console.error('odd');\n{LOGIN}",
        "errors in the console: expected [], came ['odd'",
    ),
    "another value is shown": (
        'page("shown-value").textContent = value',
        'page("shown-value").textContent = value.toUpperCase()',
        f"the secret: expected {VALUE!r}",
    ),
    "a logout leaves the list": (
        'page("secrets").replaceChildren();\n  page("create")',
        'page("create")',
        "what is left in the page: expected [], came ['Payment provider ",
    ),
    "a login is kept": (
        LOGIN,
        f"localStorage.setItem('email', email);\n{LOGIN}",
        "what the browser keeps: expected [0, 0, ''], came [1, 0, '']",
    ),
    "any password will do": (
        "await authHash(master, password)",
        "await authHash(new Uint8Array(32), email)",
        "the answer to a wrong password: expected 401, came 200",
    ),
    "a refusal is not told": (
        "function complain(error) {",
        "function complain(error) {\n  return;",
        "what the page complains of: expected 'wrong'",
    ),
}


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("journey")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with visiting("local", folder) as visit:
            yield visit


def planted(patch: pytest.MonkeyPatch, where: str, text: str, kind: str) -> None:
    """Chromium gets this text for a path of the page; an address elsewhere answers too."""
    ready = Window.open

    def open_(window: Window) -> None:
        window.page.route(
            f"{window.url}{where}", lambda route: route.fulfill(body=text, content_type=kind)
        )
        window.page.route(f"{ELSEWHERE}*", lambda route: route.fulfill(body=""))
        ready(window)

    patch.setattr(Window, "open", open_)


@pytest.mark.parametrize("what", WRONG)
def test_a_page_that_is_wrong_is_found_out(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    there, instead, says = WRONG[what]
    source = (PAGE / "app.js").read_text()
    assert there in source
    planted(monkeypatch, "/app.js", source.replace(there, instead), "text/javascript")
    monkeypatch.setattr("suites.journeys.window.LIMIT_MS", 6000)
    with pytest.raises(ContractViolation) as found:
        journey(visit, tmp_path)
    assert says in str(found.value)
    assert (tmp_path / "browser-failure.png").exists()
    assert visit.journal.left() == []


def test_an_origin_that_the_policy_lets_be_asked_is_found_out(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it comes here, it has no policy.
    source = (PAGE / "index.html").read_text()
    changed = source.replace("<main>", f'<main><img src="{ELSEWHERE}x" alt="">')
    planted(monkeypatch, "/", changed, "text/html")
    with pytest.raises(ContractViolation, match=r"beside KeyArc's.*elsewhere.test"):
        journey(visit, tmp_path)


def test_the_page_as_it_is_passes_and_leaves_pictures(visit: Visit, tmp_path: Path) -> None:
    journey(visit, tmp_path)
    expected = {
        f"browser-{name}-{scheme}.png"
        for name in ("secret", "refused")
        for scheme in ("light", "dark")
    }
    assert expected == {file.name for file in tmp_path.iterdir()}
    assert visit.journal.left() == []
