"""What is looked at follows from the file; what cannot be looked at is told, with the reason."""

import asyncio
from pathlib import Path

import pytest

from harness.environment import Environment, find, parse
from harness.errors import UsageError
from harness.model import Outcome
from harness.plan import plan
from harness.truth import ASPECTS, derive, left_out, now
from tests.harness.server import Answer, Seen, serving
from tests.harness.truth.telling import healthy
from tests.harness.verifying import environment, outcomes, verified


def healthy_and_alive(seen: Seen) -> Answer:
    return healthy(seen) if seen.path == "/health" else Answer(200 if seen.path == "/live" else 404)


def ids(where: Environment) -> set[str]:
    return {each.id for each in derive(where)}


def reasons(where: Environment) -> dict[str, str]:
    return {each.id: each.reason for each in left_out(where)}


def test_a_lonely_service_is_asked_for_what_it_can_tell() -> None:
    where = environment({"one": "https://one.example"})
    assert ids(where) == {"truth.in_time.one", "truth.unknown_path.one"}
    assert reasons(where) == {"truth.liveness.one": "the file names no liveness (health.live)"}


def test_a_status_alone_tells_nothing_of_dependencies() -> None:
    one = {"url": "https://one.example", "depends_on": ["db"], "health": {"format": "none"}}
    found = reasons(environment({"one": one}))
    assert {"truth.dependencies.one", "truth.now.one"} <= set(found)
    assert "health.format: none" in found["truth.now.one"]


def test_instances_without_a_name_cannot_be_told_apart() -> None:
    one = {"url": "https://one.example", "instances": 2, "release": {"from": "none"}}
    found = reasons(environment({"one": one}))
    assert "release.from: none" in found["truth.instances.one"]


@pytest.mark.parametrize("url", ["http://back.flycast", "http://127.0.0.1:8000"])
def test_a_private_service_is_asked_itself_on_this_machine_alone(url: str) -> None:
    back = {"url": url, "visibility": "private", "health": {"via": "one", "live": "/live"}}
    where = environment({"one": "https://one.example", "back": back})
    itself = {"truth.liveness.back", "truth.agreement.back", "truth.unknown_path.back"}
    if "127" in url:
        assert itself <= ids(where)
    else:
        assert not itself & ids(where)
        assert all("only one reaches it" in reasons(where)[each] for each in itself)
        assert {"truth.dependencies.back", "truth.now.back", "truth.in_time.back"} <= ids(where)


@pytest.mark.parametrize(
    "name", [path.stem for path in sorted(Path("environments").glob("*.yaml"))]
)
def test_every_service_of_ours_is_looked_at_in_each_way_or_it_is_told_why_not(name: str) -> None:
    where = parse(find(name))
    found = ids(where) | set(reasons(where))
    for service, declared in where.services.items():
        expected = {"in_time", "liveness", "unknown_path"}
        expected |= {"now", "dependencies"} if declared.depends_on else set()
        expected |= {"agreement"} if declared.health.via else set()
        expected |= {"instances"} if declared.instances > 1 else set()
        assert {f"truth.{aspect}.{service}" for aspect in expected} <= found
    assert all(declared.health.live for declared in where.services.values())


def test_none_of_it_is_part_of_smoke() -> None:
    """It asks again and again, and waits in between."""
    checks = plan(parse(find("production"))).checks
    assert checks
    assert not [check.id for check in checks if check.id.startswith("truth.")]


def test_an_aspect_says_what_it_promises() -> None:
    where = parse(find("ci"))
    assert {each.id.split(".")[1] for each in derive(where)} == set(ASPECTS.names())
    assert all(check.promise for check in derive(where))


@pytest.mark.parametrize(
    ("pattern", "known"),
    [("truth.liveness.one", True), ("truth.*", True), ("truth.liveness.two", False)],
)
def test_the_file_can_turn_one_off_and_is_told_of_one_that_is_not_there(
    pattern: str, known: bool
) -> None:
    where = environment({"one": "https://one.example"})
    off = {pattern: {"off": "it is looked at elsewhere"}}
    where = Environment.model_validate({**where.model_dump(by_alias=True), "checks": off})
    plan(where)
    if known:
        assert [*derive(where)]
        return
    with pytest.raises(UsageError, match=r"truth\.liveness\.two: there is none; there are: truth"):
        list(derive(where))


def test_a_service_is_asked_a_handful_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(now, "APART_S", 0.01)

    async def inside() -> int:
        async with serving(healthy_and_alive) as server:
            one = {"url": server.url, "depends_on": ["postgres"], "health": {"live": "/live"}}
            where = environment({"one": one})
            record = await verified(where, list(derive(where)), tmp_path / "run")
            assert set(outcomes(record).values()) == {Outcome.PASS}
            return len(server.seen)

    assert asyncio.run(inside()) <= 15
