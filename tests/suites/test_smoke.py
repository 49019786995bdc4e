"""Each smoke check passes on KeyArc, and fails for the right reason where KeyArc is wrong."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from harness.model import Outcome, RunRecord, Verdict
from harness.plan import plan
from harness.records import JOURNAL, RunDirectory
from harness.verification import Verification
from tests.suites.conftest import Users
from tests.suites.system import Defect, Forward, System

CHECKS = {
    "smoke.access.needs_a_token",
    "smoke.login.does_not_tell_who_is_registered",
    "smoke.page.is_served_and_calls_these_services",
    "smoke.secret.lives_until_it_is_deleted",
}
USER = "resource.user"
SECRET = "smoke.secret.lives_until_it_is_deleted"


def smoke(system: System, directory: Path) -> RunRecord:
    """Runs the suite's own checks, without those that are derived for any system."""
    environment = system.environment()
    verification = Verification(
        plan=plan(environment, "smoke."),
        environment=environment,
        directory=RunDirectory(directory / "run"),
        run_id="test",
        timeout_s=60,
    )
    return asyncio.run(verification.run())


def made_by(record: RunRecord) -> list[str]:
    assert record.directory is not None
    lines = (record.directory / JOURNAL).read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_every_check_passes_on_keyarc_and_leaves_nothing(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    record = smoke(system, tmp_path)
    outcomes = {result.id: result.outcome for result in record.results}
    assert outcomes == dict.fromkeys({USER, *CHECKS}, Outcome.PASS)
    assert made_by(record) == ["created", "removed"]
    assert users_left.emails() == []


def test_the_chain_shows_its_steps(system: System, users_left: Users, tmp_path: Path) -> None:
    record = smoke(system, tmp_path)
    steps = {result.id: [s.name for s in result.attempts[-1].steps] for result in record.results}
    assert steps[SECRET] == ["create", "read", "update", "read the update", "delete", "gone"]
    setting_up = next(r for r in record.results if r.id == USER).attempts[0].steps
    assert [step.name for step in setting_up] == ["signup", "login"]


def test_a_run_asks_for_one_signup_and_three_logins(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    record = smoke(system, tmp_path)
    asked = [
        exchange.url.rpartition("/")[2]
        for result in record.results
        for attempt in result.attempts
        for exchange in attempt.exchanges
    ]
    assert (asked.count("signup"), asked.count("login")) == (1, 3)


def test_no_evidence_holds_a_secret(system: System, users_left: Users, tmp_path: Path) -> None:
    seen: list[str] = []

    async def listen(request: Request, forward: Forward) -> Response:
        sent = await request.json()
        answer = await forward(request)
        seen.append(sent["auth_hash"])
        if answer.status_code == 200:
            seen.append(json.loads(bytes(answer.body))["access_token"])
        return answer

    with system.broken("auth", listen):
        record = smoke(system, tmp_path)
    assert record.directory is not None
    written = "".join(path.read_text() for path in record.directory.iterdir() if path.is_file())
    assert len(seen) >= 4
    assert [secret for secret in seen if secret in written] == []


def when(method: str, path: str, answer: Defect) -> Defect:
    """The defect shows at these requests only; `path` is how the path begins."""

    async def defect(request: Request, forward: Forward) -> Response:
        if request.method == method and request.url.path.startswith(path):
            return await answer(request, forward)
        return await forward(request)

    return defect


def status(code: int) -> Defect:
    """The answer comes, under another status."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        answer.status_code = code
        return answer

    return defect


def header(name: str, value: str | None) -> Defect:
    """A header is another one, or is missing."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if value is None:
            del answer.headers[name]
        else:
            answer.headers[name] = value
        return answer

    return defect


def members(**changes: object) -> Defect:
    """Members of the body are others, or missing where None."""

    def change(body: dict[str, object]) -> None:
        for name, value in changes.items():
            body.pop(name, None)
            if value is not None:
                body[name] = value

    return body(change)


def body(change: Callable[[dict[str, object]], None]) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        tree = json.loads(bytes(answer.body))
        change(tree)
        headers = {k: v for k, v in answer.headers.items() if k != "content-length"}
        return Response(json.dumps(tree), answer.status_code, headers)

    return defect


def instead(code: int, tree: object = None) -> Defect:
    """Nothing is done, and this is answered."""

    async def defect(request: Request, forward: Forward) -> Response:
        if tree is None:
            return Response(status_code=code)
        return Response(json.dumps(tree), code, media_type="application/json")

    return defect


def for_emails(beginning: str, answer: Defect) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        sent = await request.json()
        if sent["email"].startswith(beginning):
            return await answer(request, forward)
        return await forward(request)

    return defect


def without_token(answer: Defect) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        if "authorization" in request.headers or request.url.path != SECRETS:
            return await forward(request)
        return await answer(request, forward)

    return defect


async def unwritten(request: Request, forward: Forward) -> Response:
    """An update is acknowledged, with a new ETag, and not done."""
    scope = {**request.scope, "method": "GET"}
    headers = [pair for pair in scope["headers"] if pair[0] not in (b"content-length",)]
    answer = await forward(Request({**scope, "headers": headers}, request.receive))
    answer.headers["etag"] = '"another"'
    return answer


BLOB = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
EMPTY_PAGE: dict[str, object] = {"items": [], "next_cursor": None}
SECRETS = "/keys/secrets"

# name: (service, defect, the check that must fail, part of what it must say)
DEFECTS: dict[str, tuple[str, Defect, str, str]] = {
    "signup says 200": ("auth", when("POST", "/signup", status(200)), USER, "POST /signup"),
    "signup breaks": ("auth", when("POST", "/signup", instead(500)), USER, "POST /signup"),
    "signup breaks when the user is made": (
        "auth",
        when("POST", "/signup", status(500)),
        USER,
        "POST /signup",
    ),
    "signup names nobody": (
        "auth",
        when("POST", "/signup", members(user_id=None)),
        USER,
        "user_id",
    ),
    "login refuses": ("auth", when("POST", "/login", instead(403)), USER, "POST /login"),
    "login has no token": (
        "auth",
        when("POST", "/login", for_emails("verify", members(access_token=None))),
        USER,
        "access_token",
    ),
    "login gives other keys": (
        "auth",
        when("POST", "/login", members(encrypted_vault_key=BLOB)),
        USER,
        "the keys of the signup come back",
    ),
    "users cannot leave": (
        "gateway",
        when("DELETE", "/account/profile", instead(403)),
        USER,
        "DELETE /account/profile",
    ),
    "login tells strangers apart": (
        "auth",
        when("POST", "/login", for_emails("nobody", members(detail="Who is this?"))),
        "smoke.login.does_not_tell_who_is_registered",
        "the same words",
    ),
    "a 401 without a challenge": (
        "gateway",
        when("GET", "/account/profile", header("www-authenticate", None)),
        "smoke.access.needs_a_token",
        "WWW-Authenticate",
    ),
    "secrets without a token": (
        "gateway",
        without_token(instead(200, EMPTY_PAGE)),
        "smoke.access.needs_a_token",
        "GET /keys/secrets",
    ),
    "an error that is no problem document": (
        "gateway",
        when("GET", "/account/profile", header("content-type", "application/json")),
        "smoke.access.needs_a_token",
        "content type",
    ),
    "a secret without an ETag": (
        "gateway",
        when("POST", SECRETS, header("etag", None)),
        SECRET,
        "ETag",
    ),
    "a weak ETag": ("gateway", when("GET", SECRETS, header("etag", 'W/"1"')), SECRET, "ETag"),
    "another ciphertext": (
        "gateway",
        when("GET", SECRETS + "/", members(encrypted_value=BLOB)),
        SECRET,
        "the stored ciphertext",
    ),
    "an update that changes no ETag": (
        "gateway",
        when("PUT", SECRETS, header("etag", '"1"')),
        SECRET,
        "another ETag",
    ),
    "an update that is not written": (
        "gateway",
        when("PUT", SECRETS, unwritten),
        SECRET,
        "the updated secret",
    ),
    "a deleted secret that stays": (
        "gateway",
        when("DELETE", SECRETS, instead(204)),
        SECRET,
        f"GET {SECRETS}",
    ),
    "a page that is not there": (
        "frontend",
        when("GET", "/", instead(404)),
        "smoke.page.is_served_and_calls_these_services",
        "GET /",
    ),
    "a page that calls another API": (
        "frontend",
        when("GET", "/config.json", members(API_URL="https://elsewhere.test")),
        "smoke.page.is_served_and_calls_these_services",
        "API_URL",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_fails_the_check_that_is_about_it(
    system: System, users_left: Users, tmp_path: Path, name: str
) -> None:
    service, defect, guilty, message = DEFECTS[name]
    with system.broken(service, defect):
        record = smoke(system, tmp_path)
    failed = {r.id: r for r in record.results if r.outcome is Outcome.FAIL}
    assert set(failed) == {guilty}
    result = failed[guilty]
    assert message in f"{result.message} {result.came}"
    assert record.judgement.verdict is Verdict.NO_GO
    stays = name in ("users cannot leave", "login refuses", "login has no token")
    assert (made_by(record)[-1], len(users_left.emails())) == (
        ("created", 1) if stays else ("removed", 0)
    )
