"""Who may pass to a private service, and with which headers."""

import re
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.forward import Upstream
from services.gateway import document
from services.hop import RawHeaders, passed_on
from services.problem import Problem
from services.settings import Secret
from services.token import Claims, TokenIssuer

METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
# What only the gateway may say; then, what is for the gateway and not for those behind it.
ONLY_OURS = frozenset({"x-user-id", "x-user-email", "x-request-id", "x-internal-token"})
DROPPED = ONLY_OURS | {"authorization", "cookie", "host"}


class Proxy:
    """Forwards everything below `/{service.name}/`, for users with a valid access token."""

    def __init__(self, service: Upstream, tokens: TokenIssuer, internal_token: Secret) -> None:
        self._service = service
        self._tokens = tokens
        self._internal_token = internal_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in METHODS:
            raise _wrong_method(request)
        claims = self._tokens.check(request.headers.get("authorization"))
        if not self._is_below(request.scope["raw_path"].decode("latin-1")):
            raise Problem(404, "Not Found")
        return await self._service.forward(request, self._headers(request, claims))

    def _is_below(self, path: str) -> bool:
        """Whether it can mean nothing outside the service's own paths, however it is read."""
        segments = re.split(r"[/\\]", unquote(path))
        return path.startswith(f"/{self._service.name}/") and not {".", ".."} & set(segments)

    def _headers(self, request: Request, claims: Claims) -> RawHeaders:
        return [
            *passed_on(request.headers.raw, DROPPED),
            (b"x-user-id", str(claims.user_id).encode()),
            (b"x-user-email", claims.email.encode()),
            (b"x-request-id", request.state.request_id.encode()),
            (b"x-internal-token", self._internal_token.get_secret_value().encode()),
        ]


def _wrong_method(request: Request) -> Problem:
    allowed = document.methods(request.scope["path"])
    if not allowed:
        return Problem(404, "Not Found")
    return Problem(405, "Method Not Allowed", Allow=", ".join(allowed))
