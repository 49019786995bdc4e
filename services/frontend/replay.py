"""Sends requests for other apps on, where the frontend is the app behind the site's name on Fly.

The answer names an app, and Fly's proxy sends the request there as it came: ADR 15.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.request import MAX_BODY_BYTES

# Nobody but Fly's proxy should see this answer. Whoever does must not take it for a success.
STATUS = 409


class Replay:
    """Answers below some paths with nothing but `fly-replay`, whatever the method.

    Args:
        app: What answers everything else.
        apps: The Fly app for each path; a path is its own and that of all below it.
    """

    def __init__(self, app: ASGIApp, apps: Mapping[str, str]) -> None:
        self.app = app
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = self._target(scope) if scope["type"] == "http" else None
        answer = self.app if target is None else _answer(target)
        await answer(scope, receive, send)

    def _target(self, scope: Scope) -> str | None:
        # Fly does not replay 1 MB; a body that says it is too large for us gets our own refusal.
        if int(Headers(scope=scope).get("content-length", "0")) > MAX_BODY_BYTES:
            return None
        path: str = scope["path"]
        for prefix, app in self.apps.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return app
        return None


def _answer(app: str) -> Response:
    return Response(status_code=STATUS, headers={"fly-replay": f"app={app}"})
