"""KeyArc within the test process, each public service behind a door where defects are planted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from harness.environment import Environment
from services.account.app import create as create_account
from services.account.settings import AccountSettings
from services.auth.app import create as create_auth
from services.auth.settings import AuthSettings
from services.frontend.app import create as create_frontend
from services.frontend.settings import FrontendSettings
from services.gateway.app import create as create_gateway
from services.gateway.settings import GatewaySettings
from services.keys.app import create as create_keys
from services.keys.settings import KeysSettings
from services.rate_limit import RateLimit
from tests.planting import Defect
from tests.services.conftest import Servers

SERVICE = {"environment": "dev", "release_id": "r1", "instance_id": "i1"}
JWT_SECRET, INTERNAL_TOKEN = "j" * 32, "t" * 32


class Door:
    """Passes requests on to a service, unless a defect says otherwise."""

    def __init__(self, service: httpx.Client) -> None:
        self._url = str(service.base_url).rstrip("/")
        self.defect: Defect | None = None
        methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"]
        self.app = Starlette(
            routes=[Route("/{path:path}", self._answer, methods=methods)], lifespan=self._open
        )

    @asynccontextmanager
    async def _open(self, app: Starlette) -> AsyncIterator[None]:
        # Shorter than the 5 s after which uvicorn closes an idle connection.
        async with httpx.AsyncClient(limits=httpx.Limits(keepalive_expiry=2)) as self._client:
            yield

    async def _answer(self, request: Request) -> Response:
        if self.defect is not None:
            return await self.defect(request, self._forward)
        return await self._forward(request)

    async def _forward(self, request: Request) -> Response:
        headers = [pair for pair in request.headers.raw if pair[0] not in (b"host", b"connection")]
        answer = await self._client.request(
            request.method,
            f"{self._url}{request.url.path}?{request.url.query}".rstrip("?"),
            headers=headers,
            content=await request.body(),
        )
        return Response(answer.content, answer.status_code, dict(answer.headers))


@dataclass(frozen=True)
class System:
    """A running KeyArc.

    Attributes:
        clients: For each public service, a client at its door.
        doors: For each public service.
    """

    clients: dict[str, httpx.Client]
    doors: dict[str, Door]

    def url(self, service: str) -> str:
        return str(self.clients[service].base_url).rstrip("/")

    def declaration(self) -> dict[str, object]:
        """What an environment file would say of it."""
        services = {name: {"url": self.url(name)} for name in self.clients}
        return {"name": "test", "suites": ["suites.smoke"], "services": services}

    def environment(self, **more: object) -> Environment:
        return Environment.model_validate({**self.declaration(), **more})

    @contextmanager
    def broken(self, service: str, defect: Defect) -> Iterator[None]:
        self.doors[service].defect = defect
        try:
            yield
        finally:
            self.doors[service].defect = None


@contextmanager
def running(database_url: str, *, logins: RateLimit | None = None) -> Iterator[System]:
    """KeyArc on a migrated database.

    Args:
        logins: How often one may log in, where that is to be few times.
    """
    with Servers() as servers:
        stored = {**SERVICE, "database_url": database_url}
        private = {**stored, "internal_token": INTERNAL_TOKEN}
        account = servers.start(create_account(AccountSettings.model_validate(private)))
        keys = servers.start(create_keys(KeysSettings.model_validate(private)))
        auth = AuthSettings.model_validate(
            {
                **stored,
                "jwt_secret": JWT_SECRET,
                "rate_limit_login": 10_000,
                "rate_limit_signup": 10_000,
            }
        )
        entrance = create_auth(auth)
        if logins is not None:
            entrance.state.auth = replace(entrance.state.auth, logins=logins)
        gateway = GatewaySettings.model_validate(
            {
                **SERVICE,
                "jwt_secret": JWT_SECRET,
                "internal_token": INTERNAL_TOKEN,
                "account_url": str(account.base_url),
                "keys_url": str(keys.base_url),
            }
        )
        doors = {
            "auth": Door(servers.start(entrance)),
            "gateway": Door(servers.start(create_gateway(gateway))),
        }
        clients = {name: servers.start(door.app) for name, door in doors.items()}
        frontend = FrontendSettings.model_validate(
            {
                **SERVICE,
                "auth_url": str(clients["auth"].base_url),
                "api_url": str(clients["gateway"].base_url),
            }
        )
        doors["frontend"] = Door(servers.start(create_frontend(frontend)))
        clients["frontend"] = servers.start(doors["frontend"].app)
        yield System(clients, doors)
