"""The services' own health check, around a dependency that a test breaks, told by a liar."""

import httpx

from services.application import application
from services.health import Told as Looked
from services.health import Unhealthy
from services.settings import Settings
from tests.harness.matrix.liars import Liar
from tests.harness.server import Answer, Handler, Seen


class Postgres:
    """Something to depend on."""

    component = "postgres"
    component_type = "datastore"
    limit_s = 0.3
    is_up = True

    async def probe(self) -> Looked:
        if not self.is_up:
            raise Unhealthy("it is down")
        return Looked(schema=(7, 5))


def liar(lie: str, postgres: Postgres) -> Liar:
    settings = Settings(environment="dev", release_id="r1", instance_id="one-1")
    return Liar(application("one", settings, dependencies=[postgres]), lambda: lie)


def through(app: Liar) -> Handler:
    """Has a small real server answer as the application does."""
    transport = httpx.ASGITransport(app=app)

    async def handler(seen: Seen) -> Answer:
        async with httpx.AsyncClient(transport=transport, base_url="http://one") as client:
            response = await client.get(seen.path)
        return Answer(response.status_code, response.content, dict(response.headers))

    return handler
