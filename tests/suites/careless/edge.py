"""Believes what clients say of their own addresses."""

from unittest.mock import patch

from starlette.requests import Request

from services.edge.app import create
from services.edge.headers import Forwarded
from services.edge.settings import EdgeSettings
from services.hop import RawHeaders
from services.settings import load

say = Forwarded.headers


def _headers(self: Forwarded, request: Request) -> RawHeaders:
    name = self._client_address
    claimed = request.headers.get(name)
    told = [(key, value) for key, value in say(self, request) if key != name.encode()]
    peer = request.client.host if request.client else ""
    return [*told, (name.encode(), (claimed or peer).encode())]


patch.object(Forwarded, "headers", _headers).start()

app = create(load(EdgeSettings))
