"""A small service that tells of its health as a test has it, asked by the checks of one aspect."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.model import Result
from harness.truth import ASPECTS, derive
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.verifying import environment, only, verified

Body = dict[str, Any]
HEADERS = {"content-type": "application/health+json", "cache-control": "no-store"}


def entry(status: str = "pass", *, ago_s: float = 0.0, **more: object) -> Body:
    """One measurement, as it should be; None takes a member away."""
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    whole = {"status": status, "time": at.isoformat(), "observedValue": 1.9, "observedUnit": "ms"}
    return {name: value for name, value in (whole | more).items() if value is not None}


def said(status: str = "pass", *, headers: dict[str, str] | None = None, **checks: Body) -> Answer:
    """A health answer with one measurement of each component."""
    body = {"status": status, "releaseId": "r1", "instanceId": "one-1"}
    entries = {f"{name}:responseTime": [each] for name, each in checks.items()}
    return answered({**body, "checks": entries}, headers)


def answered(body: Body, headers: dict[str, str] | None = None) -> Answer:
    code = 503 if body["status"] == "fail" else 200
    return Answer(status=code, body=json.dumps(body).encode(), headers=HEADERS | (headers or {}))


def at(path: str, handler: Handler) -> Handler:
    """Answers so at one path, and 404 elsewhere."""
    return lambda seen: handler(seen) if seen.path == path else Answer(status=404)


def always(answer: Answer) -> Handler:
    return lambda seen: answer


def in_turn(*answers: Answer) -> Handler:
    """Answers with these, one after the other; with the last from then on."""
    turns: Iterator[Answer] = iter((*answers, *[answers[-1]] * 500))
    return lambda seen: next(turns)


def healthy(seen: Seen) -> Answer:
    """Looks at its database when it is asked."""
    return said(postgres=entry())


def run(
    tmp_path: Path, aspect: str, handler: Handler, service: str = "one", **declared: Any
) -> Result:
    """The check of one aspect of `one`, which depends on postgres, or of `back` behind it."""

    async def inside() -> Result:
        async with serving(handler) as server:
            where = environment(
                {
                    "one": {"url": server.url, "depends_on": ["postgres"], **declared},
                    "back": {
                        "url": "http://back.invalid",
                        "visibility": "private",
                        "health": {"via": "one"},
                        "release": {"from": "none"},
                    },
                }
            )
            assert aspect in ASPECTS.names()
            checks = [each for each in derive(where) if each.id == f"truth.{aspect}.{service}"]
            return only(await verified(where, checks, tmp_path / "run"))

    return asyncio.run(inside())
