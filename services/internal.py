"""The door of a private service: it opens to the gateway alone."""

import hmac

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.problem import GATEWAY_REFUSED, Problem, answer_to
from services.settings import Secret


class GatewayOnly:
    """Refuses every call without the internal token, whatever its path; health is for all."""

    def __init__(self, app: ASGIApp, token: Secret) -> None:
        self.app = app
        self._token = token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ("/health", "/health/live"):
            request = Request(scope)
            given = request.headers.get("x-internal-token", "")
            if not hmac.compare_digest(given.encode(), self._token):
                refusal = refuse_gateway("This service answers the gateway alone.")
                await answer_to(request, refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def refuse_gateway(detail: str) -> Problem:
    """401 to whoever called, marked so that the gateway does not take it for one to its client."""
    return Problem(401, detail, **{GATEWAY_REFUSED: "true"})
