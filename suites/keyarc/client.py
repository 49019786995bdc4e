"""One client for both ways of asking.

    Auth(httpx.Client(base_url=…)).login(…)              answers at once
    await Auth(target).login(…)                          the same, awaited
    await Auth(target).login.refused(401, …)             where the promise is an error

An operation is a method that builds a `Call`; what the client was made with decides how the call
is sent, and the type checker knows which of the two it is.
"""

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import httpx

from harness.target import Target
from suites.keyarc.call import Call
from suites.keyarc.problem import Problem

Sender = TypeVar("Sender", bound=httpx.Client | httpx.AsyncClient | Target, covariant=True)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Client(Generic[Sender]):
    """A service, and who asks it.

    Args:
        sender: A `Target`, or an httpx client whose `base_url` is the service's URL.
        token: The access token that every request carries; None sends none.
        claims: Further headers of every request, which say who asks and should not be believed.
    """

    def __init__(
        self, sender: Sender, token: str | None = None, *, claims: Mapping[str, str] | None = None
    ) -> None:
        self.sender = sender
        self.authorization: dict[str, str | None] = {
            "Authorization": f"Bearer {token}" if token is not None else None,
            **(claims or {}),
        }


class Now(Generic[Arguments, Answer]):
    """An operation of a client that waits for the answer."""

    def __init__(self, build: Callable[Arguments, Call[Answer]], sender: httpx.Client) -> None:
        self._build, self._sender = build, sender

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        return self._build(*args, **kwargs).send(self._sender)

    def refused(self, status: int, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Problem:
        """Asks where an error of this status is promised."""
        return self._build(*args, **kwargs).refused(status).send(self._sender)

    def answer(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> httpx.Response:
        """Asks, and leaves it to the caller what is right."""
        return self._build(*args, **kwargs).answer(self._sender)


class Later(Generic[Arguments, Answer]):
    """An operation of a client whose answer is awaited."""

    def __init__(
        self, build: Callable[Arguments, Call[Answer]], sender: httpx.AsyncClient | Target
    ) -> None:
        self._build, self._sender = build, sender

    async def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        return await self._build(*args, **kwargs).asend(self._sender)

    def call(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Call[Answer]:
        """What would be sent, for whoever sends it otherwise."""
        return self._build(*args, **kwargs)

    async def refused(
        self, status: int, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Problem:
        """Asks where an error of this status is promised."""
        return await self._build(*args, **kwargs).refused(status).asend(self._sender)


class operation(Generic[Arguments, Answer]):  # noqa: N801  a decorator
    """Makes a method that builds a `Call` one that sends it."""

    def __init__(self, build: Callable[Concatenate[Any, Arguments], Call[Answer]]) -> None:
        self._build = build

    @overload
    def __get__(
        self, client: Client[httpx.Client], owner: type | None = None
    ) -> Now[Arguments, Answer]: ...

    @overload
    def __get__(
        self, client: Client[httpx.AsyncClient | Target], owner: type | None = None
    ) -> Later[Arguments, Answer]: ...

    def __get__(
        self, client: Any, owner: type | None = None
    ) -> Now[Arguments, Answer] | Later[Arguments, Answer]:
        build: Callable[Arguments, Call[Answer]] = self._build.__get__(client)
        if isinstance(client.sender, httpx.Client):
            return Now(build, client.sender)
        return Later(build, client.sender)
