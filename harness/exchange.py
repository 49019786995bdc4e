"""One pooled HTTP client for a run; every exchange lands on the trail of who made it."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from harness import __version__
from harness.errors import ContractViolation, ServerFailure, Unreachable, UsageError
from harness.look import Looks
from harness.model import Exchange
from harness.network import Network
from harness.pace import Pace
from harness.routing import Routed
from harness.skew import skew_s
from harness.trail import current, current_step

BODY_LIMIT_BYTES = 4 * 1024 * 1024
REQUEST_LIMIT_S = 4.5
_LIMITS = httpx.Limits(
    max_connections=100,
    # For each request httpcore compares idle connections with each other: many make it slow.
    max_keepalive_connections=20,
    # Below what servers usually keep open, so that no request meets a connection being closed.
    keepalive_expiry=2.0,
)


@dataclass(slots=True)
class Traffic:
    """All requests of a run together.

    Attributes:
        failures: A line for each 5xx and each silence.
        skews_s: By origin, how far its clock is ahead: the least that was seen.
    """

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    skews_s: dict[str, float] = field(default_factory=dict)

    def clear(self) -> None:
        """Begins anew; those who look at it keep looking at the same."""
        self.requests = 0
        self.failures.clear()
        self.skews_s.clear()

    def saw(self, origin: str, skew_s: float | None) -> None:
        """Takes note of a clock; None where an answer does not show one."""
        if skew_s is not None:
            self.skews_s[origin] = min(self.skews_s.get(origin, skew_s), skew_s, key=abs)


class EvidenceClient:
    """Sends requests and keeps what was said.

    Args:
        pace: Which requests keep; what waiting for it costs is no part of an exchange.

    Attributes:
        answered: Origins that have answered in this run, whatever they answered.
        traffic: What became of all that was sent.
        looks: Answers that several checks read.
    """

    def __init__(self, network: Network | None = None, pace: Pace | None = None) -> None:
        self.network = network or Network()
        self._pace = pace
        self.answered: set[str] = set()
        self.traffic = Traffic()
        self.looks = Looks()

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport(),
            timeout=None,  # noqa: S113  `send` limits the whole exchange
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": f"keyarc-verify/{__version__}", "Accept-Encoding": "identity"},
        )

    def _transport(self) -> httpx.AsyncBaseTransport:
        context = tls_context(self.network.ca_file)

        def make() -> httpx.AsyncHTTPTransport:
            return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=_LIMITS)

        return make() if self.network.is_plain else Routed(self.network, make)

    def prepare(self) -> None:
        """Builds the client now. Raises UsageError where its certificate file is of no use."""
        assert self._http is not None

    def build(self, method: str, url: str, **parts: object) -> httpx.Request:
        """A request that `send` takes; `parts` as for `httpx.AsyncClient.build_request`."""
        return self._http.build_request(method, url, **parts)  # type: ignore[arg-type]  # its types

    async def send(
        self, request: httpx.Request, limit_s: float = REQUEST_LIMIT_S
    ) -> httpx.Response:
        """Sends a request once.

        Raises:
            Unreachable: Nothing answered.
            ServerFailure: What answered broke off, is no HTTP, or has no TLS that we trust.
            ContractViolation: The body is too large, or encoded as nobody asked.
        """
        if self._pace is not None:
            await self._pace.turn()
        entry = _Entry(request)
        try:
            async with asyncio.timeout(limit_s):
                await self._answer(request, entry)
        except TimeoutError:
            raise entry.failed(_late(entry, limit_s)) from None
        except httpx.TransportError as error:
            raise entry.failed(_transport_failure(error, entry)) from None
        except ContractViolation as violation:
            raise entry.failed(violation) from None
        except asyncio.CancelledError:
            current().unanswered.append(entry.origin)
            entry.error = "given up while waiting for the answer"
            raise
        finally:
            entry.close()
        return entry.response()

    async def look_anew(self) -> None:
        """From here on, what was answered before will not do."""
        await self.looks.close()
        self.looks = Looks()

    async def close(self) -> None:
        await self.looks.close()
        if "_http" in self.__dict__:
            await self._http.aclose()

    async def _answer(self, request: httpx.Request, entry: "_Entry") -> None:
        sent_s = time.time()
        answer = await self._http.send(request, stream=True)
        try:
            entry.head = answer
            self.answered.add(entry.origin)
            self.traffic.saw(entry.origin, skew_s(answer.headers, sent_s, time.time()))
            encoding = answer.headers.get("content-encoding", "identity")
            if encoding.lower() != "identity":
                raise ContractViolation(
                    entry.name, expected="a body that is not encoded", came=repr(encoding)
                )
            async for chunk in answer.aiter_raw():
                entry.body += chunk
                if len(entry.body) > BODY_LIMIT_BYTES:
                    raise ContractViolation(
                        entry.name,
                        expected=f"a body of at most {BODY_LIMIT_BYTES} bytes",
                        came="more",
                    )
        finally:
            await answer.aclose()


class _Entry:
    """An exchange while it happens."""

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.name = f"{request.method} {request.url.path}"
        self.origin = origin_of(request.url)
        self.head: httpx.Response | None = None
        self.body = bytearray()
        self.error: str | None = None
        self._trail = current()
        self._started_ms = self._trail.elapsed_ms()

    def failed(self, error: Exception) -> Exception:
        self.error = str(error)
        return error

    def close(self) -> None:
        head = self.head
        self._trail.exchanges.append(
            Exchange(
                method=self.request.method,
                url=str(self.request.url),
                request_headers=tuple(self.request.headers.multi_items()),
                request_body=_text(self.request.content) or None,
                status=head.status_code if head else None,
                response_headers=tuple(head.headers.multi_items()) if head else (),
                response_body=_text(bytes(self.body)) if head else None,
                error=self.error,
                step=current_step(),
                started_ms=self._started_ms,
                duration_ms=self._trail.elapsed_ms() - self._started_ms,
            )
        )

    def response(self) -> httpx.Response:
        head = self.head
        assert head is not None, "an exchange that did not fail has an answer"
        return httpx.Response(
            head.status_code, headers=head.headers, content=bytes(self.body), request=self.request
        )


def origin_of(url: httpx.URL) -> str:
    """Scheme, host and port: `https://keyarc.io:443`."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host}:{port}"


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """What trusts the system's authorities, or those of a file instead.

    Raises:
        UsageError: The file is of no use.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
        raise UsageError(f"tls.ca_file: {ca_file} cannot be used: {reason}") from None


def _late(entry: _Entry, limit_s: float) -> Exception:
    if entry.head is None:
        return Unreachable(f"{entry.name}: no answer within {limit_s:g} s", origin=entry.origin)
    return ServerFailure(
        entry.name, expected=f"a whole answer within {limit_s:g} s", came="only its beginning"
    )


def _transport_failure(error: httpx.TransportError, entry: _Entry) -> Exception:
    """Whose fault is it? An httpx error that no server can cause comes back as it is."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return error
    tls = _tls_error(error)
    if tls is not None:
        came = getattr(tls, "verify_message", "") or tls.reason or "no TLS"
        return ServerFailure(entry.name, expected="TLS with a trusted certificate", came=came)
    garbled = isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error)
    if entry.head is not None or garbled:
        return ServerFailure(entry.name, expected="a whole HTTP answer", came=str(error))
    reason = str(error) or type(error).__name__
    return Unreachable(
        f"{entry.name}: no answer from {entry.origin}: {reason}", origin=entry.origin
    )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
