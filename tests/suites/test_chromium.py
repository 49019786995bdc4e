"""How Chromium is sent to an environment, and what is said where there is none."""

import sys

import pytest

from harness import needs
from harness.environment import Environment
from harness.network import Network
from suites.journeys.chromium import flags, launched, public_urls

PLACE = Environment.model_validate(
    {
        "name": "test",
        "services": {
            "frontend": {"url": "https://keyarc.test", "connect": "127.0.0.1:8443"},
            "auth": {"url": "https://keyarc.test/auth", "also_at": ["https://auth.keyarc.test"]},
            "keys": {"url": "http://keys.internal", "visibility": "private"},
        },
    }
)


def test_names_lead_where_the_environment_file_says() -> None:
    (told,) = flags(PLACE, Network.of(PLACE))
    assert told == "--host-resolver-rules=MAP keyarc.test:443 127.0.0.1:8443"


def test_where_nothing_else_may_be_contacted_no_name_resolves() -> None:
    (told,) = flags(PLACE, Network({}, loopback_only=True))
    assert told.startswith("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost")


def test_by_default_it_goes_and_trusts_as_anybodys_does() -> None:
    assert flags(PLACE, Network()) == []


def test_the_page_asks_public_services_alone() -> None:
    expected = ["https://keyarc.test", "https://keyarc.test/auth", "https://auth.keyarc.test"]
    assert public_urls(PLACE) == expected


def test_a_missing_browser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("playwright")
    monkeypatch.setattr(needs, "browser", lambda: None)
    with pytest.raises(pytest.fail.Exception, match="no Chromium on the PATH"), launched():
        pass


def test_a_missing_playwright_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "playwright"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(pytest.fail.Exception, match=r"keyarc-verify\[browser\]"), launched():
        pass
