"""PostgreSQL goes away, hangs, crashes and comes back."""

import base64
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import psutil
import pytest
from pydantic import SecretStr

from harness.stack.sockets import listen, port_of
from services.account.app import create as create_account
from services.auth.app import create as create_auth
from services.token import Claims, TokenIssuer
from tests import postgres
from tests.services.account.conftest import INTERNAL_TOKEN
from tests.services.account.conftest import settings as account_settings
from tests.services.auth.conftest import JWT_SECRET
from tests.services.auth.conftest import settings as auth_settings
from tests.services.auth.people import credentials, person
from tests.services.conftest import Servers, migrate
from tests.services.lock import Lock

ROOT = Path(__file__).parents[2]
TEAM_KEY = base64.b64encode(b"\x07" * 256).decode()
# The contract's limits, and what a busy machine adds.
REQUEST_LIMIT_S, HEALTH_LIMIT_S, SLACK_S = 3.0, 2.0, 0.5


class System:
    """auth and account on a PostgreSQL that may be broken."""

    def __init__(self, server: postgres.Server, auth: httpx.Client, account: httpx.Client) -> None:
        self.server, self.auth, self.account = server, auth, account
        self.someone = person()
        user_id = auth.post("/signup", json=self.someone).json()["user_id"]
        self.headers = {"X-Internal-Token": INTERNAL_TOKEN, "X-User-ID": user_id}
        self.user_id = uuid.UUID(user_id)

    def new_team(self, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.account.post(
            "/account/teams",
            json={"name": "Team", "encrypted_team_key": TEAM_KEY},
            headers={**self.headers, **named},
        )

    def rename(self) -> httpx.Response:
        return self.account.put(
            "/account/profile", json={"display_name": "Ada"}, headers=self.headers
        )

    def calls(self) -> dict[str, Callable[[], httpx.Response]]:
        claims = Claims(self.user_id, self.someone["email"], int(time.time()))
        token = TokenIssuer(SecretStr(JWT_SECRET), "dev").issue(claims, 60)
        bearer = {"Authorization": f"Bearer {token}"}
        return {
            "signup": lambda: self.auth.post("/signup", json=person()),
            "login": lambda: self.auth.post("/login", json=credentials(self.someone)),
            "refresh": lambda: self.auth.post("/token/refresh", headers=bearer),
            "profile": lambda: self.account.get("/account/profile", headers=self.headers),
            "rename": self.rename,
            "team": self.new_team,
            "team with a key": lambda: self.new_team(Idempotency_Key=str(uuid.uuid4())),
        }

    def all_at_once(self) -> dict[str, tuple[httpx.Response, float]]:
        """The status and duration of each call, and of both services' health."""
        calls = self.calls()
        for name, client in (("auth", self.auth), ("account", self.account)):
            calls[f"{name} health"] = partial(client.get, "/health")
            calls[f"{name} live"] = partial(client.get, "/health/live")
        with ThreadPoolExecutor(len(calls)) as pool:
            running = {name: pool.submit(timed, call) for name, call in calls.items()}
            return {name: call.result() for name, call in running.items()}

    def assert_away(self) -> None:
        for name, (answer, took_s) in self.all_at_once().items():
            if name.endswith("live"):
                assert answer.status_code == 200, name
                assert took_s < HEALTH_LIMIT_S + SLACK_S, name
            elif name.endswith("health"):
                assert (answer.status_code, answer.json()["status"]) == (503, "fail"), name
                assert took_s < HEALTH_LIMIT_S + SLACK_S, name
            else:
                assert answer.status_code == 503, name
                assert int(answer.headers["retry-after"]) >= 1
                assert answer.headers["content-type"] == "application/problem+json"
                assert took_s < REQUEST_LIMIT_S + SLACK_S, name

    def assert_back(self) -> None:
        """It works again by itself, soon."""
        deadline_s = time.monotonic() + 20
        while refused := {
            name: answer.text
            for name, (answer, _) in self.all_at_once().items()
            if answer.status_code not in (200, 201)
        }:
            assert time.monotonic() < deadline_s, refused


def timed(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started_s = time.monotonic()
    answer = call()
    return answer, time.monotonic() - started_s


def processes(server: postgres.Server) -> list[psutil.Process]:
    """The server's, its children last."""
    lines = (server.cluster.data / "postmaster.pid").read_text().splitlines()
    parent = psutil.Process(int(lines[0]))
    return [parent, *parent.children(recursive=True)]


@pytest.fixture(scope="module")
def own_server() -> Iterator[postgres.Server]:
    with postgres.server() as server:
        migrate(server.url("app"))
        yield server


@pytest.fixture
def system(own_server: postgres.Server) -> Iterator[System]:
    with Servers() as servers:
        auth = servers.start(create_auth(auth_settings(own_server.url("app"))))
        account = servers.start(create_account(account_settings(own_server.url("app"))))
        yield System(own_server, auth, account)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_away_is_503_and_back_is_back(system: System, number: int) -> None:
    system.server.signal(number)
    system.server.wait()
    try:
        for _ in range(2):
            system.assert_away()
    finally:
        system.server.start()

    system.assert_back()


def test_postgresql_that_hangs_keeps_nobody_waiting(system: System) -> None:
    frozen = processes(system.server)
    for process in frozen:
        process.suspend()
    try:
        for _ in range(2):
            system.assert_away()
    finally:
        for process in frozen:
            process.resume()

    system.assert_back()


def test_hang_while_many_ask_keeps_nobody_waiting(system: System) -> None:
    frozen = processes(system.server)
    for process in frozen:
        process.suspend()
    try:
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda _: timed(system.rename), range(30)))
    finally:
        for process in frozen:
            process.resume()

    assert {answer.status_code for answer, _ in answers} == {503}
    assert max(took_s for _, took_s in answers) < REQUEST_LIMIT_S + SLACK_S
    system.assert_back()


def test_locked_row_keeps_nobody_waiting(system: System) -> None:
    lock = Lock(
        system.server.url("app"), "SELECT 1 FROM users WHERE id = $1 FOR UPDATE", system.user_id
    )
    try:
        answer, took_s = timed(system.rename)
    finally:
        lock.release()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert took_s < REQUEST_LIMIT_S + SLACK_S
    assert system.rename().status_code == 200


def test_health_takes_its_connection_from_the_pool_of_the_requests(system: System) -> None:
    lock = Lock(
        system.server.url("app"), "SELECT 1 FROM users WHERE id = $1 FOR UPDATE", system.user_id
    )
    try:
        with ThreadPoolExecutor(10) as pool:
            blocked = [pool.submit(system.rename) for _ in range(10)]
            while lock.waiting() < 10:
                assert not any(call.done() for call in blocked)
            assert system.account.get("/health").status_code == 503
            assert system.auth.get("/health").status_code == 200
    finally:
        lock.release()

    system.assert_back()


@pytest.mark.parametrize(
    ("part", "wrong"), [("password", "canary"), ("database", "canary")], ids=["password", "name"]
)
def test_refused_login_is_503_without_internals(
    own_server: postgres.Server, part: str, wrong: str
) -> None:
    url = own_server.url("app")
    if part == "password":
        password = url.partition("@")[0].rpartition(":")[2]
        url = url.replace(f":{password}@", f":{wrong}@")
    else:
        url = own_server.url(wrong)
    with Servers() as servers:
        account = servers.start(create_account(account_settings(url)))
        headers = {"X-Internal-Token": INTERNAL_TOKEN, "X-User-ID": str(uuid.uuid4())}
        answers = [account.get("/account/profile", headers=headers), account.get("/health")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert not any(wrong in f"{answer.headers} {answer.text}" for answer in answers)


def test_kill_and_restart_lose_no_acknowledged_write(system: System) -> None:
    stop = Event()
    acknowledged: list[tuple[str, str]] = []
    refused: list[str] = []

    def write() -> set[int]:
        seen = set()
        while not stop.is_set():
            key = str(uuid.uuid4())
            answer = system.new_team(Idempotency_Key=key)
            seen.add(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append((key, answer.json()["team_id"]))
            else:
                refused.append(key)
        return seen

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write) for _ in range(4)]
        try:
            for _ in range(2):
                wait_for_more(acknowledged, 20)
                doomed = processes(system.server)
                for process in doomed:
                    process.kill()
                system.server.wait()
                psutil.wait_procs(doomed[1:], timeout=10)
                wait_for_more(refused, 1)
                (system.server.cluster.data / "postmaster.pid").unlink()
                system.server.start()
            wait_for_more(acknowledged, 20)
        finally:
            stop.set()
    statuses = set().union(*(writer.result() for writer in writers))

    system.assert_back()
    assert statuses == {201, 503}
    kept = {str(row[0]) for row in system.server.query("app", "SELECT id FROM teams")}
    assert {team_id for _, team_id in acknowledged} <= kept
    # A refused write was done or not; repeated with its key it is done once.
    for key in refused[:50]:
        assert system.new_team(Idempotency_Key=key).status_code == 201
    for key, team_id in acknowledged[-20:]:
        assert system.new_team(Idempotency_Key=key).json()["team_id"] == team_id


@contextmanager
def account_process(url: str) -> Iterator[tuple["subprocess.Popen[bytes]", httpx.Client]]:
    """The service account as a process of its own, and a client of it."""
    with listen("test") as socket:
        variables = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "dev",
            "RELEASE_ID": "r1",
            "INSTANCE_ID": "i1",
            "INTERNAL_TOKEN": INTERNAL_TOKEN,
            "DATABASE_URL": url,
        }
        number = socket.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "services.account.main:app", "--fd", str(number)],
            pass_fds=[number],
            cwd=ROOT,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        base_url = f"http://127.0.0.1:{port_of(socket)}"
    try:
        with httpx.Client(base_url=base_url, timeout=30, verify=False) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(10)


def test_kill_of_a_service_loses_no_acknowledged_write(system: System) -> None:
    written: dict[str, str] = {}

    with (
        account_process(system.server.url("app")) as (process, system.account),
        suppress(httpx.TransportError),
    ):
        while True:
            key = str(uuid.uuid4())
            answer = system.new_team(Idempotency_Key=key)
            assert answer.status_code == 201
            written[key] = answer.json()["team_id"]
            if len(written) == 20:
                process.kill()
    assert process.returncode == -signal.SIGKILL

    with account_process(system.server.url("app")) as (_, system.account):
        for key, team_id in [*written.items()]:
            shown = system.account.get(f"/account/teams/{team_id}", headers=system.headers)
            assert (shown.status_code, shown.json()["role"]) == (200, "owner")
            assert system.new_team(Idempotency_Key=key).json()["team_id"] == team_id


def wait_for_more(seen: list[Any], count: int) -> None:
    enough = len(seen) + count
    deadline_s = time.monotonic() + 30
    while len(seen) < enough:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
