"""KeyArc's services, which tell of their health as the file says that the variable `LIE` names.

A stack runs them as `tests.harness.matrix.liars:auth` in place of `services.auth.main:app`. All
else that a service does, it does. The file is read at every look: one stack tells one lie after
the other. `hangs` is told by all services, `hangs at keys` by one alone.
"""

import importlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.harness.matrix.lies import HEALTH, LIES, LIVE, Honest, Hung, Told


class Liar:
    """A service, and which lie it tells now."""

    def __init__(self, app: ASGIApp, which: Callable[[], str]) -> None:
        self._app = app
        self._which = which
        self._name, self._lie = "", Honest()

    def _telling(self) -> Honest:
        """A lie begins anew when it takes the place of another."""
        name = self._which()
        if name != self._name:
            self._name, self._lie = name, LIES[name]()
        return self._lie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope.get("method") == "GET" else ""
        if not path.endswith((HEALTH, LIVE)):
            await self._app(scope, receive, send)
            return
        telling = self._telling()
        lie = telling.live if path.endswith(LIVE) else telling.health
        before = path.removesuffix(LIVE).removesuffix(HEALTH)

        async def ask(path: str) -> Told:
            return await _truth(self._app, {**scope, "path": before + path}, receive)

        try:
            await _tell(await lie(ask), send)
        except Hung:
            while (await receive())["type"] != "http.disconnect":
                pass


async def _truth(app: ASGIApp, scope: Scope, receive: Receive) -> Told:
    """What the service itself answers."""
    heard: list[Message] = []

    async def hear(message: Message) -> None:
        heard.append(message)

    await app({**scope, "raw_path": scope["path"].encode()}, receive, hear)
    body = b"".join(each.get("body", b"") for each in heard[1:])
    return Told(heard[0]["status"], heard[0]["headers"], json.loads(body))


async def _tell(told: Told, send: Send) -> None:
    body = json.dumps(told.body).encode()
    headers = [each for each in told.headers if each[0].lower() != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    # Who asked may have gone.
    with suppress(OSError):
        await send({"type": "http.response.start", "status": told.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    app = importlib.import_module(f"services.{name}.main").app
    return Liar(app, partial(_lie_of, name, Path(os.environ["LIE"])))


def _lie_of(service: str, file: Path) -> str:
    lie, _, alone = file.read_text().partition(" at ")
    return lie if alone in ("", service) else "none"
