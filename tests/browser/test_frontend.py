"""The page does what a user comes for, and its cryptography is the Python client's."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from suites.keyarc import cryptography
from suites.keyarc.cryptography import Cost
from suites.keyarc.identity import Identity
from suites.keyarc.stored import NewSecret
from tests.browser.conftest import VECTORS, People, Stack, Visits

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB äöü 🔑\n-----END CERTIFICATE-----\n"
MARKUP = '<img src="x" onerror="globalThis.broken=1">'


def sign_up(page: Page, who: Identity) -> None:
    form = page.locator("#sign-up")
    form.get_by_label("Email").fill(who.email)
    form.get_by_label("Password").fill(who.password)
    form.get_by_role("button", name="Sign up").click()


def log_in(page: Page, who: Identity) -> None:
    form = page.locator("#log-in")
    form.get_by_label("Email").fill(who.email)
    form.get_by_label("Password").fill(who.password)
    form.get_by_role("button", name="Log in").click()


def create(page: Page, name: str, value: str, kind: str = "API key") -> None:
    form = page.locator("#create")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Type").select_option(kind)
    form.get_by_label("Value").fill(value)
    form.get_by_role("button", name="Encrypt and save").click()


def test_a_user_signs_up_logs_in_and_keeps_a_secret_that_python_can_read(
    visits: Visits, people: People, stack: Stack
) -> None:
    visit, who = visits.open(), people.stranger()
    page = visit.page
    expect(page.locator("#release")).to_have_text("2026.7.1")

    sign_up(page, who)
    expect(page.get_by_role("status")).to_have_text(
        "You have an account. Log in with your password."
    )
    expect(page.locator("#log-in-password")).to_be_focused()
    expect(page.locator("#sign-up-password")).to_have_value("")
    page.locator("#log-in-password").fill(who.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Secrets")).to_be_focused()
    expect(page.locator("#account-email")).to_have_text(who.email)
    expect(page.locator("#no-secrets")).to_be_visible()
    expect(page.locator("#welcome")).to_be_hidden()

    create(page, "TLS certificate", CERTIFICATE, "Certificate")
    expect(page.get_by_role("status")).to_have_text("“TLS certificate” is saved.")
    expect(page.locator("#create-value")).to_have_value("")
    page.get_by_role("button", name="Show TLS certificate").click()
    expect(page.get_by_role("dialog", name="TLS certificate")).to_be_visible()
    assert page.locator("#shown-value").text_content() == CERTIFICATE
    page.keyboard.press("Escape")
    expect(page.locator("#shown-value")).to_have_text("")

    person = people.log_in(who)
    (listed,) = person.keys.secrets().items
    stored = person.keys.secret(listed.id)
    value = cryptography.decrypt(person.keyring.vault_key, stored.encrypted_value)
    assert (stored.name, stored.type, value.decode()) == ("TLS certificate", "cert", CERTIFICATE)
    assert visit.troubles == []
    assert [url for url in visit.asked if not url.startswith(f"{stack.url}/")] == []


def test_a_secret_of_the_python_client_is_shown(visits: Visits, people: People) -> None:
    person = people.sign_up()
    encrypted = cryptography.encrypt(person.keyring.vault_key, CERTIFICATE.encode())
    person.keys.create(
        NewSecret(name=MARKUP, encrypted_value=encrypted, type="other", owner_type="user")
    )
    visit = visits.open()
    log_in(visit.page, person.identity)
    visit.page.get_by_role("button", name=f"Show {MARKUP}").click()
    expect(visit.page.locator("#shown-name")).to_have_text(MARKUP)
    assert visit.page.locator("#shown-value").text_content() == CERTIFICATE
    assert visit.page.evaluate("globalThis.broken") is None
    assert visit.troubles == []


def test_a_team_key_shared_with_a_user_of_the_page_is_theirs_to_open(
    visits: Visits, people: People
) -> None:
    from suites.keyarc.keyring import share

    page, who = visits.open().page, people.stranger()
    sign_up(page, who)
    expect(page.get_by_role("status")).to_contain_text("You have an account")
    owner = people.sign_up()
    team_key = cryptography.new_key()
    shared = share(team_key, owner.account.search(email=who.email).public_key)
    assert people.log_in(who).keyring.open_team_key(shared) == team_key


def vectors() -> list[dict[str, Any]]:
    cost = Cost()
    given: list[dict[str, Any]] = json.loads(VECTORS.read_text())
    return [each for each in given if Cost(**each["cost"]) == cost]


def test_the_page_derives_the_keys_of_the_vectors(visits: Visits) -> None:
    page = visits.open().page
    assert len(vectors()) >= 2
    for vector in vectors():
        derived = page.evaluate(
            """async ({email, password, encrypted}) => {
                const page = await import("/cryptography.js");
                const master = await page.masterKey(email, password);
                const hex = Array.from(master, (b) => b.toString(16).padStart(2, "0")).join("");
                const opened = await page.decrypt(master, encrypted);
                return [hex, await page.authHash(master, password), page.toText(opened)];
            }""",
            vector,
        )
        assert derived == [vector["master_key_hex"], vector["auth_hash"], vector["plaintext"]]


def test_what_is_refused_is_said(visits: Visits, people: People) -> None:
    person, page = people.sign_up(), visits.open().page
    alert = page.get_by_role("alert")
    log_in(page, Identity(person.identity.email, "not the password"))
    expect(alert).to_have_text("The email or the auth hash is wrong.")
    expect(page.locator("#vault")).to_be_hidden()
    sign_up(page, person.identity)
    expect(alert).to_have_text("This email is taken.")
    page.route("**/auth/login", lambda route: route.abort())
    log_in(page, person.identity)
    expect(alert).to_have_text("KeyArc does not answer. Try again in a moment.")
    expect(page.get_by_role("button", name="Log in")).to_be_enabled()


def test_a_changed_ciphertext_is_not_shown(visits: Visits, people: People) -> None:
    person, page = people.sign_up(), visits.open().page
    other = cryptography.encrypt(cryptography.new_key(), b"of another vault")
    person.keys.create(
        NewSecret(name="changed", encrypted_value=other, type="other", owner_type="user")
    )
    log_in(page, person.identity)
    page.get_by_role("button", name="Show changed").click()
    expect(page.get_by_role("alert")).to_contain_text("another key")
    expect(page.locator("#shown")).to_be_hidden()


def test_logging_out_leaves_nothing_on_the_page(visits: Visits, people: People) -> None:
    person, page = people.sign_up(), visits.open().page
    log_in(page, person.identity)
    create(page, "to be forgotten", "sk_live")
    expect(page.get_by_role("button", name="Show to be forgotten")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#welcome")).to_be_visible()
    assert "to be forgotten" not in page.content()
    assert person.identity.email not in page.locator("body").inner_text()
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_an_expired_token_leads_back_to_the_login(visits: Visits, people: People) -> None:
    person, page = people.sign_up(), visits.open().page
    log_in(page, person.identity)
    expect(page.locator("#vault")).to_be_visible()
    person.account.leave()
    create(page, "too late", "sk_live")
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.get_by_role("alert")).not_to_be_empty()


def test_the_policy_stops_what_the_page_did_not_bring(visits: Visits) -> None:
    visit = visits.open()
    visit.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "globalThis.broken = 1";
            document.body.append(script);
        }"""
    )
    assert visit.page.evaluate("globalThis.broken") is None
    refused = "fetch('https://elsewhere.test').then(() => 'sent', () => 'refused')"
    assert visit.page.evaluate(refused) == "refused"
    assert sum("Content Security Policy" in trouble for trouble in visit.troubles) >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_fits_its_window(
    visits: Visits, people: People, tmp_path: Path, width: int, scheme: str
) -> None:
    person = people.sign_up()
    for name in ("Stripe live key", "a-name-without-any-space-" * 8):
        encrypted = cryptography.encrypt(person.keyring.vault_key, b"sk_live_" * 40)
        person.keys.create(
            NewSecret(name=name, encrypted_value=encrypted, type="api_key", owner_type="user")
        )
    page = visits.open(width=width, scheme=scheme).page

    def fits(view: str) -> None:
        expect(page.locator(f"#{view}")).to_be_visible()
        page.screenshot(path=tmp_path / f"{view}-{width}-{scheme}.png", full_page=view != "shown")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view

    fits("welcome")
    log_in(page, person.identity)
    expect(page.locator("#secrets li")).to_have_count(2)
    fits("vault")
    page.get_by_role("button", name="Show a-name").click()
    fits("shown")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visits: Visits, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    page = visits.open(scheme=scheme).page
    ratios = page.evaluate(
        """() => {
            const canvas = document.createElement("canvas").getContext("2d");
            const light = (color) => {
                canvas.fillStyle = color;
                canvas.fillRect(0, 0, 1, 1);
                const [r, g, b] = Array.from(canvas.getImageData(0, 0, 1, 1).data, (v) => v / 255)
                    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = (element) => {
                const color = getComputedStyle(element).backgroundColor;
                return color === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : color;
            };
            document.getElementById("error").textContent = "An error";
            document.getElementById("status").textContent = "A status";
            const shown = document.querySelectorAll("h1, h2, p, label, input, button, footer");
            return Array.from(shown).filter((e) => e.checkVisibility()).map((element) => {
                const pair = [getComputedStyle(element).color, ground(element)].map(light);
                pair.sort((a, b) => b - a);
                return [element.tagName + "#" + element.id, (pair[0] + 0.05) / (pair[1] + 0.05)];
            });
        }"""
    )
    assert len(ratios) > 10
    assert [pair for pair in ratios if pair[1] < 4.5] == []
