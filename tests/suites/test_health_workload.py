"""The users of a broken system, and its writer: what is wrong is found, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from harness.confirmation import Budget
from harness.errors import ContractViolation, HarnessError, NoData, Unreachable
from harness.exchange import EvidenceClient
from harness.journal import Journal, left_in
from harness.matrix.workload import Workload
from harness.redaction import Redactor
from harness.runner import Means
from suites.health import scribe, writer
from suites.health.asking import judged
from suites.health.workload import workload
from suites.keyarc.call import Call
from tests.planting import Defect, members, when
from tests.suites.conftest import Users
from tests.suites.losing import HARMLESS, LOSSES, SECRETS, some, unheard
from tests.suites.system import System

ENOUGH = 20
LIMIT_S = 20.0


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribe, "PAUSE_S", (0.005, 0.02))
    monkeypatch.setattr(scribe, "FEW", 2)
    monkeypatch.setattr(scribe, "MANY", 4)
    # What is rare otherwise is not, for a few writes.
    monkeypatch.setitem(scribe.CHOICES, "rename", 25)
    # Nothing is under way once a door has answered.
    monkeypatch.setattr(writer, "SETTLED_S", 0.0)


@asynccontextmanager
async def at_work(system: System, folder: Path) -> AsyncIterator[Workload]:
    client = EvidenceClient()
    journal = Journal(folder, "test")
    means = Means(
        environment=system.environment(),
        client=client,
        journal=journal,
        secrets=Redactor([]),
        budget=Budget(),
    )
    try:
        async with workload(means, seed=1) as going_on:
            yield going_on
    finally:
        await client.close()
        journal.close()


async def until(enough: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not enough():  # noqa: ASYNC110 - it counts, and tells nobody
            await asyncio.sleep(0.005)


async def written(going_on: Workload, count: int = ENOUGH) -> None:
    before = sum(going_on.writes())
    await until(lambda: sum(going_on.writes()) >= before + count)


def test_on_a_system_that_is_well_all_is_served_kept_and_removed(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    async def run() -> None:
        async with at_work(system, tmp_path) as going_on:
            for _ in range(2):
                answers = [await use.ask(use.limit_s) for use in going_on.uses]
                assert answers == ["served"] * len(going_on.uses)
                await written(going_on)
                assert await going_on.lost() == []
            acknowledged, unknown = going_on.writes()
            assert (acknowledged > ENOUGH, unknown) == (True, 0)
            there = await asyncio.to_thread(users_left.emails)
            assert sorted(left_in(tmp_path)) == [f"user {email}" for email in sorted(there)]
            assert len(there) == 2

    asyncio.run(run())
    assert users_left.emails() == left_in(tmp_path) == []


def test_the_same_seed_writes_the_same(system: System, tmp_path: Path) -> None:
    sent: list[list[str]] = []

    async def remember(request: object, forward: Callable[..., Awaitable[object]]) -> object:
        body = json.loads(await request.body())  # type: ignore[attr-defined]
        if str(body["name"]).startswith("writer 1 "):
            sent[-1].append(body["encrypted_value"])
        return await forward(request)

    async def run() -> None:
        sent.append([])
        async with at_work(system, tmp_path) as going_on:
            await until(lambda: len(sent[-1]) >= 3 and sum(going_on.writes()) >= 1)

    with system.broken("gateway", when("POST", SECRETS, remember)):  # type: ignore[arg-type]
        for _ in range(2):
            asyncio.run(run())
    assert sent[0][:3] == sent[1][:3]


async def lost_with(system: System, folder: Path, defect: Defect, words: str) -> list[str]:
    """What is told, once it is told at all; and it is not told again."""
    async with at_work(system, folder) as going_on:
        with system.broken("gateway", defect):
            for _ in range(5):
                await written(going_on)
                lost = await going_on.lost()
                if any(words in sentence for sentence in lost):
                    break
        await going_on.lost()
        assert await going_on.lost() == []
        return lost


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_found(system: System, tmp_path: Path, name: str) -> None:
    defect, words = LOSSES[name]
    lost = asyncio.run(lost_with(system, tmp_path, defect, words))
    assert any(words in sentence for sentence in lost), lost


@pytest.mark.parametrize("name", HARMLESS)
def test_what_was_not_acknowledged_may_be_there_or_not(
    system: System, tmp_path: Path, name: str
) -> None:
    defect = some(HARMLESS[name]())

    async def writes_alone(request: object, forward: Callable[..., Awaitable[object]]) -> object:
        is_read = request.method == "GET"  # type: ignore[attr-defined]
        return await (forward(request) if is_read else defect(request, forward))  # type: ignore[arg-type]

    async def run() -> tuple[list[str], tuple[int, int]]:
        async with at_work(system, tmp_path) as going_on:
            with system.broken("gateway", writes_alone):  # type: ignore[arg-type]
                await written(going_on)
            return await going_on.lost(), going_on.writes()

    lost, (_, unknown) = asyncio.run(run())
    assert (lost, unknown > 0) == ([], True)


def test_a_writer_that_broke_down_tells_nothing(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with at_work(system, tmp_path) as going_on:
            monkeypatch.setattr(scribe, "CHOICES", {"no such thing": 1})
            await asyncio.sleep(0.1)
            with pytest.raises(HarnessError, match="no longer writes"):
                await going_on.lost()

    asyncio.run(run())


def test_uses_tell_a_refusal_from_a_wrong_answer(system: System, tmp_path: Path) -> None:
    async def answer(going_on: Workload, name: str) -> str:
        use = next(use for use in going_on.uses if use.name == name)
        return await use.ask(use.limit_s)

    async def run() -> None:
        async with at_work(system, tmp_path) as going_on:
            with system.broken("gateway", unheard(done=False)):
                assert await answer(going_on, "reads a secret") == "refused"
                assert await answer(going_on, "reads the profile") == "refused"
            for path, name, wrong in (
                (SECRETS + "/", "reads a secret", {"encrypted_value": "b3RoZXI="}),
                ("/account/profile", "reads the profile", {"email": "other@b.example"}),
                (SECRETS, "lists secrets", {"items": []}),
                ("/account/teams", "lists teams", {"items": []}),
            ):
                with (
                    system.broken("gateway", when("GET", path, members(**wrong))),
                    pytest.raises(ContractViolation),
                ):
                    await answer(going_on, name)

    asyncio.run(run())


def test_a_service_that_is_not_there_is_unreachable(system: System, tmp_path: Path) -> None:
    async def run() -> None:
        async with at_work(system, tmp_path) as going_on:
            use = next(each for each in going_on.uses if each.name == "opens the page")
            target = use.ask.__self__._who.targets["frontend"]  # type: ignore[attr-defined]
            target.url = "http://127.0.0.1:1"
            with pytest.raises(Unreachable):
                await use.ask(use.limit_s)

    asyncio.run(run())


CALL = Call(method="GET", path="/x", status=200, read=lambda response: response)
PROBLEM = "application/problem+json"


def problem(status: int, detail: str = "Not now.", **headers: str) -> httpx.Response:
    said = {
        "type": "about:blank",
        "title": "x",
        "status": status,
        "detail": detail,
        "request_id": "abcdefgh",
    }
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, content=json.dumps(said), headers={"content-type": PROBLEM, **told}
    )


@pytest.mark.parametrize(
    "answer",
    [
        problem(502),
        problem(503, retry_after="1"),
        problem(504),
        problem(401, www_authenticate="Bearer"),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_errors_of_the_contract_are_refusals(answer: httpx.Response) -> None:
    assert judged(CALL, answer, lambda _: None) == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        problem(500),
        problem(404),
        problem(503),
        problem(503, retry_after="soon"),
        problem(401),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(302, headers={"location": "/login"}),
        problem(502, "connection to 10.0.0.7:5432 refused"),
        problem(502, 'database "keyarc" does not exist'),
        problem(504, "asyncpg.exceptions.TooManyConnectionsError"),
        problem(504, "Traceback (most recent call last)"),
        problem(504, "SELECT id FROM users"),
        problem(504, "see /app/services/database.py"),
        problem(504, "see postgresql://db.internal"),
        problem(504, x_served_by="keys.flycast"),
    ],
    ids=repr,
)
def test_other_errors_are_wrong(answer: httpx.Response) -> None:
    with pytest.raises(ContractViolation):
        judged(CALL, answer, lambda _: None)


def test_a_rate_limit_is_nothing_to_judge() -> None:
    with pytest.raises(NoData):
        judged(CALL, problem(429, retry_after="1"), lambda _: None)
