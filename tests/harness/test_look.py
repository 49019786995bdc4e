"""Several checks that read one answer: it is asked for once, and a failure stays one for each."""

import asyncio
from pathlib import Path

from harness.check import check
from harness.model import Outcome, RunRecord
from harness.target import Target
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.verifying import checks_of, environment, outcomes, verified


@check(service="a")
async def one(target: Target) -> None:
    """Reads it."""
    await target.get("/health", expect=200, shared=True)


@check(service="a")
async def another(target: Target) -> None:
    """Reads it too."""
    await target.get("/health", expect=(200, 503), shared=True)


@check(service="a")
async def alone(target: Target) -> None:
    """Asks for itself."""
    await target.get("/health", expect=200)


def run(folder: Path, handler: Handler, *functions: object) -> tuple[RunRecord, list[Seen]]:
    async def inside() -> tuple[RunRecord, list[Seen]]:
        async with serving(handler) as server:
            checks = checks_of(*functions)  # type: ignore[arg-type]  # they are functions
            record = await verified(environment({"a": server.url}), checks, folder / "run")
            return record, server.seen

    return asyncio.run(inside())


def test_one_request_is_evidence_of_each_check_that_reads_its_answer(tmp_path: Path) -> None:
    record, seen = run(tmp_path, lambda seen: Answer(), one, another, alone)
    assert outcomes(record) == dict.fromkeys(("one", "another", "alone"), Outcome.PASS)
    assert len(seen) == 2
    exchanges = {result.id: result.attempts[0].exchanges for result in record.results}
    assert [len(own) for own in exchanges.values()] == [1, 1, 1]
    shared = [id_ for id_, [exchange] in exchanges.items() if exchange.shared]
    assert len(shared) == 1
    assert shared[0] in ("one", "another")


def test_each_confirms_a_failure_for_itself(tmp_path: Path) -> None:
    record, seen = run(tmp_path, lambda seen: Answer(status=500), one, another)
    assert outcomes(record) == {"one": Outcome.FAIL, "another": Outcome.FAIL}
    assert len(seen) == 3


def test_a_shared_failure_that_does_not_come_back_is_a_flake_of_each(tmp_path: Path) -> None:
    answers = [Answer(status=500)]
    record, _ = run(tmp_path, lambda seen: answers.pop() if answers else Answer(), one, another)
    assert outcomes(record) == {"one": Outcome.FLAKY, "another": Outcome.FLAKY}


def test_shared_silence_is_a_failure_of_each(tmp_path: Path) -> None:
    record, _ = run(tmp_path, lambda seen: Answer(raw=b""), one, another)
    assert outcomes(record) == {"one": Outcome.FAIL, "another": Outcome.FAIL}
    assert all(result.curl for result in record.results)


def test_other_headers_are_another_request(tmp_path: Path) -> None:
    @check(service="a")
    async def asks_twice(target: Target) -> None:
        """Asks as two."""
        await target.get("/health", expect=200, shared=True, headers={"X-Who": "1"})
        await target.get("/health", expect=200, shared=True, headers={"X-Who": "2"})

    _, seen = run(tmp_path, lambda seen: Answer(), asks_twice)
    assert [request.headers["x-who"] for request in seen] == ["1", "2"]
