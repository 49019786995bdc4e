"""A door in front of a real application, where a defect is planted."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.planting import Defect


class Door:
    """Lets a defect answer; it can have the application answer first."""

    def __init__(self, app: ASGIApp, defect: Defect) -> None:
        self._app = app
        self._defect = defect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()

        async def forward(request: Request) -> Response:
            return await answered(self._app, request.scope, body)

        response = await self._defect(request, forward)
        await response(scope, receive, send)


async def answered(app: ASGIApp, scope: Scope, body: bytes) -> Response:
    """What the application answers, whole."""
    response = Response()
    content = b""

    unread = [body]

    async def receive() -> Message:
        if not unread:
            await asyncio.Event().wait()  # The client stays until it has its answer.
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(message: Message) -> None:
        nonlocal content
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            response.raw_headers = list(message.get("headers", []))
        else:
            content += message.get("body", b"")

    await app(scope, receive, send)
    response.body = content
    return response
