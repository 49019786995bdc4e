"""The webhook, over a real server on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.scripts.step import step
from tests.scripts.web import Answer, Asked, serving

SECRET = "T00/B00/very-secret"
SAID = {
    "NOTIFY_VERDICT": "NO_GO",
    "NOTIFY_ACTION": "rolled_back_verified",
    "NOTIFY_ENVIRONMENT": "staging",
    "NOTIFY_RELEASE": "abc",
    "NOTIFY_LINK": "https://github.com/o/r/actions/runs/7",
}


@dataclass
class Hook:
    """A webhook: how it answers, and what it was sent."""

    url: str = ""
    status: int = 200
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()

    def answer(asked: Asked) -> Answer:
        made.sent.append((asked.path, asked.content))
        return Answer(status=made.status, headers={"Location": made.url})

    with serving(answer) as url:
        made.url = f"{url}/{SECRET}"
        yield made


def test_it_is_told_what_became_of_the_release(tmp_path: Path, hook: Hook) -> None:
    ended = step(tmp_path, "notify", WEBHOOK_URL=hook.url, **SAID)
    assert (ended.code, ended.out) == (0, "notify: told\n")
    text = f"staging abc: NO_GO, rolled_back_verified {SAID['NOTIFY_LINK']}"
    expected = {name.removeprefix("NOTIFY_").lower(): value for name, value in SAID.items()}
    assert hook.sent == [(f"/{SECRET}", {**expected, "text": text})]


def test_the_link_is_that_of_the_run(tmp_path: Path, hook: Hook) -> None:
    run = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "8",
    }
    step(tmp_path, "notify", WEBHOOK_URL=hook.url, NOTIFY_VERDICT="GO", **run)
    assert hook.sent[0][1]["text"] == "GO https://github.com/o/r/actions/runs/8"


def test_what_a_release_is_called_is_no_markup(tmp_path: Path, hook: Hook) -> None:
    said = {**SAID, "NOTIFY_RELEASE": "<!channel>\n&\x1b[31m"}
    step(tmp_path, "notify", WEBHOOK_URL=hook.url, **said)
    assert hook.sent[0][1]["release"] == "<!channel> & [31m"
    assert "&lt;!channel&gt; &amp; [31m" in hook.sent[0][1]["text"]


def test_without_an_address_nobody_is_told_and_it_says_so(tmp_path: Path) -> None:
    ended = step(tmp_path, "notify", **SAID)
    assert (ended.code, ended.err) == (0, "")
    assert "there is no WEBHOOK_URL" in ended.out


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_refuses_is_told_and_changes_no_verdict(
    tmp_path: Path, hook: Hook, status: int
) -> None:
    hook.status = status
    ended = step(tmp_path, "notify", WEBHOOK_URL=hook.url, **SAID)
    assert ended.code == 0
    assert ended.out == f"::warning::the webhook was not told: it answers {status}\n"
    assert len(hook.sent) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://127.0.0.1:9/{SECRET}", "ConnectionRefusedError"),
        (f"http://hooks.example.org/{SECRET}", "WEBHOOK_URL is no https address"),
        (f"file:///{SECRET}", "WEBHOOK_URL is no https address"),
        (f"https://[{SECRET}", "ValueError"),
        (f"https:///{SECRET}", "URLError"),
        (f"http://127.0.0.1:port/{SECRET}", "InvalidURL"),
        (f"http://127.0.0.1:9/\n{SECRET}", "InvalidURL"),
    ],
)
def test_an_address_that_does_not_work_is_told_without_a_word_of_it(
    tmp_path: Path, url: str, said: str
) -> None:
    ended = step(tmp_path, "notify", WEBHOOK_URL=url, **SAID)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"::warning::the webhook was not told: {said}")
    assert "secret" not in ended.out
    assert "example" not in ended.out


def test_a_caller_that_gives_no_verdict_is_wrong(tmp_path: Path, hook: Hook) -> None:
    ended = step(tmp_path, "notify", WEBHOOK_URL=hook.url)
    assert ended.code == 2
    assert "NOTIFY_VERDICT is missing" in ended.err
    assert hook.sent == []
