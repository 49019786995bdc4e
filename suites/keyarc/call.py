"""A call of the contract: what to ask, which status is right, how to read the answer.

A `Call` is a value that nothing has sent yet. `send` and `asend` send the same value, so that
synchronous and asynchronous users share every line that knows the contract.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypedDict, TypeVar

import httpx

from harness.check import expect
from harness.errors import ContractViolation, NoData
from harness.target import Target
from suites.keyarc.problem import Problem, read_problem

T = TypeVar("T")
Values = Mapping[str, str | int | list[str] | None]


class Parts(TypedDict, total=False):
    """What httpx and `Target` call the parts of a request."""

    headers: dict[str, str]
    params: dict[str, str | int | list[str]]
    json: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request and its promised answer.

    Attributes:
        path: Appended to the service's URL; begins with a slash.
        status: The one status that is right.
        read: Turns the answer, once its status is right, into a value; raises ContractViolation.
        params: Query parameters; None leaves one out.
        headers: Request headers; None leaves one out.
        json: The body; None sends none.
    """

    method: str
    path: str
    status: int
    read: Callable[[httpx.Response], T]
    params: Values = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    json: object = None

    def refused(self, status: int) -> "Call[Problem]":
        """The same request, where the promise is an error."""
        return Call(
            method=self.method,
            path=self.path,
            status=status,
            read=lambda response: read_problem(response, status),
            params=self.params,
            headers=self.headers,
            json=self.json,
        )

    def send(self, client: httpx.Client) -> T:
        """Sends it with a client whose `base_url` is the service.

        Raises:
            ContractViolation: Another status, or an answer that is not what was promised.
            NoData: 429 where it was not expected.
            httpx.TransportError: No answer.
        """
        return self._read(self.answer(client))

    def answer(self, client: httpx.Client) -> httpx.Response:
        """Sends it, and gives the answer as it is."""
        return client.request(self.method, self.path, **self._parts())

    async def asend(self, sender: httpx.AsyncClient | Target) -> T:
        """As `send`; through a `Target`, which raises what its class says, it is evidence."""
        if isinstance(sender, Target):
            parts = self._parts()
            return self._read(
                await sender.request(self.method, self.path, expect=self.status, **parts)
            )
        return self._read(await sender.request(self.method, self.path, **self._parts()))

    def _parts(self) -> Parts:
        parts: Parts = {
            "headers": {name: value for name, value in self.headers.items() if value is not None},
            "params": {name: value for name, value in self.params.items() if value is not None},
        }
        if self.json is not None:
            parts["json"] = self.json
        return parts

    def _read(self, response: httpx.Response) -> T:
        name = f"{self.method} {self.path}"
        if response.status_code != self.status:
            if response.status_code == 429:
                wait = response.headers.get("retry-after", "?")
                raise NoData(f"{name}: 429, Retry-After {wait}")
            raise ContractViolation(
                name, expected=f"status {self.status}", came=str(response.status_code)
            )
        return self.read(response)


def nothing(response: httpx.Response) -> None:
    """Reads an answer that has no body."""
    expect("no body", expected=b"", came=response.content)
