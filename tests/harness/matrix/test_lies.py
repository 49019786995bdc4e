"""Each lie is told as it is called; what needs no fault to be seen, the read-only part sees."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.model import Outcome
from harness.truth import now
from tests.harness.matrix.lies import HEALTH, LIES, LIVE, OnlyAtStart
from tests.harness.matrix.lying import Postgres, liar, through
from tests.harness.truth.telling import run

Body = dict[str, Any]
PASSES, FAILS, NAMES = (200, "pass", "pass"), (503, "fail", "fail"), "postgres:responseTime"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(now, "APART_S", 0.01)


class Conversation:
    """Asks a liar, while a test breaks what it depends on."""

    def __init__(self, lie: str) -> None:
        self.postgres = Postgres()
        self._transport = httpx.ASGITransport(app=liar(lie, self.postgres))

    async def body(self, path: str = HEALTH) -> tuple[int, Body]:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://one") as client:
            response = await client.get(path, timeout=1)
        return response.status_code, response.json()

    async def says(self, path: str = HEALTH) -> tuple[int, str, str]:
        """Status code, status, and that of postgres."""
        code, body = await self.body(path)
        entry = body.get("checks", {}).get(NAMES, [{"status": "not named"}])
        return code, body["status"], entry[0]["status"]


@pytest.mark.parametrize(
    ("lie", "while_broken", "after"),
    [
        ("none", FAILS, PASSES),
        ("always_passes", PASSES, PASSES),
        ("nameless", (503, "fail", "not named"), PASSES),
        ("only_at_start", PASSES, PASSES),
        ("only_at_start_in_fresh_words", PASSES, PASSES),
        ("cached_for_a_minute", PASSES, PASSES),
        ("lives_by_its_database", FAILS, PASSES),
        ("dies_in_silence", FAILS, PASSES),
    ],
)
def test_health_is_told_so(lie: str, while_broken: tuple[int, str, str], after: object) -> None:
    async def inside() -> None:
        one = Conversation(lie)
        assert await one.says() == PASSES
        one.postgres.is_up = False
        assert await one.says() == while_broken
        one.postgres.is_up = True
        assert await one.says() == after

    asyncio.run(inside())


@pytest.mark.parametrize("lie", LIES)
def test_liveness_is_told_so(lie: str) -> None:
    async def inside() -> None:
        one = Conversation(lie)
        one.postgres.is_up = False
        code, body = await one.body(LIVE)
        tied = lie in ("lives_by_its_database", "dies_in_silence")
        assert (code, "checks" in body) == (503 if tied else 200, lie == "lives_by_its_database")

    asyncio.run(inside())


def test_a_hung_one_answers_nothing_until_the_client_goes() -> None:
    async def inside() -> None:
        one = Conversation("hangs")
        assert await one.says() == PASSES
        one.postgres.is_up = False
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.says(), 0.2)
        assert (await one.says(LIVE))[0] == 200

    asyncio.run(inside())


def test_a_minute_is_60_s(monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside() -> list[int]:
        one, clock = Conversation("cached_for_a_minute"), iter((0.0, 59.9, 60.1, 60.1, 119.0))
        monkeypatch.setattr(OnlyAtStart, "now_s", staticmethod(lambda: next(clock)))
        codes = [(await one.says())[0]]
        one.postgres.is_up = False
        codes += [(await one.says())[0], (await one.says())[0]]
        one.postgres.is_up = True
        return [*codes, (await one.says())[0]]

    assert asyncio.run(inside()) == [200, 200, 503, 503]


def test_times_are_fresh_where_the_words_are() -> None:
    async def inside(lie: str) -> set[str]:
        one = Conversation(lie)
        bodies = [(await one.body())[1] for _ in range(3)]
        return {body["checks"][NAMES][0]["time"] for body in bodies}

    assert len(asyncio.run(inside("only_at_start"))) == 1
    assert len(asyncio.run(inside("only_at_start_in_fresh_words"))) == 3


@pytest.mark.parametrize(
    ("lie", "aspect", "message"),
    [
        ("only_at_start", "now", "tell of the same look at postgres"),
        ("cached_for_a_minute", "now", "tell of the same look at postgres"),
        ("lives_by_its_database", "liveness", "liveness looks at more than the process"),
    ],
)
def test_what_can_be_seen_without_a_fault_is_seen(
    tmp_path: Path, lie: str, aspect: str, message: str
) -> None:
    health = {"live": LIVE}
    result = run(tmp_path / "lie", aspect, through(liar(lie, Postgres())), health=health)
    assert (result.outcome, message in result.message) == (Outcome.FAIL, True)
    truth = run(tmp_path / "truth", aspect, through(liar("none", Postgres())), health=health)
    assert Outcome.PASS is truth.outcome


def test_what_is_down_and_not_named_is_seen_while_it_is_down(tmp_path: Path) -> None:
    postgres = Postgres()
    postgres.is_up = False
    result = run(tmp_path, "dependencies", through(liar("nameless", postgres)))
    assert (Outcome.FAIL, "health says nothing about postgres") == (result.outcome, result.message)
    honest = run(tmp_path / "b", "dependencies", through(liar("none", postgres)))
    assert Outcome.PASS is honest.outcome
