"""A stand-in, not Fly: what its three APIs answer, as flyctl 0.4.87 reads them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.errors import HarnessError
from harness.platforms import _fly_standin_shapes as shapes
from harness.platforms._fly_standin_commands import ReleaseCommands
from harness.platforms._fly_standin_http import Answer, Asked, answer
from harness.platforms._fly_standin_leases import Leases
from harness.platforms._fly_standin_lies import Lie
from harness.platforms._fly_standin_memory import Backend, Machine, Release, wanted_in

_LOOKS_EVERY_S = 0.05
_UNKNOWN = answer({"error": "the stand-in of Fly knows no such thing"}, 404)
_NO_APP = answer({"error": "app not found"}, 404)


class Api:
    """The three APIs over one backend.

    Attributes:
        lies: By app; looked at with each request.
        leases: Who holds which machine.
    """

    def __init__(self, backend: Backend, lies: Mapping[str, Lie]) -> None:
        self.lies = lies
        self._backend = backend
        self.leases = Leases()
        self._commands = ReleaseCommands(backend)
        self._before: dict[tuple[str, str], Machine] = {}

    async def answered(self, asked: Asked) -> Answer:
        app = _app_of(asked)
        lie = self.lies.get(app)
        if lie is Lie.HANG:
            await asyncio.get_running_loop().create_future()
        if lie is Lie.RUBBISH:
            return Answer(200, b"<html>Please stand by</html>", "text/html")
        if lie is Lie.EMPTY:
            return answer({})
        if not asked.headers.get("authorization") or lie is Lie.UNAUTHORISED:
            return _unauthorised(asked)
        try:
            return await self._routed(app, asked, urlsplit(asked.path).path)
        except HarnessError as error:
            return answer({"error": str(error)}, 500)

    async def _routed(self, app: str, asked: Asked, path: str) -> Answer:
        if path == "/graphql":
            return self._graphql(app, str(asked.body.get("query")), asked.body.get("variables", {}))
        if path.startswith("/api/v1/"):
            return await self._rest(app, asked, path)
        return await self._machines(app, asked, path)

    def _graphql(self, app: str, query: str, variables: Mapping[str, Any]) -> Answer:
        if self._backend.machines(app) is None:
            message = {"message": "Could not find App", "extensions": {"code": "NOT_FOUND"}}
            return answer({"data": None, "errors": [message]})
        if "appcompact:app" in query:
            return _data("appcompact", shapes.graphql_app(app))
        if "image(ref" in query:
            image = self._image(app, str(variables["imageRef"]))
            return _data("app", {"id": app, "image": image})
        newest = self._backend.releases(app)[-1:]
        if "releasesUnprocessed" in query:
            found = list(reversed(self._backend.releases(app)))[: int(variables["limit"])]
            return _data(
                "app", {"releases": {"nodes": [shapes.graphql_release(app, one) for one in found]}}
            )
        if "configDefinition" in query:
            return _data("app", {"currentReleaseUnprocessed": {"configDefinition": shapes.CONFIG}})
        if "currentReleaseUnprocessed" in query:
            current = {"version": newest[0].version} if newest else None
            return _data("app", {"currentRelease": current})
        return answer({"errors": [{"message": "the stand-in of Fly knows no such query"}]})

    def _image(self, app: str, ref: str) -> dict[str, object] | None:
        digest = ref.partition("@")[2]
        return shapes.image(digest, ref) if digest in self._backend.images(app) else None

    async def _rest(self, app: str, asked: Asked, path: str) -> Answer:
        words = path.split("/")[3:]
        match asked.method, words:
            case "GET", ["organizations", _]:
                return answer({"organization": shapes.ORGANIZATION})
            case "POST", ["builds", *_]:
                return answer({"id": 1, "status": "completed"})
            case "POST", ["releases"]:
                version = max((one.version for one in self._backend.releases(app)), default=0) + 1
                self._before |= {(app, one.id): one for one in self._backend.machines(app) or ()}
                image = str(asked.body["image"])
                release = Release(version=version, status="pending", image=image)
                self._backend.record(app, release)
                return answer({"release": shapes.rest_release(app, release)}, 201)
            case "PATCH", ["releases", id_]:
                return await self._became(app, int(id_.rpartition(".")[2]), asked.body["status"])
        return _UNKNOWN

    async def _became(self, app: str, version: int, status: str) -> Answer:
        """Says what became of a release."""
        (release,) = (one for one in self._backend.releases(app) if one.version == version)
        release = replace(release, status=status)
        self._backend.record(app, release)
        if status == "complete" and self.lies.get(app) is Lie.BACK:
            for one in list(self._backend.machines(app) or ()):
                await self._backend.replace(app, [one.id], self._before[app, one.id])
        return answer(shapes.rest_release(app, release))

    async def _machines(self, app: str, asked: Asked, path: str) -> Answer:
        machines = self._backend.machines(app)
        if machines is None:
            return _NO_APP
        known = {one.id: one for one in machines}
        match asked.method, path.split("/")[4:]:
            case _, []:
                return answer(shapes.rest_app(app))
            case _, ["ip_assignments", *_]:
                return answer({"ips": []})
            case "GET", ["machines"]:
                return answer([shapes.machine(app, one) for one in machines])
            case "POST", ["machines"]:
                return self._commands.made(app, asked.body["config"]) or _UNKNOWN
            case _, ["machines", id_, *words] if id_ in known:
                return await self._machine(app, known[id_], asked, words)
            case method, ["machines", id_, *words]:
                return await self._commands.answered(app, id_, method, words) or _UNKNOWN
        return _UNKNOWN

    async def _machine(self, app: str, machine: Machine, asked: Asked, words: list[str]) -> Answer:
        match asked.method, words:
            case "GET", []:
                return answer(shapes.machine(app, machine))
            case "GET", ["wait"]:
                return await self._wait(app, machine.id, asked)
            case "POST", []:
                return await self._update(app, machine, asked.body["config"])
            case _, ["lease"]:
                return self.leases.answered((app, machine.id), asked)
        return _UNKNOWN

    async def _update(self, app: str, machine: Machine, config: Mapping[str, Any]) -> Answer:
        lie, wanted = self.lies.get(app), wanted_in(config)
        if wanted.digest not in self._backend.images(app):
            return answer({"error": f"failed to get manifest {config['image']}: not found"}, 400)
        if lie is Lie.REFUSED:
            return answer({"error": "deploys to this app are not possible now"}, 422)
        if lie is Lie.HANG_IN_DEPLOY:
            await asyncio.get_running_loop().create_future()
        ids = sorted(one.id for one in self._backend.machines(app) or ())
        if not (lie is Lie.IDLE or (lie is Lie.HALF and ids.index(machine.id) % 2)):
            await self._backend.replace(app, [machine.id], wanted)
        told = replace(machine, digest=wanted.digest, release=wanted.release)
        return answer(shapes.machine(app, told) | {"config": config})

    async def _wait(self, app: str, machine: str, asked: Asked) -> Answer:
        """Answers when a machine has the state that is asked for, or at the limit."""
        query = parse_qs(urlsplit(asked.path).query)
        state, limit_s = query["state"][0], float(query.get("timeout", ["60"])[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not any(  # noqa: ASYNC110  a backend tells nobody of its changes
                    (one.id, one.state) == (machine, state)
                    for one in self._backend.machines(app) or ()
                ):
                    await asyncio.sleep(_LOOKS_EVERY_S)
                return answer({"ok": True})
        return answer({"error": "deadline_exceeded: machine failed to reach desired state"}, 408)


def _app_of(asked: Asked) -> str:
    """The app that a request is about, wherever it says so."""
    parts = urlsplit(asked.path).path.split("/")
    if parts[1:3] == ["v1", "apps"]:
        return parts[3]
    if parts[-2] == "releases":
        return parts[-1].rpartition(".")[0]
    variables = asked.body.get("variables") or {}
    return str(asked.body.get("app_name") or variables.get("appName") or "")


def _unauthorised(asked: Asked) -> Answer:
    if asked.path.endswith("/graphql"):
        message = "You must be authenticated to view this."
        error = {"message": message, "extensions": {"code": "UNAUTHORIZED"}}
        return answer({"data": None, "errors": [error]})
    return answer({"error": "unauthorized"}, 401)


def _data(name: str, value: object) -> Answer:
    return answer({"data": {name: value}})
