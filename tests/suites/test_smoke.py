"""The smoke checks pass on KeyArc, ask for little, and leave nothing."""

import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from harness.model import Outcome
from tests.planting import Forward, answered
from tests.suites.conftest import Users
from tests.suites.smoking import CHECKS, OTHER_USER, SECRET, USER, asked, journal, outcomes, smoke
from tests.suites.system import System


def test_every_check_passes_on_keyarc_and_leaves_nothing(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    record = smoke(system.environment(), tmp_path)
    assert outcomes(record) == dict.fromkeys({USER, OTHER_USER, *CHECKS}, Outcome.PASS)
    assert journal(record) == {"created": 2, "removed": 2}
    assert users_left.emails() == []


def test_the_chain_shows_its_steps(system: System, users_left: Users, tmp_path: Path) -> None:
    record = smoke(system.environment(), tmp_path)
    steps = {result.id: [s.name for s in result.attempts[-1].steps] for result in record.results}
    both, after = {"read", "list"}, {"gone", "gone from the list"}
    first, second, third, *middle, last, very_last = steps[SECRET]
    assert (first, {second, third}, {last, very_last}) == ("create", both, after)
    assert middle == ["update", "read the update", "delete"]
    for user in (USER, OTHER_USER):
        setting_up = next(r for r in record.results if r.id == user).attempts[0].steps
        assert [step.name for step in setting_up] == ["signup", "login"]


def test_a_run_asks_for_two_signups_and_four_logins(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    counts = asked(smoke(system.environment(), tmp_path))
    assert (counts["POST /signup"], counts["POST /login"]) == (2, 4)


def test_every_request_belongs_to_a_step_where_several_are_under_way(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    record = smoke(system.environment(), tmp_path)
    for result in record.results:
        for attempt in result.attempts:
            names = {step.name for step in attempt.steps}
            assert {exchange.step for exchange in attempt.exchanges} <= {*names, None}
            assert all(step.ok for step in attempt.steps)


def test_no_evidence_holds_a_secret(system: System, users_left: Users, tmp_path: Path) -> None:
    seen: list[str] = []

    async def listen(request: Request, forward: Forward) -> Response:
        sent = json.loads(await request.body() or b"{}")
        answer = await forward(request)
        seen.extend(sent[name] for name in ("auth_hash",) if name in sent)
        if answer.status_code == 200:
            seen.append(json.loads(bytes(answer.body))["access_token"])
        return answer

    with system.broken("auth", listen):
        record = smoke(system.environment(), tmp_path)
    assert record.directory is not None
    written = "".join(path.read_text() for path in record.directory.iterdir() if path.is_file())
    assert len(seen) >= 6
    assert [secret for secret in seen if secret in written] == []


def test_what_logs_in_is_in_no_evidence_even_under_another_name(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    known: list[str] = []

    async def tell(request: Request, forward: Forward) -> Response:
        sent = json.loads(await request.body() or b"{}")
        known.extend(sent[name] for name in ("auth_hash",) if name in sent)
        answer = await forward(request)
        if request.url.path != "/token/refresh" or answer.status_code != 200:
            return answer
        return answered(answer, {**json.loads(bytes(answer.body)), "note": " and ".join(known)})

    with system.broken("auth", tell):
        record = smoke(system.environment(), tmp_path)
    assert record.directory is not None
    written = "".join(path.read_text() for path in record.directory.iterdir() if path.is_file())
    assert '"note' in written.replace("\\", "")
    assert [secret for secret in known if secret in written] == []
