"""The real page in a real browser, on the local stack: TLS, the edge, every service."""

import base64
import hashlib
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from harness import needs
from harness.environment import find
from harness.requirements import declare
from harness.stack.launch import Wanted, running
from suites.journeys.chromium import QUIET
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import Cost
from suites.keyarc.identity import Identities, Identity
from suites.keyarc.keyring import Keyring
from suites.keyarc.keys import Keys

# Where it says `required`, a missing browser is a failure and no reason to skip.
VARIABLE = "KEYARC_VERIFY_BROWSER"
# A machine that does much else at the same time is slow, not wrong.
LIMIT_MS = 30_000
expect.set_options(timeout=LIMIT_MS)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium; `.ci/browser` installs it")
    declare(config)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = needs.browser()
    if found is None and os.environ.get(VARIABLE) == "required":
        pytest.fail("there is no chromium on the PATH")
    if found is None:
        pytest.skip("there is no chromium on the PATH; .ci/browser installs it")
    return found


@dataclass(frozen=True)
class Stack:
    """A running stack, as the world sees it."""

    url: str
    ca_file: str

    def client(self, path: str) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.ca_file)
        return httpx.Client(base_url=f"{self.url}{path}", verify=context)

    def pin(self) -> str:
        """The edge's public key, base64 of SHA-256 over its SPKI, from a connection that our CA
        vouches for."""
        edge = urlsplit(self.url)
        context = ssl.create_default_context(cafile=self.ca_file)
        with (
            socket.create_connection((edge.hostname, edge.port), 10) as plain,
            context.wrap_socket(plain, server_hostname=edge.hostname) as connection,
        ):
            certificate = connection.getpeercert(binary_form=True)
        assert certificate is not None
        key = x509.load_der_x509_certificate(certificate).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@pytest.fixture(scope="session")
def stack(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("stack")
    wanted = Wanted(env=find("local"), state_dir=state, release="2026.7.1")
    with running(wanted, progress=lambda line: None) as references:
        yield _stack(references)


def _stack(references: Mapping[str, str]) -> Stack:
    return Stack(references["stack:edge.url"], references["stack:ca_file"])


@pytest.fixture
def browser(chromium: str, stack: Stack) -> Iterator[Browser]:
    # For one test alone: as long as Playwright is open, its event loop is in the way of every
    # other test of the process.
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            # Trusts this one key, and no other certificate that it would refuse.
            args=[*QUIET, f"--ignore-certificate-errors-spki-list={stack.pin()}"],
        )
        yield launched
        launched.close()


@dataclass
class Visit:
    """A page that is open, and what went wrong in it."""

    page: Page
    troubles: list[str]
    asked: list[str]


class Visits:
    """Opens the page, each time in a profile of its own."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser, self._stack = browser, stack
        self._contexts: list[BrowserContext] = []
        self._visits: list[Visit] = []

    def open(self, *, width: int = 1000, scheme: str = "light") -> Visit:
        context = self._browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        context.set_default_timeout(LIMIT_MS)
        self._contexts.append(context)
        page = context.new_page()
        visit = Visit(page, [], [])
        page.on("pageerror", lambda error: visit.troubles.append(str(error)))
        page.on("console", lambda message: self._note(visit, message.type, message.text))
        page.on("request", lambda request: visit.asked.append(request.url))
        page.goto(self._stack.url)
        page.locator("html[data-ready]").wait_for()
        self._visits.append(visit)
        return visit

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _note(self, visit: Visit, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            visit.troubles.append(text)


@pytest.fixture
def visits(browser: Browser, stack: Stack) -> Iterator[Visits]:
    opened = Visits(browser, stack)
    yield opened
    opened.close()


@dataclass(frozen=True)
class Person:
    """A user of the Python client: real keys, at the contract's cost."""

    identity: Identity
    keyring: Keyring
    keys: Keys[httpx.Client]
    account: Account[httpx.Client]


class People:
    """Test users of the stack."""

    def __init__(self, stack: Stack) -> None:
        self._login, self._api = stack.client("/auth"), stack.client("/api")
        self._auth = Auth(self._login)
        self._identities = Identities("a seed that the tests use")

    def stranger(self) -> Identity:
        return self._identities.new(RUN, Cost())

    def sign_up(self) -> Person:
        identity = self.stranger()
        master = identity.master_key()
        self._auth.signup(
            email=identity.email, auth_hash=identity.auth_hash(), keys=Keyring.new().lock(master)
        )
        return self.log_in(identity)

    def log_in(self, identity: Identity) -> Person:
        session = self._auth.login(email=identity.email, auth_hash=identity.auth_hash())
        return Person(
            identity,
            Keyring.unlock(identity.master_key(), session),
            Keys(self._api, session.access_token),
            Account(self._api, session.access_token),
        )

    def close(self) -> None:
        self._login.close()
        self._api.close()


@pytest.fixture(scope="session")
def people(stack: Stack) -> Iterator[People]:
    made = People(stack)
    yield made
    made.close()


RUN = "20260102T030405Z-9f3a1c"
VECTORS = Path(__file__).parents[1] / "suites" / "vectors.json"
