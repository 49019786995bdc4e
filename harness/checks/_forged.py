"""Requests that ask a public edge for a private service, and whose answers come."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import httpx

from harness.checks._sighting import Seen, Sighting, collected
from harness.checks._speaker import Speaker
from harness.errors import Unreachable
from harness.names import sibling
from harness.network import bracketed
from harness.target import Target
from harness.trail import current

# A refusal is as good as another; a rate limit is waited for.
_ANY_STATUS = tuple(status for status in range(200, 600) if status != 429)


@dataclass(frozen=True, slots=True)
class Forgery:
    """A request that names somebody else than the edge: by a header, or by the path."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        named = "".join(f" with {name}: {value}" for name, value in self.headers.items())
        return f"GET {self.path}{named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A private service as an attacker knows it. `path` is that of its health."""

    name: str
    host: str
    port: int
    path: str

    def forgeries(self) -> list[Forgery]:
        host = bracketed(self.host)
        return [
            Forgery(self.path, {"Host": host}),
            Forgery(self.path, {"X-Forwarded-Host": host}),
            Forgery(f"/{self.name}{self.path}"),
            Forgery(f"//{host}{self.path}"),
        ]

    def stand_in(self) -> "Private":
        """One that is not there, to see what an edge answers to a name that it does not know."""
        host = sibling(self.host)
        return replace(self, name=host.partition(".")[0], host=host)


async def asked_for(private: Private, edges: Iterable[Target], speaker: Speaker) -> list[Seen]:
    """Asks every edge in every way, each of them one thing at a time."""

    async def of(edge: Target) -> list[Seen]:
        ways = range(len(private.forgeries()))
        return [
            seen
            for way in ways
            for seen in await collected([_asked(private, (edge, way), speaker)])
        ]

    return await collected(of(edge) for edge in edges)


async def _asked(private: Private, how: tuple[Target, int], speaker: Speaker) -> list[Sighting]:
    edge, way = how
    forgery = private.forgeries()[way]
    try:
        answer = await _sent(edge, forgery)
    except Unreachable:
        return []  # Closed without a word, as some edges do to hosts that they don't know.
    exchange = current().exchanges[-1]
    its = speaker.gave(answer.status_code, answer.content)
    if its is None:
        its = await _is_for_it_alone(private, how, answer)
    if its is False:
        return []
    known = "" if its else ", and one cannot tell whose answer it is"
    what = f"{edge.url} answers {answer.status_code} to {forgery}{known}"
    return [Sighting(what=what, certain=bool(its), exchange=exchange)]


async def _is_for_it_alone(
    private: Private, how: tuple[Target, int], answer: httpx.Response
) -> bool | None:
    """Whether names that nobody has get another answer; None where no two answers are the same."""
    edge, way = how
    others = [private.stand_in(), private.stand_in()]
    controls = await asyncio.gather(*(_sent(edge, one.forgeries()[way]) for one in others))
    words = [word for one in (*others, private) for word in (one.host, one.name)]
    gists = {_gist(control, words) for control in controls}
    if _gist(answer, words) in gists:
        return False
    if len(gists) == 1 or all(_kind(control) != _kind(answer) for control in controls):
        return True
    return None


async def _sent(edge: Target, forgery: Forgery) -> httpx.Response:
    return await edge.get(forgery.path, headers=forgery.headers, expect=_ANY_STATUS, refusable=True)


def _kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("content-type", "").partition(";")[0]


def _gist(answer: httpx.Response, words: list[str]) -> tuple[int, str, bytes]:
    """An answer without the names that it may repeat."""
    body = answer.content
    for word in words:
        body = body.replace(word.encode(), b"")
    return *_kind(answer), body
