"""Where the token goes, and where it never does; with a stand-in for GitHub."""

import pytest

from harness.errors import LedgerError, UsageError
from harness.ledger.github import open_ledger
from tests.harness.ledger.noted import noted
from tests.harness.ledger.on_github import SETTINGS, ledger, told
from tests.harness.ledger.stand_in import REPOSITORY, TOKEN, GitHub, standing_in


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed(github: GitHub, status: int) -> None:
    moved = told(status, {}, {"location": "/repositories/4242/deployments?task=keyarc-verify"})
    github.instead = [moved]
    ledger(github).append(noted())
    github.instead = [moved]
    assert ledger(github).entries() == [noted()]


@pytest.mark.parametrize("header", ["location", "link"])
def test_the_token_is_not_given_to_another_origin(github: GitHub, header: str) -> None:
    with standing_in() as other:
        value = f"{other.url}/repositories/4242/deployments"
        if header == "link":
            github.instead = [told(200, [], {"link": f'<{value}>; rel="next"'})]
        else:
            github.instead = [told(307, {}, {"location": value})]
        with pytest.raises(LedgerError, match=rf"leads to {other.url}, which is not given"):
            ledger(github).entries()
        assert other.requests == []


@pytest.mark.parametrize("location", ["", "/again"])
def test_leading_on_comes_to_an_end(github: GitHub, location: str) -> None:
    github.instead = [told(302, {}, {"location": location})] * 9
    with pytest.raises(LedgerError, match="led on more than 5 times"):
        ledger(github).entries()


@pytest.mark.parametrize("header", ["location", "link"])
def test_an_address_that_is_none_is_told(github: GitHub, header: str) -> None:
    value = "http://a:b" if header == "location" else '<http://a:b>; rel="next"'
    github.instead = [told(302 if header == "location" else 200, [], {header: value})] * 9
    with pytest.raises(LedgerError, match=r"leads to what is no address|Invalid URL"):
        ledger(github).entries()


def test_the_token_is_never_told(github: GitHub) -> None:
    answers = [
        told(401, {"message": f"Bad credentials {TOKEN}"}),
        told(404, {"message": TOKEN}),
        *[told(500, {"message": TOKEN})] * 3,
        told(202, {"message": TOKEN}),
    ]
    one = ledger(github)
    shown = repr(one)
    for count in (1, 1, 3, 1):
        github.instead, answers = answers[:count], answers[count:]
        with pytest.raises(LedgerError) as caught:
            one.append(noted())
        shown += str(caught.value)
    assert TOKEN not in shown
    assert shown.count("[redacted]") >= 4


def test_what_github_says_cannot_steer_a_terminal(github: GitHub) -> None:
    github.instead = [told(403, {"message": "\x1b[31m\n\u202e" + "x" * 5000})]
    with pytest.raises(LedgerError) as caught:
        ledger(github).entries()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"repo": "a/b"}, "repo: the ledger `github` does not know it; known: repository, token"),
        ({"repository": ""}, "repository: write owner/name"),
        ({"repository": "a/b/c"}, "repository: write owner/name"),
        ({"repository": "a/b?x"}, "repository: write owner/name"),
        ({"token": ""}, "token: no token; name a variable"),
        ({"token": "a\nb"}, "token: no token"),
        ({"token": "a b"}, "token: no token"),
        ({"api_url": "github.com"}, "api_url: not a URL"),
        ({"api_url": "https://u:p@github.com"}, "api_url: credentials do not belong"),
        ({"api_url": "http://github.example"}, "api_url: the token goes over https alone"),
        ({"api_url": "http://127.0.0.1.github.example"}, "api_url: the token goes over https"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=rf"^ledger\.settings\.{why}") as caught:
        open_ledger({**SETTINGS, **settings}, "some")
    assert TOKEN not in str(caught.value)


def test_github_itself_is_asked_unless_said_otherwise() -> None:
    opened = open_ledger(SETTINGS, "some")
    assert (opened.api_url, str(opened)) == (
        "https://api.github.com",
        f"the deployments of {REPOSITORY}",
    )
