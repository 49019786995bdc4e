"""A service as a check sees it: requests that keep evidence and know when to repeat."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypedDict, Unpack

import httpx

from harness.confirmation import SAFE_METHODS, Budget, Confirmation
from harness.environment import Service
from harness.errors import ContractViolation, ServerFailure, Unreachable
from harness.exchange import REQUEST_LIMIT_S, EvidenceClient
from harness.trail import current

Who = Callable[[], Awaitable[dict[str, str]]]


class RequestOptions(TypedDict, total=False):
    """What a request may say.

    `expect`: the status, or statuses, that are right; absent, the caller looks at it.
    `json`: a body that is sent as JSON; `content`: one that is sent as it is.
    `timeout_s`: for this request, when the default of 4.5 s is not right.
    `shared`: another check's answer to the same request will do; asked anew to confirm a failure.
    `refusable`: no answer is one way to refuse it: raised at once, and no failure of the run.
    """

    expect: int | tuple[int, ...]
    headers: dict[str, str]
    params: dict[str, str | int | list[str]]
    json: object
    content: bytes
    timeout_s: float
    refusable: bool
    shared: bool


class Target:
    """A service, and a way to ask it.

    Every request becomes evidence of the check that makes it. Redirects are never followed,
    cookies never kept, bodies cut off at 4 MiB (a `fail`). What comes back is below 500 and not
    429, or one of the statuses that `expect` allows:

    * another status than `expect`: ContractViolation, at once;
    * no answer, or a 5xx that is not in `expect`: a safe request (GET, HEAD, OPTIONS) is repeated
      up to 5 times; failing again raises ServerFailure or Unreachable, never again makes the
      check `flaky`. Anything else raises at once, and the runner runs the whole check again;
    * 429 that is not in `expect`: waited for as `Retry-After` says, else NoData.

    Attributes:
        name: The service's name in the environment file.
        service: What the environment file says of it.
        url: Where it answers, without a slash at the end.

    Args:
        who: Gives the headers of whoever asks, where the environment file names an identity.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        client: EvidenceClient,
        *,
        budget: Budget | None = None,
        who: Who | None = None,
    ) -> None:
        self.name = name
        self.service = service
        self.url = service.url
        self._client = client
        self._budget = budget or Budget()
        self._who = who

    def at(self, url: str, *, bare: bool = False) -> "Target":
        """The same service at another of its addresses.

        Args:
            bare: Nothing is sent that the environment file gives: no headers, no identity. For
                plain http, say, where a token would be readable.
        """
        service = self.service.model_copy(update={"headers": {}}) if bare else self.service
        who = None if bare else self._who
        other = Target(self.name, service, self._client, budget=self._budget, who=who)
        other.url = url
        return other

    async def request(
        self, method: str, path: str, **options: Unpack[RequestOptions]
    ) -> httpx.Response:
        """Sends one request; `path` begins with a slash and is appended to `url`.

        Raises:
            ContractViolation, ServerFailure, Unreachable, NoData: see the class.
        """
        expected = _statuses(options.get("expect"))
        limit_s = options.get("timeout_s", REQUEST_LIMIT_S)
        may_share = iter([True] if options.get("shared") else [])

        async def send() -> httpx.Response:
            request = self._client.build(
                method,
                self.url + path,
                headers={**await self._own_headers(), **(options.get("headers") or {})},
                params=options.get("params"),
                json=options.get("json"),
                content=options.get("content"),
            )
            if options.get("refusable"):
                return await self._client.send(request, limit_s)
            counted = partial(self._counted, request, limit_s, expected)
            if next(may_share, False) and not current().again:
                return await self._client.looks.answer(request, counted)
            return await counted()

        safe = method.upper() in SAFE_METHODS and not options.get("refusable")
        response = await Confirmation(safe, frozenset(expected), self._budget).confirmed(send)
        if expected and response.status_code not in expected:
            raise ContractViolation(
                f"{method} {path}",
                expected=f"status {' or '.join(map(str, expected))}",
                came=f"{response.status_code}{_redirect(response)}",
            )
        return response

    async def get(self, path: str, **options: Unpack[RequestOptions]) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Unpack[RequestOptions]) -> httpx.Response:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Unpack[RequestOptions]) -> httpx.Response:
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Unpack[RequestOptions]) -> httpx.Response:
        return await self.request("DELETE", path, **options)

    async def _own_headers(self) -> dict[str, str]:
        """What the environment file has sent with every request to this service."""
        if self._who is None:
            return dict(self.service.headers)
        return {**self.service.headers, **await self._who()}

    async def _counted(
        self, request: httpx.Request, limit_s: float, expected: tuple[int, ...]
    ) -> httpx.Response:
        """Sends it once, and adds what came of it to the run's traffic."""
        traffic = self._client.traffic
        traffic.requests += 1
        try:
            response = await self._client.send(request, limit_s)
        except (Unreachable, ServerFailure) as failure:
            traffic.failures.append(str(failure))
            raise
        status = response.status_code
        if status >= 500 and status not in expected:
            traffic.failures.append(f"{request.method} {request.url.path}: {status}")
        return response


def _statuses(expect: int | tuple[int, ...] | None) -> tuple[int, ...]:
    return (expect,) if isinstance(expect, int) else expect or ()


def _redirect(response: httpx.Response) -> str:
    location = response.headers.get("location")
    return f", a redirect to {location}" if location and response.is_redirect else ""
