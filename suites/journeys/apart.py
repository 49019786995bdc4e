"""Stacks of the suite's own, with settings that nobody else would want to share.

They run beside the environment's own stack, on ports and a database of theirs, from a state
directory that goes with them: so what is made in them need not be removed.
"""

import asyncio
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from harness.environment import find, parse
from harness.journal import Journal
from harness.lease import filled_in
from harness.records import run_id_of
from harness.stack.launch import Wanted, running
from harness.stack.state import StateDirectory
from harness.trail import Trail
from harness.variant import Settings, write
from suites.journeys.asking import Guest, Heard, Question, noted
from suites.journeys.door import Door
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.visit import Visit, reaching, tell
from suites.keyarc.waiting import Loop

# The contract's limits last a minute.
WINDOW_S = 2
SETTINGS = {
    "auth": {"RATE_LIMIT_LOGIN": f"5/{WINDOW_S}s", "RATE_LIMIT_SIGNUP": f"10/{WINDOW_S}s"},
    "account": {"RATE_LIMIT_LOOKUP": f"5/{WINDOW_S}s"},
    "gateway": {"CLIENT_LIMIT_S": "0.5"},
    "brief": {"ACCESS_TOKEN_TTL_S": "2"},
}
# Above what the gateway waits for a service.
LIMIT_S = 9.0


@dataclass(frozen=True)
class Apart:
    """KeyArc in a stack of the suite's own.

    Attributes:
        references: What `${stack:…}` and `${generated:…}` stand for in it.
        doors: By private service, what the gateway has to come through; none unless asked for.
    """

    visit: Visit
    references: Mapping[str, str] = field(repr=False)
    state: StateDirectory
    doors: Mapping[str, Door]

    def guest(self) -> Guest:
        """Somebody new, who is logged in."""
        identity, auth = self.visit.new_identity(quick=True), Auth(self.visit.clients["auth"])
        hashed = identity.auth_hash()
        made = auth.signup(email=identity.email, auth_hash=hashed, keys=LockedKeys.random())
        token = auth.login(email=identity.email, auth_hash=hashed).access_token
        for secret in (hashed, token):
            self.visit.secrets.register(secret)
        return Guest(self.visit, made.user_id, identity.email, hashed, token)

    def hear(self, questions: Iterable[Question]) -> list[Heard]:
        """Asks all of it at the same time, whatever is answered."""
        return noted(self._all_heard(list(questions)))

    def begin(self, questions: Iterable[Question]) -> Callable[[], list[Heard]]:
        """As `hear`, while others go on; what comes is to be asked for."""
        pool = ThreadPoolExecutor(1)
        # It is of no one test: it may end in another than it began in.
        with Trail().followed():
            begun = pool.submit(copy_context().run, self._all_heard, list(questions))
        pool.shutdown(wait=False)
        return lambda: noted(begun.result())

    def _all_heard(self, questions: list[Question]) -> list[Heard]:
        async def all_of_it() -> list[Heard]:
            return await asyncio.gather(*map(self._heard, questions))

        return self.visit.loop.run(all_of_it())

    async def _heard(self, asked: Question) -> Heard:
        target, began_s = self.visit.targets[asked.service], time.monotonic()
        response = await target.request(
            asked.method,
            asked.path,
            headers=dict(asked.headers),
            json=asked.json,
            timeout_s=LIMIT_S,
            expect=tuple(range(200, 600)),
        )
        return Heard(asked, response, time.monotonic() - began_s)

    @property
    def innards(self) -> list[str]:
        """What tells where something is inside, and so must never be told."""
        inside = {
            name: urlsplit(url)
            for name, url in self.references.items()
            if name.endswith(".url") and name != "stack:edge.url"
        }
        return [f"{url.hostname}:{url.port}" for url in inside.values()]

    def processes(self, name: str) -> list[psutil.Process]:
        """A service's processes, or PostgreSQL's, with all that they started."""
        told = (self.state.read() or {})["processes"]
        first = [psutil.Process(one["pid"]) for one in told if one["service"] == name]
        return [each for one in first for each in (one, *one.children(recursive=True))]

    def kill(self, name: str) -> None:
        """At once, and until it is gone."""
        killed = self.processes(name)
        for process in killed:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(killed, timeout=LIMIT_S)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """It is there, and does nothing."""
        stopped = self.processes(name)
        try:
            for process in stopped:
                process.suspend()
            yield
        finally:
            for process in stopped:
                process.resume()


@contextmanager
def apart(
    env: str,
    run_id: str,
    settings: Settings,
    *,
    copies: Mapping[str, str] | None = None,
    doors: Iterable[str] = (),
) -> Iterator[Apart]:
    """Starts a variant of the environment's stack; it goes with the context, or this process.

    Args:
        env: The environment's name, or its file.
        run_id: Whose users are made in it.
        settings: By service, what differs.
        copies: Services that run twice, as `harness.variant.write` has them.
        doors: Private services that the gateway comes to through a door.
    """
    with ExitStack() as stack:
        loop = stack.enter_context(Loop())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyarc-apart-")))
        made = {name: Door(loop) for name in doors}
        for door in made.values():
            stack.callback(door.close)
        ways = {f"{name.upper()}_URL": door.url for name, door in made.items()}
        if ways:
            settings = {**settings, "gateway": {**settings.get("gateway", {}), **ways}}
        file = write(find(env), folder, settings, copies=copies)
        declared = parse(file).to_look_at()
        state = StateDirectory(folder / "state")
        wanted = Wanted(env=file, state_dir=state.path)
        tell(f"starting a stack of the journeys' own, with other settings than {env}")
        references = stack.enter_context(running(wanted, progress=lambda _: None))
        # Now the folder holds nothing but the state, and goes with it when this process is killed.
        file.unlink()
        for name, door in made.items():
            door.lead(references[f"stack:{name}.url"])
        environment = filled_in(declared, references)
        journal = Journal(state.path, run_id)
        visit = stack.enter_context(reaching(environment, references, journal, loop))
        yield Apart(visit, references, state, made)


@contextmanager
def with_doors(config: pytest.Config) -> Iterator[Apart]:
    """The one that most tests look at."""
    env, run_id = _place(config)
    doors = ("account", "keys")
    with apart(env, run_id, SETTINGS, copies={"brief": "auth"}, doors=doors) as stack:
        yield stack


@contextmanager
def as_it_is(config: pytest.Config) -> Iterator[Apart]:
    """One whose settings are the environment's own."""
    with apart(*_place(config), {}) as stack:
        yield stack


def _place(config: pytest.Config) -> tuple[str, str]:
    return config.getoption("env"), run_id_of(Path(config.getoption("run")))
