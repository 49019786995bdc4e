"""Passes a request on to the service behind, and its answer back; both are streams.

The gateway and the edge share it. Nothing is sent twice, no redirect is followed, no cookie is
kept: the client gets what the service answered, or a problem of its own.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.hop import RawHeaders, passed_on
from services.problem import Problem

# An answer that says it is no longer than this is read to its end before any of it is passed
# on: then one that breaks off is a clean 502. A longer one, or one of unknown length, is streamed.
HELD_BYTES = 256 * 1024
# A client that sends nothing for so long in the middle of its body is given up.
CLIENT_LIMIT_S = 30.0
# Below the 5 s after which uvicorn closes an idle connection.
KEEPALIVE_S = 2.0
# How many requests can have the service's attention at once; as many again wait for it, and who
# comes after them is told at once to come back.
MOST_AT_ONCE = 200
MOST_UNDER_WAY = 2 * MOST_AT_ONCE
# What uvicorn refuses to write in a header.
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

log = logging.getLogger(__name__)


class BrokenAnswer(Exception):  # noqa: N818 - a finding about the service, shown as 502
    """An answer came that cannot be passed on."""


class Upstream:
    """A service behind, with a pool of connections of its own: a slow one starves no other.

    Args:
        name: As logs and health name it.
        url: Where it is; a path in it goes before the path of each request.
        limit_s: How long it may take to answer, and between two pieces of a streamed answer. The
            time that the client takes to send its body does not count.
        client_limit_s: How long the client may be silent within its body.
        keep_connections: How many stay open between requests. With none, each request goes to
            whichever instance takes the next connection.
    """

    def __init__(
        self,
        name: str,
        url: str,
        limit_s: float,
        *,
        client_limit_s: float = CLIENT_LIMIT_S,
        keep_connections: int = 50,
    ) -> None:
        self.name = name
        self.limit_s = limit_s
        self._client_limit_s = client_limit_s
        self._url = httpx.URL(url)
        self._under_way = 0
        self._base_path = self._url.raw_path.rstrip(b"/")
        # A client would add headers, keep cookies and follow redirects; its transport does not.
        self._transport = httpx.AsyncHTTPTransport(
            verify=_verification(self._url),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=MOST_AT_ONCE,
                max_keepalive_connections=keep_connections,
                keepalive_expiry=KEEPALIVE_S,
            ),
        )

    async def forward(self, request: Request, headers: RawHeaders) -> Response:
        """Sends the request with these headers in place of its own.

        Raises:
            Problem: 408 for a client that stops sending, 422 for a request that HTTP/1.1 cannot
                carry, 502 for no or a broken answer, 503 where too many wait, 504 for a late one.
        """
        if self._under_way >= MOST_UNDER_WAY:
            raise Problem(503, "Too many wait for the service behind.", Retry_After="1")
        self._under_way += 1
        clock = asyncio.timeout(self.limit_s)
        try:
            async with clock:
                sent = self._request(request, headers, clock)
                return await self._answer(await self._transport.handle_async_request(sent))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise self._problem(request, 504, "The service behind is too slow.") from error
        except httpx.LocalProtocolError as error:
            raise Problem(422, "The request is not one that can be passed on.") from error
        except (httpx.TransportError, BrokenAnswer) as error:
            raise self._problem(
                request, 502, "The service behind gave no usable answer."
            ) from error
        finally:
            self._under_way -= 1

    async def get(self, path: str) -> tuple[int, bytes]:
        """Asks the service something of our own; the caller sets the limit in time.

        Returns:
            The status and the body.

        Raises:
            httpx.TransportError: No or a broken answer.
            BrokenAnswer: One that is too long.
        """
        # The connection ends with the answer, so that of several instances each is met in time.
        headers = {"Connection": "close"}
        extensions = self._extensions(path.encode())
        request = httpx.Request("GET", self._url, headers=headers, extensions=extensions)
        answer = await self._transport.handle_async_request(request)
        body = b""
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > HELD_BYTES:
                await answer.aclose()
                raise BrokenAnswer("too long")
        return answer.status_code, body

    async def close(self) -> None:
        await self._transport.aclose()

    def check(self, answer: httpx.Response) -> None:
        """Looks at an answer's head.

        Raises:
            BrokenAnswer: It cannot be passed on.
        """
        if not 200 <= answer.status_code <= 599:
            raise BrokenAnswer("a status that HTTP does not know")
        if any(CONTROL.search(value) for _, value in answer.headers.raw):
            raise BrokenAnswer("a control character in a header")

    def _request(
        self, request: Request, headers: RawHeaders, clock: asyncio.Timeout
    ) -> httpx.Request:
        has_body = {"content-length", "transfer-encoding"} & set(request.headers.keys())
        query = request.scope["query_string"]
        target = request.scope["raw_path"] + (b"?" + query if query else b"")
        return httpx.Request(
            request.method,
            self._url,
            headers=headers,
            content=self._body(request, clock) if has_body else None,
            extensions=self._extensions(target),
        )

    def _extensions(self, target: bytes) -> dict[str, object]:
        # As `target` it is sent byte for byte; httpx.URL would rewrite dots and escapes.
        limits = httpx.Timeout(self.limit_s).as_dict()
        return {"target": self._base_path + target, "timeout": limits}

    async def _body(self, request: Request, clock: asyncio.Timeout) -> AsyncIterator[bytes]:
        """The request's body; the clock stands while the client is waited for."""
        now_s = asyncio.get_running_loop().time
        more = True
        while more:
            left_s = (clock.when() or 0) - now_s()
            clock.reschedule(None)
            try:
                async with asyncio.timeout(self._client_limit_s):
                    message = await request.receive()
            except TimeoutError:
                raise Problem(408, "The body did not arrive.", Connection="close") from None
            if message["type"] == "http.disconnect":
                raise Problem(408, "The body did not arrive.", Connection="close")
            clock.reschedule(now_s() + left_s)
            more = message.get("more_body", False)
            yield message.get("body", b"")

    async def _answer(self, answer: httpx.Response) -> Response:
        try:
            self.check(answer)
            if _is_held(answer):
                body = b"".join([piece async for piece in answer.aiter_raw()])
                response = Response(body, answer.status_code)
            else:
                response = _Streamed(answer)
        except BaseException:
            await answer.aclose()
            raise
        response.raw_headers = passed_on(answer.headers.raw)
        return response

    def _problem(self, request: Request, status: int, detail: str) -> Problem:
        log.warning(detail, extra={"upstream": self.name, "request_id": request.state.request_id})
        return Problem(status, detail)


class _Streamed(StreamingResponse):
    """An answer passed on as it comes. One that breaks off breaks off for the client too."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(answer.aiter_raw(), answer.status_code)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._answer.aclose()


def _is_held(answer: httpx.Response) -> bool:
    declared_bytes = answer.headers.get("content-length")
    return declared_bytes is not None and int(declared_bytes) <= HELD_BYTES


def _verification(url: httpx.URL) -> ssl.SSLContext:
    """The default one, with `SSL_CERT_FILE`, costs 50 ms to build; an `http` service needs none."""
    if url.scheme == "https":
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
