"""Liveness that looks at more than its process is found, as is one that is not there."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness.model import Outcome, Result
from tests.harness.server import Answer, Handler, Seen
from tests.harness.truth.telling import HEADERS, always, answered, at, entry, run, said

LIVE = {"live": "/health/live", "within_s": 0.2}


def asked(tmp_path: Path, handler: Handler, **declared: Any) -> Result:
    return run(tmp_path, "liveness", at("/health/live", handler), health=LIVE, **declared)


def body(tree: object) -> Answer:
    return Answer(body=json.dumps(tree).encode(), headers=HEADERS)


@pytest.mark.parametrize(
    "answer",
    [
        answered({"status": "pass", "serviceId": "one"}),
        answered({"status": "pass", "checks": {"uptime": [{"componentType": "system"}]}}),
        Answer(body=b"alive", headers={"content-type": "text/plain"}),
        Answer(body=b""),
    ],
)
def test_who_speaks_of_itself_alone_passes(tmp_path: Path, answer: Answer) -> None:
    assert Outcome.PASS is asked(tmp_path, always(answer)).outcome


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (said(postgres=entry()), "postgres"),
        (body({"components": [{"postgres": "up"}]}), "postgres"),
        (said(cache=entry(componentType="datastore")), "cache"),
        (said(mail=entry(componentType="component")), "mail"),
    ],
)
def test_who_tells_of_a_dependency_fails(tmp_path: Path, answer: Answer, named: str) -> None:
    result = asked(tmp_path, always(answer))
    assert (result.outcome, result.message, result.came) == (
        Outcome.FAIL, "liveness looks at more than the process", f"an entry for {named}"
    )  # fmt: skip


@pytest.mark.parametrize("status", [404, 503, 401])
def test_any_other_status_than_200_fails(tmp_path: Path, status: int) -> None:
    result = asked(tmp_path, always(Answer(status=status)))
    assert (result.outcome, result.message) == (Outcome.FAIL, "GET /health/live")
    assert result.came.startswith(str(status))


def test_it_needs_no_identity(tmp_path: Path) -> None:
    """Nothing that the file has sent with every request is sent here."""

    def handler(seen: Seen) -> Answer:
        return Answer(status=401 if "x-who" in seen.headers else 200)

    assert Outcome.PASS is asked(tmp_path, handler, headers={"X-Who": "me"}).outcome


def test_too_late_an_answer_fails(tmp_path: Path) -> None:
    async def handler(seen: Seen) -> Answer:
        await asyncio.sleep(0.3)
        return Answer()

    result = asked(tmp_path, handler)
    assert (result.outcome, result.message) == (Outcome.FAIL, "GET /health/live: too late")
