"""What `.github/access/apply` does where GitHub, or its caller, is not as it should be."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.access.conftest import ACCESS, Apply
from tests.access.stand_in import TOKEN, Answer, GitHub, Request, refused


def told(status: int, message: str = "", **headers: str) -> Callable[[Request], Answer]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: (status, {"message": message}, names)


def test_a_bad_token_is_told(github: GitHub, apply: Apply) -> None:
    ended = apply(token="ghp_of_somebody_else")
    assert 20 == ended.code
    assert "401: Bad credentials; GITHUB_TOKEN is not a token that GitHub knows" in ended.err
    assert [] == github.writes


def test_no_token_sends_nothing(github: GitHub, apply: Apply) -> None:
    ended = apply(token="")
    assert (2, True) == (ended.code, "GITHUB_TOKEN: no token" in ended.err)
    assert [] == github.requests


@pytest.mark.parametrize(
    "url", ["http://example.org", "ftp://127.0.0.1", "http://127.0.0.1.example.org"]
)
def test_the_token_goes_over_https_alone(github: GitHub, apply: Apply, url: str) -> None:
    ended = apply(url=url)
    assert (2, True) == (ended.code, "GITHUB_API_URL" in ended.err)


def test_a_redirect_gets_no_token(github: GitHub, apply: Apply) -> None:
    github.instead = [told(301, "Moved Permanently", location="https://example.org/repos/1")]
    ended = apply()
    assert 20 == ended.code
    assert "it leads to example.org: was the repository renamed?" in ended.err
    assert 1 == len(github.requests)


def test_a_token_that_may_too_little_is_told_what_it_lacks(github: GitHub, apply: Apply) -> None:
    short = "Resource not accessible by personal access token"
    needs = {"x_accepted_github_permissions": "administration=read"}
    github.instead = [lambda _: None, lambda _: None, told(403, short, **needs)]
    ended = apply("--check")
    assert 20 == ended.code
    assert f"{short}; the token has to have: administration=read" in ended.err


def test_a_token_that_an_answer_repeats_is_not_shown(github: GitHub, apply: Apply) -> None:
    """`ended` looks for it in all that is printed."""
    github.instead = [told(403, f"{TOKEN} may not")]
    assert "403: *** may not" in apply().err


def test_an_unknown_reviewer_changes_nothing(github: GitHub, apply: Apply) -> None:
    github.teams.clear()
    ended = apply()
    assert 20 == ended.code
    assert (
        "team:release-managers: GitHub knows nobody of that name; nothing was changed" in ended.err
    )
    assert [] == github.writes


def test_an_unknown_repository_changes_nothing(github: GitHub, apply: Apply) -> None:
    ended = apply("--repository", "some-owner/other")
    assert 20 == ended.code
    assert "some-owner/other: there is no such repository, or not for this token" in ended.err


def test_a_short_limit_is_waited_out(applied: GitHub, apply: Apply) -> None:
    applied.instead = [
        told(429, retry_after="0"),
        told(403, "secondary rate limit", retry_after="1"),
    ]
    assert 0 == apply("--check").code


def test_a_long_limit_ends_it(github: GitHub, apply: Apply) -> None:
    spent = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "99999999999"}
    github.instead = [told(403, "API rate limit exceeded", **spent)]
    ended = apply()
    assert 20 == ended.code
    assert "too many requests: GitHub asks to wait for" in ended.err


def test_a_fault_that_passes_is_no_matter(applied: GitHub, apply: Apply) -> None:
    applied.instead = [told(502), told(500)]
    assert 0 == apply("--check").code


def test_a_fault_that_stays_ends_it(github: GitHub, apply: Apply) -> None:
    github.instead = [told(503, "Unicorn")] * 3
    ended = apply()
    assert 20 == ended.code
    assert "GET /: 503: Unicorn" in ended.err


def test_what_may_have_been_made_is_not_made_twice(github: GitHub, apply: Apply) -> None:
    def lost(request: Request) -> Answer | None:
        if request.method == "POST":
            return refused(502, "Bad Gateway")
        github.instead.append(lost)
        return None

    github.instead = [lost]
    ended = apply()
    assert 20 == ended.code
    assert "run it again once that is mended" in ended.err
    assert 1 == len(github.writes)


def test_nobody_there_is_told(apply: Apply) -> None:
    ended = apply(url="http://127.0.0.1:9")
    assert 20 == ended.code
    assert "no status: no answer" in ended.err


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ACCESS, tmp_path / "access"))


def changed(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize(
    ("file", "values", "problem"),
    [
        ("environments/dev.json", {"wait_timer": "5"}, "wait_timer: has to be int, is '5'"),
        ("environments/dev.json", {"wait_timer": 50_000}, "wait_timer: minutes, from 0 to 43200"),
        ("environments/dev.json", {"reviewer": []}, "has to have branches, "),
        ("environments/dev.json", {"branches": []}, "branches, tags: none of both"),
        ("environments/dev.json", {"prevent_self_review": True}, "needs reviewers"),
        ("environments/dev.json", {"reviewers": ["mona"]}, "reviewers: 'mona'; write {\"team\""),
        ("environments/dev.json", {"reviewers": [{"user": "a/b"}]}, "reviewers: {'user': 'a/b'}"),
        ("environments/dev.json", {"reviewers": [{"user": "a"}] * 7}, "reviewers: at most 6"),
        ("rulesets/main.json", {"enforcement": "evaluate"}, "only `active` protects"),
        ("rulesets/main.json", {"rules": []}, "a ruleset without rules protects nothing"),
        ("rulesets/main.json", {"rules": [{}]}, "each has a type, and no two the same"),
        ("rulesets/main.json", {"name": "release tags"}, "is another ruleset's too"),
        ("rulesets/main.json", {"bypass_actors": [{"team": "x"}]}, "bypass_mode"),
        ("actions.json", {"workflows": {}}, "has to have fork-pr-contributor-approval, "),
    ],
)
def test_a_wrong_file_is_told_and_nothing_is_sent(
    github: GitHub, apply: Apply, files: Path, file: str, values: dict[str, Any], problem: str
) -> None:
    changed(files / file, **values)
    ended = apply("--files", str(files))
    assert 2 == ended.code
    assert problem in ended.err
    assert [] == github.requests


def test_a_file_that_is_not_json_is_told(github: GitHub, apply: Apply, files: Path) -> None:
    (files / "labels.json").write_text("[")
    ended = apply("--files", str(files))
    assert (2, True) == (ended.code, "labels.json: not JSON" in ended.err)


def test_an_empty_folder_protects_nothing(github: GitHub, apply: Apply, tmp_path: Path) -> None:
    ended = apply("--files", str(tmp_path))
    assert 2 == ended.code
    assert "an empty folder would protect nothing" in ended.err
    assert [] == github.requests
