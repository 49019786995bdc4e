"""Services that say, each in its health answer, which release and which instance they are."""

import asyncio
import json
from itertools import cycle
from pathlib import Path
from typing import Any

from harness.checks.release import derive
from harness.model import Result
from tests.harness.server import Answer, Handler, serving
from tests.harness.verifying import environment, only, verified

Body = dict[str, Any]


def body(release: object = "r2", instance: object = "auth-1", **more: object) -> Body:
    said = {"releaseId": release, "instanceId": instance}
    return {key: value for key, value in said.items() if value is not None} | more


def behind(*entries: Body, key: str = "keys:responseTime") -> Body:
    """The health answer of a gateway that is on another release than what it speaks of."""
    return body("gateway-release", "gateway-1", checks={key: list(entries)})


def saying(*bodies: Body, status: int = 200) -> Handler:
    """Answers with these, one after the other, and again."""
    turns = cycle(bodies)
    return lambda seen: Answer(status=status, body=json.dumps(next(turns)).encode())


def run(tmp_path: Path, handler: Handler, expected: str | None = "r2", **service: Any) -> Result:
    async def inside() -> Result:
        async with serving(handler) as server:
            where = environment({"auth": {"url": server.url, **service}})
            checks = list(derive(where))
            return only(await verified(where, checks, tmp_path / "run", release=expected))

    return asyncio.run(inside())


def run_behind(
    tmp_path: Path, handler: Handler, expected: str | None = "r2", **service: Any
) -> Result:
    """The same of `keys`, which is seen through the gateway alone."""

    async def inside() -> Result:
        async with serving(handler) as server:
            keys = {
                "url": "http://keys.invalid",
                "visibility": "private",
                "release": {"from": "json_pointer", "via": "gateway"},
                **service,
            }
            where = environment(
                {"gateway": {"url": server.url, "release": {"from": "none"}}, "keys": keys}
            )
            checks = list(derive(where))
            return only(await verified(where, checks, tmp_path / "run", release=expected))

    return asyncio.run(inside())


def requests(result: Result) -> int:
    return sum(len(attempt.exchanges) for attempt in result.attempts)
