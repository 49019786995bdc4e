"""KeyArc's users, for Locust: sign in, look, keep, read, throw away.

    LOAD_ENV=local locust -f suites/load/locustfile.py --headless -u 20 -r 10 -t 20s

`place.py` and `thresholds.py` tell what further variables say. It ends with 0 where everything was
asked and every threshold held, 10 where one did not hold, 20 where not all was seen, and 2 where
nothing was begun.
"""

import logging
import os
import ssl
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from itertools import cycle
from typing import Any

import gevent  # type: ignore[import-untyped]
import httpx
from locust import FastHttpUser, constant_throughput, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_RUNNING, STATE_SPAWNING, LocalRunner, Runner

from harness.errors import ContractViolation, HarnessError
from harness.exchange import tls_context
from harness.model import Verdict
from suites.keyarc.cryptography import blob
from suites.keyarc.stored import NewSecret
from suites.load.people import Credentials, people
from suites.load.place import Place, place
from suites.load.thresholds import Counted, Thresholds

# A line for each user that is signed up is no news.
logging.getLogger("httpx").setLevel(logging.WARNING)

USAGE = 2
LOGIN, SECRETS, SECRET = "/login", "/keys/secrets", "/keys/secrets/{id}"
OPERATIONS = (
    f"POST {LOGIN}",
    f"GET {SECRETS}",
    f"POST {SECRETS}",
    f"GET {SECRET}",
    f"DELETE {SECRET}",
)
# More users than people share them.
MOST_PEOPLE = 20
# What a user does in a second, unless the environment's limit for all together is lower.
RATE = 2.0


def _prepared() -> tuple[Place, Thresholds]:
    try:
        return place(), Thresholds.of_environment(os.environ)
    except HarnessError as error:
        sys.stderr.write(f"load: {error}\n")
        raise SystemExit(USAGE) from None


PLACE, THRESHOLDS = _prepared()


@cache
def _context() -> ssl.SSLContext:
    """One for all users: to make one costs more than a hundred requests."""
    return tls_context(PLACE.ca_file)


class Means:
    """What is there for as long as a run takes.

    Attributes:
        people: Who the next user is.
        troubles: What kept it from its regular end.
    """

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.people: Iterator[Credentials] = iter(())
        self.troubles: list[str] = []


MEANS = Means()
BROKEN = (HarnessError, ContractViolation, httpx.HTTPError)


class KeyArcUser(FastHttpUser):
    """Somebody with a vault of their own."""

    host = PLACE.url("gateway")
    insecure = False
    network_timeout = connection_timeout = 10.0
    wait_time = constant_throughput(RATE)

    @staticmethod
    def ssl_context_factory() -> ssl.SSLContext:
        return _context()

    def on_start(self) -> None:
        self.kept: deque[str] = deque()
        who = next(MEANS.people)
        url, body, self.name = f"{PLACE.url('auth')}{LOGIN}", who.wire(), f"of {who.email}"
        answer = self.client.post(url, name=LOGIN, json=body)
        if answer.status_code != 200:
            raise StopUser
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        # Each once in order, so that no run is too short for one of them.
        for step in (self.keep, self.look, self.read, self.throw_away, self.keep):
            step()

    @task(5)
    def look(self) -> None:
        self.client.get(SECRETS, headers=self.headers)

    @task(4)
    def read(self) -> None:
        if self.kept:
            self.client.get(f"{SECRETS}/{self.kept[-1]}", name=SECRET, headers=self.headers)

    @task(2)
    def keep(self) -> None:
        secret = NewSecret(
            name=self.name, encrypted_value=blob(40), type="api_key", owner_type="user"
        )
        answer = self.client.post(SECRETS, headers=self.headers, json=secret.wire())
        if answer.status_code == 201:
            self.kept.append(answer.json()["id"])

    @task(1)
    def throw_away(self) -> None:
        if self.kept:
            path = f"{SECRETS}/{self.kept.popleft()}"
            self.client.delete(path, name=SECRET, headers=self.headers)


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's
def begin(environment: Environment, **_: Any) -> None:
    """Signs users up before any time is counted."""
    if not isinstance(environment.runner, LocalRunner):
        sys.stderr.write("load: one process puts the load; --master and --worker are none\n")
        raise SystemExit(USAGE)
    options = environment.parsed_options
    users = (options and options.num_users) or MOST_PEOPLE
    if PLACE.max_rate is not None:
        KeyArcUser.wait_time = constant_throughput(min(RATE, PLACE.max_rate / users))
    try:
        MEANS.people = cycle(MEANS.stack.enter_context(people(PLACE, min(users, MOST_PEOPLE))))
    except BROKEN as error:
        sys.stdout.write(f"HOLD  0 requests\nusers could not be signed up: {error}\n")
        raise SystemExit(Verdict.HOLD.exit_code) from None
    # Its clock has stood still meanwhile, and the time of a run would have begun to pass.
    gevent.get_hub().loop.update_now()


@events.quitting.add_listener  # type: ignore[untyped-decorator]  # Locust's
def end(environment: Environment, **_: Any) -> None:
    """Takes everything down, says what came of it, and sets the exit code."""
    runner = environment.runner
    assert runner is not None, "Locust has made one"
    if runner.state in (STATE_RUNNING, STATE_SPAWNING):
        if environment.parsed_options and environment.parsed_options.run_time:
            MEANS.troubles.append("ended before its time was over")
        # Who is removed while they still ask would be refused.
        runner.stop()
    try:
        MEANS.stack.close()
    except BROKEN as error:
        MEANS.troubles.append(f"users could not be removed: {error}")
    verdict, lines = THRESHOLDS.judge(list(_counted(environment)), OPERATIONS)
    lines += MEANS.troubles + _broken_users(runner)
    if verdict is Verdict.GO and lines:
        verdict = Verdict.HOLD
    total = environment.stats.total.num_requests
    sys.stdout.write("\n".join([f"{verdict}  {total} requests", *lines, ""]))
    environment.process_exit_code = verdict.exit_code


def _counted(environment: Environment) -> Iterator[Counted]:
    for entry in environment.stats.entries.values():
        p95_ms = entry.get_response_time_percentile(0.95)
        name = f"{entry.method} {entry.name}"
        yield Counted(name, entry.num_requests, entry.num_failures, p95_ms)


def _broken_users(runner: Runner) -> list[str]:
    exceptions = runner.exceptions.values()
    return [f"a user broke {one['count']} times: {one['msg']}" for one in exceptions]
