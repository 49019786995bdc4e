"""The page about workflows, over a stand-in of GitHub."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.hub import TOKEN, Hub
from tests.scripts.step import Ended, step
from tests.scripts.web import Answer

START = datetime(2026, 1, 1, tzinfo=UTC)


def run(number: int, seconds: float = 60, **parts: Any) -> dict[str, Any]:
    """A run, as GitHub tells it; each a day after the one before."""
    started = START + timedelta(days=number)
    return {
        "id": number,
        "path": ".github/workflows/ci.yml",
        "status": "completed",
        "conclusion": "success",
        "created_at": f"{started - timedelta(hours=9):%Y-%m-%dT%H:%M:%SZ}",
        "run_started_at": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{started + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
        "html_url": f"https://github.com/o/r/actions/runs/{number}",
        **parts,
    }


def page(folder: Path, hub: Hub, **env: str) -> tuple[Ended, str]:
    ended = step(folder, "workflow-page", "page.html", **{**hub.env, **env})
    assert TOKEN not in ended.out + ended.err + ended.summary
    assert "Traceback" not in ended.err
    file = folder / "page.html"
    return ended, file.read_text() if file.exists() else ""


def cells(html: str) -> list[list[str]]:
    """The text of each cell, row by row."""
    rows = re.findall("<tr>(<th scope=.row.*?)</tr>", html)
    return [
        [re.sub("<.*?>", "", cell) for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", row)]
        for row in rows
    ]


def test_each_workflow_has_its_pass_rate_durations_and_last_failure(
    tmp_path: Path, hub: Hub
) -> None:
    hub.runs = [
        run(5, status="in_progress", conclusion=None),
        run(4, 99_999, conclusion="cancelled"),
        run(3, 300, conclusion="failure"),
        run(2, 120, conclusion="timed_out"),
        run(1, 60),
        run(0, 4000, path=".github/workflows/night.yml@refs/heads/main", conclusion="failure"),
    ]
    ended, html = page(tmp_path, hub)
    assert (ended.code, ended.err) == (0, "")
    assert cells(html) == [
        ["ci.yml", "3", "1", "33 %", "2 min 00 s", "5 min 00 s", "2026-01-04"],
        ["night.yml", "1", "0", "0 %", "1 h 06 min", "1 h 06 min", "2026-01-01"],
    ]
    assert '<a href="https://github.com/o/r/actions/runs/3">2026-01-04</a>' in html
    assert "| ci\\.yml | 3 | 1 | 33 % | 2 min 00 s |" in ended.summary


def test_the_95th_of_100_is_a_duration_that_was_seen(tmp_path: Path, hub: Hub) -> None:
    hub.runs = [run(number, number + 1) for number in range(100)]
    _, html = page(tmp_path, hub)
    # Nearest rank: 95 of 100 took so long at the most.
    assert cells(html)[0][4:6] == ["50 s", "1 min 35 s"]


def test_one_failure_of_many_is_not_rounded_away(tmp_path: Path, hub: Hub) -> None:
    hub.runs = [run(number) for number in range(999)] + [run(999, conclusion="failure")]
    _, html = page(tmp_path, hub)
    assert cells(html)[0][1:4] == ["1000", "0", "99 %"]


def test_a_workflow_that_never_passed_or_failed_has_no_pass_rate(tmp_path: Path, hub: Hub) -> None:
    hub.runs = [run(0, conclusion="skipped"), run(1, conclusion="cancelled")]
    _, html = page(tmp_path, hub)
    assert cells(html) == [["ci.yml", "0", "2", "-", "-", "-", "none"]]


def test_no_run_is_told_as_no_run(tmp_path: Path, hub: Hub) -> None:
    ended, html = page(tmp_path, hub)
    assert ended.code == 0
    assert "No workflow has run from" in html
    assert "<table" not in html
    assert "No workflow has run from" in ended.summary


def test_all_pages_are_read_and_each_run_counts_once(tmp_path: Path, hub: Hub) -> None:
    hub.runs = [run(number) for number in range(250)] + [run(7)]
    _, html = page(tmp_path, hub)
    assert cells(html)[0][1] == "250"
    assert [each.query["page"] for each in hub.asked] == ["1", "2", "3"]
    since = f"{datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}"
    assert hub.asked[0].query["created"] == f">={since}"
    assert "newest" not in html


def test_what_github_does_not_give_is_told(tmp_path: Path, hub: Hub) -> None:
    hub.runs = [run(number) for number in range(1000)]
    hub.total = 1500
    ended, html = page(tmp_path, hub)
    assert len(hub.asked) == 10
    assert "Of 1500 runs, these are the newest 1000." in html
    assert "Of 1500 runs, these are the newest 1000." in ended.summary


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_nothing_in_it_is_markup(tmp_path: Path, hub: Hub) -> None:
    evil = '"><script>alert(1)<!--|`@octocat`\x1b'
    hub.runs = [
        run(0, path=f".github/workflows/{evil}.yml", conclusion="failure"),
        run(1, conclusion="failure", html_url="javascript:alert(1)"),
        run(2, path="b.yml", conclusion="failure", html_url='https://x/" onclick="alert(1)'),
    ]
    ended, html = page(tmp_path, hub)
    tags = Tags()
    tags.feed(html)
    assert "script" not in {tag for tag, _ in tags.found}
    links = [attributes["href"] for tag, attributes in tags.found if tag == "a"]
    assert all(link and link.startswith("https://") for link in links)
    assert not any(name.startswith("on") for _, each in tags.found for name in each)
    assert not any({"src", "data", "action"} & set(each) for _, each in tags.found)
    assert "default-src 'none'" in html
    assert 'content="width=device-width' in html
    assert "color-scheme: light dark" in html
    assert re.findall(r"(.)<", ended.summary) == ["\\", "\\"]
    assert "@octocat" not in ended.summary


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404, content={"message": "Not Found"}), "no such repository"),
        (Answer(status=403, content={"message": "no"}), "GitHub answers 403 to GET actions/runs"),
    ],
)
def test_where_github_cannot_be_asked_there_is_no_page(
    tmp_path: Path, hub: Hub, answer: Answer, said: str
) -> None:
    hub.fails = answer
    ended, html = page(tmp_path, hub)
    assert (ended.code, html) == (20, "")
    assert said in ended.err
