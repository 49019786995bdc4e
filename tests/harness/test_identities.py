"""Who asks: what each kind of identity sends, and what is never written of it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.environment import Environment
from harness.model import Outcome, RunRecord
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import checks_of, outcomes, verified

TOKEN = "canary-token-4711"


@check(service="a")
async def asks(target: Any) -> None:
    """Asks."""
    await target.get("/x", expect=200)
    await target.get("/y", expect=200)


def environment(url: str, identity: dict[str, Any]) -> Environment:
    services = {"a": {"url": url, "identity": "who", "headers": {"X-Mine": "1"}}, "b": {"url": url}}
    return Environment.model_validate(
        {"name": "test", "identities": {"who": identity}, "services": services}
    )


def session(seen: Seen) -> Answer:
    if seen.path == "/login":
        right = json.loads(seen.body) == {"user": "me", "password": TOKEN}
        return Answer(
            status=200 if right else 401, body=b'{"session": {"token": "a-live-session"}}'
        )
    return Answer()


def run(
    folder: Path, identity: dict[str, Any], handler: Any = session
) -> tuple[RunRecord, list[Seen]]:
    async def inside() -> tuple[RunRecord, list[Seen]]:
        async with serving(handler) as server:
            where = environment(server.url, identity)
            record = await verified(where, checks_of(asks), folder / "run")
            return record, server.seen

    return asyncio.run(inside())


@pytest.mark.parametrize(
    ("identity", "header", "value"),
    [
        ({"token": TOKEN}, "authorization", f"Bearer {TOKEN}"),
        ({"headers": {"X-Api-Key": TOKEN}}, "x-api-key", TOKEN),
    ],
)
def test_a_token_or_a_header_goes_with_every_request(
    tmp_path: Path, identity: dict[str, Any], header: str, value: str
) -> None:
    record, seen = run(tmp_path, identity)
    assert outcomes(record) == {"asks": Outcome.PASS}
    assert [(one.headers[header], one.headers["x-mine"]) for one in seen] == [(value, "1")] * 2


LOGIN = {
    "login": {
        "service": "b",
        "json": {"user": "me", "password": TOKEN},
        "token": "/session/token",
    }
}


def test_who_has_to_log_in_does_so_once(tmp_path: Path) -> None:
    record, seen = run(tmp_path, LOGIN, session)
    assert outcomes(record) == {"asks": Outcome.PASS}
    assert [one.path for one in seen] == ["/login", "/x", "/y"]
    assert [one.headers.get("authorization") for one in seen[1:]] == ["Bearer a-live-session"] * 2


@pytest.mark.parametrize(
    "answer", [Answer(status=401), Answer(body=b"{}"), Answer(body=b"no json"), Answer(body=b"[]")]
)
def test_a_login_that_gives_no_token_is_the_systems_failure(tmp_path: Path, answer: Answer) -> None:
    record, _ = run(tmp_path, LOGIN, lambda seen: answer)
    assert outcomes(record) == {"asks": Outcome.FAIL}


def test_a_token_that_turns_up_elsewhere_in_plain_words_is_not_written(tmp_path: Path) -> None:
    @check(service="b")
    async def overhears(target: Any) -> None:
        """Meets what it has not sent itself."""
        await target.get("/log", expect=200)

    def repeats(seen: Seen) -> Answer:
        return session(seen) if seen.path == "/login" else Answer(body=b"hello a-live-session!")

    async def inside() -> None:
        async with serving(repeats) as server:
            first, [last] = checks_of(asks), checks_of(overhears)
            checks = [*first, replace(last, last=True)]
            await verified(environment(server.url, LOGIN), checks, tmp_path / "run")

    asyncio.run(inside())
    written = (tmp_path / "run" / "results.jsonl").read_text()
    assert "hello" in written
    assert "a-live-session" not in written


def test_no_evidence_holds_what_an_identity_sends(tmp_path: Path) -> None:
    run(tmp_path, LOGIN, session)
    written = "".join(file.read_text() for file in (tmp_path / "run").iterdir())
    assert "a-live-session" not in written
    assert TOKEN not in written
