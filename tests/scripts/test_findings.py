"""Issues for what the fuzz suite found, over a stand-in of GitHub."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.scripts.hub import TOKEN, Hub
from tests.scripts.step import Ended, step
from tests.scripts.web import Answer

RUN = "https://github.com/o/r/actions/runs/77"
Finding = dict[str, str]


def finding(id: str = "a1", **parts: str) -> Finding:
    return {
        "id": id,
        "operation": "POST /signup",
        "check": "server_error",
        "message": "500 for a well-formed body",
        "curl": "curl -X POST https://localhost/signup",
        **parts,
    }


def report(folder: Path, hub: Hub, *shards: Any, **env: str) -> Ended:
    """A night with so many shards; None for one that left nothing."""
    for number, found in enumerate(shards, 1):
        file = folder / f"findings-{number}" / "findings.json"
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        if found is not None:
            file.write_text(found if isinstance(found, str) else json.dumps(found))
    given = {"SHARDS": str(len(shards)), **hub.env, **env}
    ended = step(folder, "report-findings", str(folder), **given)
    assert TOKEN not in ended.out + ended.err + ended.summary
    assert "Traceback" not in ended.err
    return ended


def test_a_new_finding_opens_one_issue_however_many_shards_have_it(
    tmp_path: Path, hub: Hub
) -> None:
    ended = report(tmp_path, hub, [finding()], [finding()])
    assert (ended.code, ended.err) == (0, "")
    (issue,) = hub.issues
    assert issue["title"] == "Fuzz: POST /signup: server_error"
    assert issue["labels"] == [{"name": "fuzz"}]
    assert issue["body"].startswith("<!-- keyarc-verify-finding: a1 -->\n")
    assert "500 for a well-formed body" in issue["body"]
    assert "curl -X POST https://localhost/signup" in issue["body"]
    assert f"in [this run]({RUN})" in issue["body"]
    assert ended.summary == "Findings: 1 opened.\n\n"


def test_the_next_night_says_when_it_was_seen_and_keeps_what_people_wrote(
    tmp_path: Path, hub: Hub
) -> None:
    report(tmp_path, hub, [finding()])
    hub.issues[0]["body"] = re.sub(
        "Last seen on [-0-9]+ in", "Last seen on 2026-01-01 in", hub.issues[0]["body"] + "\n\nOurs."
    )
    ended = report(tmp_path, hub, [finding()], GITHUB_RUN_ID="78")
    assert ended.summary == "Findings: 1 known.\n\n"
    (issue,) = hub.issues
    assert issue["body"].endswith("\n\nOurs.")
    assert "2026-01-01" not in issue["body"]
    assert issue["body"].count("Last seen") == 1
    assert "runs/78" in issue["body"]
    assert hub.comments == []


def test_what_was_mended_and_comes_back_is_opened_again(tmp_path: Path, hub: Hub) -> None:
    report(tmp_path, hub, [finding()])
    hub.issues[0].update(state="closed", state_reason="completed")
    ended = report(tmp_path, hub, [finding()])
    assert ended.summary == "Findings: 1 opened again.\n\n"
    (issue,) = hub.issues
    assert (issue["state"], issue["state_reason"]) == ("open", "reopened")
    ((number, text),) = hub.comments
    assert number == issue["number"]
    assert "Seen again on" in text
    assert RUN in text


@pytest.mark.parametrize("reason", ["not_planned", "duplicate"])
def test_what_people_decided_against_stays_closed(tmp_path: Path, hub: Hub, reason: str) -> None:
    report(tmp_path, hub, [finding()])
    hub.issues[0].update(state="closed", state_reason=reason)
    ended = report(tmp_path, hub, [finding()])
    assert ended.summary == "Findings: 1 left closed.\n\n"
    assert [issue["state"] for issue in hub.issues] == ["closed"]
    assert hub.comments == []


def test_a_bad_night_does_not_flood_the_list(tmp_path: Path, hub: Hub) -> None:
    found = [finding(f"f{number}") for number in range(7)]
    ended = report(tmp_path, hub, found)
    assert len(hub.issues) == 5
    assert ended.summary == "Findings: 5 opened, 2 left for another night.\n\n"
    assert ended.code == 0
    report(tmp_path, hub, found, MOST_NEW="1")
    assert len(hub.issues) == 6


def test_an_issue_is_found_on_a_later_page(tmp_path: Path, hub: Hub) -> None:
    report(tmp_path, hub, [finding()])
    for _ in range(150):
        hub.add(body="something else")
    assert report(tmp_path, hub, [finding()]).summary == "Findings: 1 known.\n\n"
    assert len(hub.issues) == 151


@pytest.mark.parametrize(
    "issue",
    [
        {"body": "Like this: <!-- keyarc-verify-finding: a1 -->"},
        {"body": "<!-- keyarc-verify-finding: a1 -->", "labels": [{"name": "question"}]},
        {"body": "<!-- keyarc-verify-finding: a1 -->", "pull_request": {}},
        {"body": "<!-- keyarc-verify-finding: a12 -->"},
        {"body": None},
    ],
)
def test_an_issue_about_something_else_hides_no_finding(
    tmp_path: Path, hub: Hub, issue: dict[str, Any]
) -> None:
    hub.add(**issue)
    report(tmp_path, hub, [finding()])
    assert len(hub.issues) == 2


def test_no_finding_is_told_as_none(tmp_path: Path, hub: Hub) -> None:
    ended = report(tmp_path, hub, [], [])
    assert (ended.code, ended.summary) == (0, "Findings: none.\n\n")
    assert hub.issues == []


@pytest.mark.parametrize("shards", [[[finding()], None], [None, [finding()]]])
def test_a_shard_that_left_nothing_is_no_shard_without_findings(
    tmp_path: Path, hub: Hub, shards: list[Any]
) -> None:
    ended = report(tmp_path, hub, *shards)
    assert ended.code == 20
    assert "1 of 2 shards left findings: the rest was not seen" in ended.err
    assert len(hub.issues) == 1


@pytest.mark.parametrize(
    "content",
    ["", "{}", "null", "[1]", "[{}]", '[{"id": "a"}]', json.dumps([{**finding(), "curl": 1}])],
)
def test_a_file_that_is_no_list_of_findings_is_named(
    tmp_path: Path, hub: Hub, content: str
) -> None:
    ended = report(tmp_path, hub, [finding()], content)
    assert ended.code == 20
    assert "findings-2/findings.json" in ended.err
    assert hub.asked == []


HOSTILE = (
    "a`@octocat <img src=x> [link](https://evil.example) #1 o/r#2 GH-3 `a` ~~b~~ **c**"
    "<!-- seen -->x<!-- /seen --> <!-- seen -->\n::error::planted\n```\n````\n# heading\n"
    "<!-- keyarc-verify-finding: other -->\n"
    "\x1b[31mred\x00\u202e\ud800 end"
)


def test_what_a_server_said_is_no_markup(tmp_path: Path, hub: Hub) -> None:
    names = ("operation", "check", "message", "curl")
    ended = report(tmp_path, hub, [finding("h", **dict.fromkeys(names, HOSTILE))])
    assert ended.code == 0
    (issue,) = hub.issues
    before = issue["body"]
    assert len(issue["title"]) <= 120 + 4
    assert "@" not in issue["title"]
    assert issue["title"].isprintable()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(issue["body"])
    kinds = [token.type for token in tokens]
    assert kinds.count("fence") == 2
    assert "heading_open" not in kinds
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {
        "text",
        "text_special",
        "code_inline",
        "link_open",
        "link_close",
    }
    assert [child.attrs["href"] for child in inline if child.type == "link_open"] == [RUN]
    flow = "".join(child.content for child in inline if child.type != "code_inline")
    assert "octocat" not in flow
    assert not re.search("[@#<`]|GH-", flow)
    assert [token.content.strip() for token in tokens if token.type == "html_block"] == [
        "<!-- keyarc-verify-finding: h -->",
        "<!-- seen -->",
        "<!-- /seen -->",
    ]
    assert not any(line.startswith("::") for line in ended.out.splitlines())
    # It is the same issue the next night, for all that stands in it.
    again = report(tmp_path, hub, [finding("h")], GITHUB_RUN_ID="78")
    assert again.summary == "Findings: 1 known.\n\n"
    assert issue["body"].replace("runs/78", "runs/77") == before
    assert "runs/78" in issue["body"]


def test_an_id_that_could_not_stand_in_a_marker_is_digested(tmp_path: Path, hub: Hub) -> None:
    odd = [finding("--> <b>"), finding("x" * 200), finding("\ud800")]
    report(tmp_path, hub, odd)
    report(tmp_path, hub, odd)
    assert len(hub.issues) == 3
    assert all(
        re.match(r"<!-- keyarc-verify-finding: [0-9a-f]{16} -->\n", issue["body"])
        for issue in hub.issues
    )


def test_long_texts_fit_into_an_issue(tmp_path: Path, hub: Hub) -> None:
    report(tmp_path, hub, [finding(message="m" * 100_000, curl="`" * 100_000)])
    assert len(hub.issues[0]["body"]) < 65_536


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=403, content={"message": "Resource not accessible"}), "403 to GET issues"),
        (Answer(status=404, content={"message": "Not Found"}), "no such repository"),
        (Answer(status=500, content="<html>"), "500 to GET issues"),
        (Answer(status=200, content="<html>"), "no answer to GET issues"),
        (Answer(status=301, headers={"Location": "http://127.0.0.1:9/"}), "301 to GET issues"),
    ],
)
def test_where_github_cannot_be_asked_nothing_is_reported(
    tmp_path: Path, hub: Hub, answer: Answer, said: str
) -> None:
    hub.fails = answer
    ended = report(tmp_path, hub, [finding()])
    assert ended.code == 20
    assert said in ended.err
    assert len(hub.asked) == 1


def test_an_issue_without_its_label_would_be_opened_each_night(tmp_path: Path, hub: Hub) -> None:
    hub.drops_labels = True
    ended = report(tmp_path, hub, [finding()])
    assert ended.code == 20
    assert "issue 1 did not get the label fuzz" in ended.err


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is missing"),
        ({"GITHUB_API_URL": "http://api.example"}, "GITHUB_API_URL is an https address"),
        ({"SHARDS": "many"}, "SHARDS is a number from 0 to 100, not 'many'"),
        ({"MOST_NEW": "1000"}, "MOST_NEW is a number from 0 to 50"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(
    tmp_path: Path, hub: Hub, env: dict[str, str], said: str
) -> None:
    ended = report(tmp_path, hub, [finding()], **env)
    assert ended.code == 2
    assert said in ended.err
    assert hub.issues == []
