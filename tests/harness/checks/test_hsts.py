"""What a browser would not take for a promise, or a promise too short, fails."""

import asyncio
from pathlib import Path

import pytest

from harness.checks.hsts import derive, max_age_s
from harness.environment import Environment
from harness.model import Outcome, Result
from tests.harness.checks.certified import Authority
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import environment, only, verified

YEAR = "max-age=31536000"


def run(tmp_path: Path, first: Answer, second: Answer | None = None) -> Result:
    """A service with two https addresses, `/auth` and the host itself."""
    authority = Authority(tmp_path)

    def handler(seen: Seen) -> Answer:
        return first if second is None or seen.path.startswith("/auth/") else second

    async def inside() -> Result:
        async with serving(handler, tls=authority.context("127.0.0.1")) as server:
            service = {"url": f"{server.url}/auth", "also_at": [server.url]}
            where = Environment.model_validate(
                {
                    "name": "test",
                    "tls": {"ca_file": str(authority.ca_file), "hsts_min_age_s": 86400},
                    "services": {"auth": service},
                }
            )
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    return asyncio.run(inside())


def promising(*values: str) -> Answer:
    # The server of these tests writes names as they are given: twice in different cases is twice.
    names = ["strict-transport-security", "Strict-Transport-Security"]
    return Answer(headers=dict(zip(names, values, strict=False)))


def test_a_promise_at_every_address_passes(tmp_path: Path) -> None:
    result = run(tmp_path, promising(YEAR))
    assert (result.outcome, len(result.attempts[0].exchanges)) == (Outcome.PASS, 2)


@pytest.mark.parametrize("status", [302, 404, 503])
def test_the_status_does_not_matter(tmp_path: Path, status: int) -> None:
    answer = promising(YEAR)
    answer.status = status
    assert Outcome.PASS is run(tmp_path, answer).outcome


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (promising(), "none"),
        (promising("max-age=86399"), "'max-age=86399'"),
        (promising("max-age=0"), "'max-age=0'"),
        (promising(YEAR, YEAR), f"'{YEAR}' and '{YEAR}'"),
        (promising("includeSubDomains"), "'includeSubDomains'"),
    ],
)
def test_no_promise_or_too_short_a_one_fails(tmp_path: Path, answer: Answer, came: str) -> None:
    result = run(tmp_path, answer)
    assert (result.outcome, result.came) == (Outcome.FAIL, came)
    assert result.expected == "one header with max-age of at least 86400"


def test_one_address_without_the_promise_fails(tmp_path: Path) -> None:
    result = run(tmp_path, promising(YEAR), promising())
    assert (result.outcome, result.came) == (Outcome.FAIL, "none")
    assert not result.message.endswith("/auth")


@pytest.mark.parametrize(
    ("value", "age_s"),
    [
        ("max-age=31536000", 31536000),
        ("MAX-AGE=60", 60),
        ('max-age="60"', 60),
        ("max-age = 60", 60),
        ("  includeSubDomains ;max-age=60;; preload", 60),
        ('x="a;b\\"c"; max-age=60', 60),
        ("", None),
        ("max-age", None),
        ("max-age=", None),
        ("max-age=-1", None),
        (f"max-age={'9' * 5000}", None),
        ("max-age=1.5", None),
        ("max-age=60 includeSubDomains", None),
        ("max-age=60, max-age=60", None),
        ("max-age=60; max-age=60", None),
        ("max-age=60; includeSubDomains; IncludeSubdomains", None),
        ('max-age="60', None),
        ("max-age=٦٠", None),
        ("includeSubDomains; preload", None),
    ],
)
def test_the_header_is_read_as_the_grammar_says(value: str, age_s: int | None) -> None:
    assert age_s == max_age_s([value])


def test_no_header_and_two_headers_promise_nothing() -> None:
    assert (None, None) == (max_age_s([]), max_age_s([YEAR, YEAR]))


def test_services_without_https_have_no_check() -> None:
    where = environment(
        {
            "plain": "http://127.0.0.1:9",
            "hidden": {"url": "https://127.0.0.1:9", "visibility": "private"},
            "shown": {"url": "http://127.0.0.1:9", "also_at": ["https://127.0.0.1:9"]},
        }
    )
    assert ["hsts.shown"] == [check.id for check in derive(where)]
