"""POST /login."""

import asyncio
import json
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest
from argon2 import PasswordHasher
from starlette.types import ASGIApp

from services.auth import hashing
from services.auth.app import create
from services.auth.hashing import Hasher
from services.problem import Problem
from tests.services.auth.conftest import JWT_SECRET, settings
from tests.services.auth.people import blob, credentials, person
from tests.services.conftest import Servers

Serve = Callable[[ASGIApp], httpx.Client]


@pytest.mark.parametrize("prefix", ["", "/auth"])
def test_login_gives_a_token_and_the_keys(auth: httpx.Client, prefix: str) -> None:
    someone = person()
    user_id = auth.post("/signup", json=someone).json()["user_id"]
    before_s = int(time.time())

    answer = auth.post(f"{prefix}/login", json=credentials(someone))

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    body = answer.json()
    token = body.pop("access_token")
    keys = ("encrypted_vault_key", "encrypted_private_key", "public_key")
    assert {
        "token_type": "Bearer",
        "expires_in": 7200,
        **{key: someone[key] for key in keys},
    } == body
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, JWT_SECRET, algorithms=["HS256"], audience="dev")
    assert {"sub", "email", "iss", "aud", "iat", "exp", "auth_time", "jti"} == set(claims)
    assert (user_id, someone["email"], 7200) == (
        claims["sub"],
        claims["email"],
        claims["exp"] - claims["iat"],
    )
    assert before_s <= claims["auth_time"] <= time.time()


def test_token_lives_as_long_as_the_settings_say(database_url: str, serve: Serve) -> None:
    auth = serve(create(settings(database_url, access_token_ttl_s="60")))
    someone = person()
    auth.post("/signup", json=someone)

    body = auth.post("/login", json=credentials(someone)).json()

    claims = jwt.decode(body["access_token"], JWT_SECRET, algorithms=["HS256"], audience="dev")
    assert (body["expires_in"], claims["exp"] - claims["iat"]) == (60, 60)


def test_email_is_compared_without_case(auth: httpx.Client) -> None:
    someone = person()
    auth.post("/signup", json=someone)

    answer = auth.post("/login", json={**credentials(someone), "email": someone["email"].upper()})

    assert answer.status_code == 200


def test_unknown_email_and_wrong_hash_get_the_same_words(auth: httpx.Client) -> None:
    someone = person()
    auth.post("/signup", json=someone)

    wrong = auth.post("/login", json={**credentials(someone), "auth_hash": blob(32)})
    unknown = auth.post("/login", json=credentials(person()))

    assert 401 == wrong.status_code == unknown.status_code
    assert wrong.headers["www-authenticate"] == "Bearer"
    names = [sorted(answer.headers) for answer in (wrong, unknown)]
    assert names[0] == names[1]
    bodies = [answer.json() for answer in (wrong, unknown)]
    assert bodies[0].pop("request_id") != bodies[1].pop("request_id")
    assert bodies[0] == bodies[1]


def test_unknown_email_takes_as_long_as_wrong_hash(auth: httpx.Client) -> None:
    someone = person()
    auth.post("/signup", json=someone)
    wrong = {**credentials(someone), "auth_hash": blob(32)}
    took_s: dict[str, list[float]] = {"wrong": [], "unknown": []}

    for _ in range(15):
        for kind, body in (("wrong", wrong), ("unknown", credentials(person()))):
            started_s = time.perf_counter()
            assert auth.post("/login", json=body).status_code == 401
            took_s[kind].append(time.perf_counter() - started_s)

    # A missing hash would make it several times faster.
    medians = [statistics.median(values) for values in took_s.values()]
    assert max(medians) / min(medians) < 1.5


def test_verifying_against_nothing_is_always_no() -> None:
    hasher = Hasher()

    async def verify() -> list[bool]:
        return [await hasher.verify(None, text) for text in ("", blob(32))]

    assert asyncio.run(verify()) == [False, False]


class CountingArgon2(PasswordHasher):
    """The real one, which notes how many run at a time."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19456, parallelism=1)
        self._lock = threading.Lock()
        self._running = 0
        self.most_at_once = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        try:
            return super().hash(password, salt=salt)
        finally:
            with self._lock:
                self._running -= 1


def test_at_most_two_hash_at_once() -> None:
    hasher = Hasher()
    argon2 = CountingArgon2()
    hasher._argon2 = argon2

    async def hash_all() -> None:
        await asyncio.gather(*(hasher.hash(blob(32)) for _ in range(12)))

    asyncio.run(hash_all())

    assert argon2.most_at_once == 2


def test_waiting_for_a_turn_holds_no_connection_and_ends(
    database_url: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "TURN_LIMIT_S", 2.0)
    app = create(settings(database_url))
    hasher, database = app.state.auth.hasher, app.state.auth.database
    hasher._turns = asyncio.Semaphore(0)
    auth = serve(app)
    waiting = 20

    with ThreadPoolExecutor(waiting) as pool:
        logins = [
            pool.submit(auth.post, "/login", json=credentials(person())) for _ in range(waiting)
        ]
        while len(hasher._turns._waiters or ()) < waiting:
            assert not any(login.done() for login in logins)
        assert database._engine.pool.checkedout() == 0
        assert auth.get("/health").status_code == 200

    answers = [login.result() for login in logins]
    assert {(503, "1")} == {(each.status_code, each.headers["retry-after"]) for each in answers}


def test_logs_hold_no_secret(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    someone = person()
    with Servers() as servers:
        auth = servers.start(create(settings(database_url, log_level="DEBUG")))
        auth.post("/signup", json=someone)
        token = auth.post("/login", json=credentials(someone)).json()["access_token"]
        auth.post("/login", json={**credentials(someone), "auth_hash": "bad"})
        auth.post("/token/refresh", headers={"Authorization": f"Bearer {token}"})

    output = capsys.readouterr().out

    lines = [json.loads(line) for line in output.splitlines()]
    paths = [line["path"] for line in lines if line["message"] == "request"]
    assert paths == ["/signup", "/login", "/login", "/token/refresh"]
    assert all(line["request_id"] for line in lines if line["message"] == "request")
    keys = ("auth_hash", "encrypted_vault_key", "encrypted_private_key", "public_key")
    password = database_url.partition("@")[0].rpartition(":")[2]
    secrets = [token, JWT_SECRET, password, *(someone[key] for key in keys)]
    assert [secret for secret in secrets if secret in output] == []


def test_only_so_many_wait_for_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "MOST_WAITING", 3)
    hasher = Hasher()
    hasher._turns = asyncio.Semaphore(0)

    async def run() -> None:
        waiting = [asyncio.create_task(hasher.hash(blob(32))) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await hasher.hash(blob(32))
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")
        for _ in waiting:
            hasher._turns.release()
        await asyncio.gather(*waiting)

    asyncio.run(run())
