"""Health tells the truth, in time, and nothing more."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from services.account.app import create
from services.application import application
from services.health import HealthCheck, Told, Unhealthy
from services.settings import Settings
from tests.services.account.conftest import settings

Serve = Callable[[ASGIApp], httpx.Client]


class Dependency:
    """One that a test makes healthy or not, at will."""

    component_type = "system"

    def __init__(self, state: str, component: str = "thing", limit_s: float = 0.3) -> None:
        self.state = state
        self.component = component
        self.limit_s = limit_s
        self.looks = 0
        self.may_answer = asyncio.Event()

    async def probe(self) -> Told:
        self.looks += 1
        match self.state:
            case "healthy":
                return Told(identity={"releaseId": "r7", "instanceId": "i7"})
            case "unhealthy":
                raise Unhealthy("the thing is out of order")
            case "broken":
                raise RuntimeError("canary at postgresql://canary@db.internal:5432")
            case "migrated":
                return Told(schema=(7, 5))
            case "outdated":
                raise Unhealthy("the thing is out of date", Told(schema=(7, 6)))
            case "held":
                await self.may_answer.wait()
                return Told()
        await asyncio.Event().wait()
        raise AssertionError


def app(*dependencies: Dependency) -> ASGIApp:
    given = Settings(environment="dev", release_id="r1", instance_id="i1")
    return application("thinger", given, dependencies=list(dependencies))


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([], 200),
        (["healthy"], 200),
        (["healthy", "healthy"], 200),
        (["unhealthy"], 503),
        (["broken"], 503),
        (["silent"], 503),
        (["healthy", "silent"], 503),
        (["unhealthy", "healthy"], 503),
    ],
)
def test_body_and_status_agree(serve: Serve, states: list[str], status: int) -> None:
    dependencies = [Dependency(state, f"thing-{at}") for at, state in enumerate(states)]
    client = serve(app(*dependencies))

    answer = client.get("/health")

    assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
    assert answer.headers["content-type"] == "application/health+json"
    body = answer.json()
    outcome = "pass" if status == 200 else "fail"
    assert (body["status"], body["serviceId"], body["releaseId"], body["instanceId"]) == (
        outcome,
        "thinger",
        "r1",
        "i1",
    )
    assert set(body["checks"]) == {f"{each.component}:responseTime" for each in dependencies}
    for each in dependencies:
        (entry,) = body["checks"][f"{each.component}:responseTime"]
        assert entry["status"] == ("pass" if each.state == "healthy" else "fail")
        assert (entry["componentType"], entry["observedUnit"]) == ("system", "ms")
        assert 0 <= entry["observedValue"] < 5000
        assert datetime.fromisoformat(entry["time"]).utcoffset() is not None
        assert entry.get("releaseId") == ("r7" if each.state == "healthy" else None)


@pytest.mark.parametrize(
    ("state", "status", "oldest"), [("migrated", "pass", 5), ("outdated", "fail", 6)]
)
def test_schema_is_told_whether_or_not_it_serves(
    serve: Serve, state: str, status: str, oldest: int
) -> None:
    checks = serve(app(Dependency(state))).get("/health").json()["checks"]

    (entry,), (looked,) = checks["thing:schema"], checks["thing:responseTime"]
    assert entry.pop("time") == looked["time"]
    assert looked["status"] == status
    assert entry == {
        "status": status,
        "componentType": "datastore",
        "observedValue": 7,
        "observedUnit": "revision",
        "oldestCompatible": oldest,
    }


@pytest.mark.parametrize("state", ["healthy", "unhealthy", "broken", "silent"])
def test_schema_that_nobody_told_is_not_shown(serve: Serve, state: str) -> None:
    assert set(serve(app(Dependency(state))).get("/health").json()["checks"]) == {
        "thing:responseTime"
    }


def test_change_is_seen_at_the_next_call(serve: Serve) -> None:
    thing = Dependency("healthy")
    client = serve(app(thing))
    statuses = []
    for state in ("healthy", "broken", "healthy"):
        thing.state = state
        statuses.append(client.get("/health").status_code)

    assert statuses == [200, 503, 200]


@pytest.mark.parametrize("state", ["healthy", "broken", "silent"])
def test_liveness_looks_at_no_dependency(serve: Serve, state: str) -> None:
    thing = Dependency(state)
    client = serve(app(thing))

    answer = client.get("/health/live")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {
        "status": "pass",
        "serviceId": "thinger",
        "releaseId": "r1",
        "instanceId": "i1",
    }
    assert thing.looks == 0


def test_liveness_answers_while_readiness_waits(serve: Serve) -> None:
    thing = Dependency("silent", limit_s=5)
    client = serve(app(thing))
    with ThreadPoolExecutor(1) as pool:
        readiness = pool.submit(client.get, "/health")
        while not thing.looks:
            assert not readiness.done()

        assert client.get("/health/live").status_code == 200
        assert not readiness.done()
        assert readiness.result().status_code == 503


def test_calls_at_the_same_time_share_one_look(serve: Serve) -> None:
    thing = Dependency("held", limit_s=20)
    inner = app(thing)
    entered = 0

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal entered
        entered += scope["type"] == "http"
        if entered == 20:
            thing.may_answer.set()
        await inner(scope, receive, send)

    client = serve(counting)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.get("/health"), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert (
        len({answer.json()["checks"]["thing:responseTime"][0]["time"] for answer in answers}) == 1
    )
    assert thing.looks == 1
    assert client.get("/health").status_code == 200
    assert thing.looks == 2


def test_caller_who_goes_away_ends_no_look_of_others() -> None:
    async def run() -> str:
        thing = Dependency("held", limit_s=20)
        check = HealthCheck([thing])
        first, second = (asyncio.create_task(check.checks()) for _ in range(2))
        while not thing.looks:  # noqa: ASYNC110 - it counts, and tells nobody
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        thing.may_answer.set()
        return (await second)["thing:responseTime"][0].status

    assert asyncio.run(run()) == "pass"


def test_limits_run_side_by_side(serve: Serve) -> None:
    things = [
        Dependency("silent", f"thing-{at}", limit_s=limit) for at, limit in enumerate((0.7, 1))
    ]
    client = serve(app(*things))

    started_s = time.monotonic()
    body = client.get("/health").json()
    took_s = time.monotonic() - started_s

    assert 0.9 < took_s < 1.65
    observed_ms = [body["checks"][f"thing-{at}:responseTime"][0]["observedValue"] for at in (0, 1)]
    assert observed_ms == pytest.approx([700, 1000], abs=250)


@pytest.mark.parametrize("path", ["/health", "/health/live"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PROPFIND"])
def test_other_method_is_405_with_allow(serve: Serve, path: str, method: str) -> None:
    answer = serve(app()).request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


INTERNALS = re.compile(
    r"canary|127\.0\.0\.1|localhost|traceback|\.py\b|sqlalchemy|asyncpg|pydantic|starlette|fastapi"
    r"|exception|errno|\d+\.\d+\.\d+",
    re.IGNORECASE,
)


def shown(answer: httpx.Response) -> str:
    return f"{answer.headers} {answer.text}"


def test_internals_are_recognised() -> None:
    for text in ("connect to localhost", "OSError [Errno 111]", "uvicorn 0.54.0", "at app.py:7"):
        assert INTERNALS.search(text)


@pytest.mark.parametrize(
    "state", ["healthy", "unhealthy", "broken", "silent", "migrated", "outdated"]
)
def test_health_shows_no_internals(serve: Serve, state: str) -> None:
    answer = serve(app(Dependency(state))).get("/health")

    assert not INTERNALS.search(shown(answer))


def test_health_of_a_lost_database_shows_no_internals(serve: Serve) -> None:
    account = serve(create(settings("postgresql://canary:canary@127.0.0.1:1/canary")))

    answer = account.get("/health")

    assert answer.status_code == 503
    assert not INTERNALS.search(shown(answer))
