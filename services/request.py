"""What surrounds every request: its id, its log line, its size, and the last resort for errors."""

import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.problem import problem_response

MAX_BODY_BYTES = 256 * 1024
# Past this a client that goes on sending is cut off instead of read to its end.
MAX_DRAINED_BYTES = 64 * 1024 * 1024
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

log = logging.getLogger(__name__)


class BodyTooLarge(Exception):  # noqa: N818 - raised through the application, seen only here
    """More came than a body may hold."""


class RequestContext:
    """Gives a request its id, keeps its body within the limit, writes its log line.

    Args:
        app: The application within.
        trust_id: Whether the caller's `X-Request-ID` is taken over (private services only).
    """

    def __init__(self, app: ASGIApp, *, trust_id: bool) -> None:
        self.app = app
        self.trust_id = trust_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self._request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        body = _LimitedBody(scope, receive)
        started_s = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if body.exceeded:
                    # FastAPI makes a bad request of any error while it reads.
                    raise BodyTooLarge
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._respond(scope, body, answer, lambda: status)
        finally:
            log.log(
                logging.DEBUG if scope["path"].startswith("/health") else logging.INFO,
                "request",
                extra={
                    "request_id": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round((time.perf_counter() - started_s) * 1000, 1),
                },
            )

    async def _respond(self, scope: Scope, body: "_LimitedBody", send: Send, status: Any) -> None:
        try:
            await body.refuse_declared()
            await self.app(scope, body.receive, send)
        except Exception as error:
            too_large = isinstance(error, BodyTooLarge) or body.exceeded
            if not too_large:
                log.exception("unhandled error", extra={"request_id": scope["state"]["request_id"]})
            if status() != 0:
                raise
            if too_large:
                await body.drain()
                body.exceeded = False
            code, detail = (
                (413, f"A body may have at most {MAX_BODY_BYTES} bytes.")
                if too_large
                else (500, "Something went wrong here.")
            )
            response = problem_response(Request(scope), code, detail)
            await response(scope, body.receive, send)

    def _request_id(self, headers: Headers) -> str:
        given = headers.get("x-request-id", "")
        return given if self.trust_id and REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


class _LimitedBody:
    """Counts what arrives, and stops an application that would read too much of it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._declared_bytes = Headers(scope=scope).get("content-length", "0")
        self._receive = receive
        self._read_bytes = 0
        self._ended = False
        self.exceeded = False

    async def refuse_declared(self) -> None:
        if int(self._declared_bytes) > MAX_BODY_BYTES:
            self.exceeded = True
            raise BodyTooLarge

    async def receive(self) -> Message:
        message = await self._next()
        if self._read_bytes > MAX_BODY_BYTES:
            self.exceeded = True
            raise BodyTooLarge
        return message

    async def drain(self) -> None:
        """Reads on, so that a client still sending sees the answer and not a reset."""
        while not self._ended and self._read_bytes < MAX_DRAINED_BYTES:
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._read_bytes += len(message.get("body", b""))
        self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message


class StripPrefix:
    """Makes an application answer at `/` and at a prefix, so that no proxy rewrites paths."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path == self.prefix or path.startswith(self.prefix + "/"):
                raw = scope.get("raw_path", path.encode()).removeprefix(self.prefix.encode())
                rest = path.removeprefix(self.prefix)
                scope = {**scope, "path": rest or "/", "raw_path": raw or b"/"}
        await self.app(scope, receive, send)
