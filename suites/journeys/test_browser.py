"""The page in a browser: what a user does there, and what the page must not do meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.check import expect
from harness.redaction import forms
from suites.journeys.window import Window, opened
from suites.keyarc.cryptography import Cost
from suites.keyarc.identity import Identity
from suites.keyarc.removal import USER, remove
from suites.keyarc.visit import Visit

VALUE = "sk_test_planted-by-a-journey ✓ äöü"


@contextmanager
def stranger(visit: Visit) -> Iterator[Identity]:
    """Somebody who has not signed up; if they do, they are removed at the end."""
    # The page knows no other cost than the contract's.
    identity = replace(visit, cost=Cost()).new_identity()
    visit.secrets.register(identity.password)
    visit.journal.created(USER, identity.email)
    try:
        yield identity
    finally:
        visit.loop.run(remove(visit.targets, identity))
        visit.journal.removed(USER, identity.email)


@pytest.fixture
def evidence(pytestconfig: pytest.Config) -> Path:
    """Where pictures are kept: the run's directory."""
    return Path(pytestconfig.getoption("run"))


@pytest.mark.needs("browser")
def test_a_user_keeps_a_secret_in_the_browser(visit: Visit, evidence: Path) -> None:
    """Sign up, log in, keep a secret, see it decrypted, log out, be refused with a wrong password:
    in Chromium, which sends neither password nor secret, asks nobody else and keeps nothing."""
    with stranger(visit) as who, opened(visit, evidence) as window:
        sign_up(window, who)
        log_in(window, who)
        name = visit.named("Payment provider")
        keep(window, name)
        read(window, name)
        log_out(window)
        forgets(window, name)
        is_refused(window, replace(who, password=who.password[::-1]))
        log_in(window, who)
        reload(window)
        forgets(window, name)
        keeps_to_itself(window, who.password)
        keeps_to_itself(window, VALUE)


def fill(window: Window, title: str, who: Identity) -> int:
    """Gives email and password, and sends them; the answer's status."""
    form = window.form(title)
    form.get_by_label("Email").fill(who.email)
    form.get_by_label("Password").fill(who.password)
    return window.send(form, title, {"Sign up": "/signup", "Log in": "/login"}[title])


def sign_up(window: Window, who: Identity) -> None:
    expect("the answer to the signup", expected=201, came=fill(window, "Sign up", who))
    window.says("You have an account. Log in with your password.")


def log_in(window: Window, who: Identity) -> None:
    expect("the answer to the login", expected=200, came=fill(window, "Log in", who))
    window.says("You are logged in.")
    window.page.get_by_role("heading", name="Secrets").wait_for()


def keep(window: Window, name: str) -> None:
    form = window.form("Add a secret")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Value").fill(VALUE)
    status = window.send(form, "Encrypt and save", "/keys/secrets")
    expect("the answer to the new secret", expected=201, came=status)
    window.says(f"“{name}” is saved.")


def read(window: Window, name: str) -> None:
    """What was kept is shown decrypted."""
    window.button(f"Show {name}").click()
    dialog = window.page.get_by_role("dialog", name=name)
    window.shows("the secret", dialog.get_by_label("Value"), VALUE)
    window.picture("secret")
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="hidden")


def log_out(window: Window) -> None:
    window.button("Log out").click()
    window.says("You are logged out.")
    is_outside(window)


def is_refused(window: Window, who: Identity) -> None:
    expect("the answer to a wrong password", expected=401, came=fill(window, "Log in", who))
    window.complains("wrong")
    is_outside(window)
    window.picture("refused")


def reload(window: Window) -> None:
    """Nothing of a login outlives the page."""
    window.open()
    is_outside(window)


def keeps_to_itself(window: Window, secret: str) -> None:
    """Nothing that was sent holds it, in whatever form."""
    telling = forms(secret)
    sent = [
        # The request itself would tell it.
        f"a request to {urlsplit(url).path}"
        for url, body in window.asked
        if any(form in url or form in body for form in telling)
    ]
    expect("what carries a password or a secret", expected=[], came=sent)


def is_outside(window: Window) -> None:
    """The page is that of somebody who is not logged in; the browser keeps nothing of them."""
    window.form("Log in").wait_for()
    window.button("Log out").wait_for(state="hidden")
    window.keeps_nothing()


def forgets(window: Window, name: str) -> None:
    """Nothing of a secret is left in the page, seen or not."""
    left = [text for text in (name, VALUE) if text in window.page.content()]
    expect("what is left in the page", expected=[], came=left)
