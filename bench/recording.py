"""What one run of `smoke` sent, and what had to wait for what: for those who send the same.

A chain is what one check, one resource's set-up or its removal sends, in waves: requests of a wave
were under way together, and a wave followed the one before. `after` names the chains that have to
be over first. Values that an answer brought and a later request sent, such as a token, are noted
with both, so that whoever repeats the run can send what its own answers bring.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from harness.model import Exchange, Result
from harness.network import Network, host_of
from harness.plan import Plan
from harness.redaction import Redactor
from harness.runner import Means
from harness.verification import Verification

# Shorter values turn up in requests by chance.
_SHORTEST = 8
_MADE_BY_CLIENTS = ("content-length", "transfer-encoding")


class Unredacted(Redactor):
    """Keeps what cannot be repeated without: such records stay in memory."""

    def result(self, result: Result) -> Result:
        return result


class Recording(Verification):
    """A verification whose results are as they were sent."""

    def means(self) -> Means:
        return replace(super().means(), secrets=Unredacted())


@dataclass
class Chain:
    """Requests that follow each other."""

    name: str
    after: list[str]
    waves: list[list[Exchange]] = field(default_factory=list)

    @property
    def duration_ms(self) -> float:
        return sum(max(one.duration_ms for one in wave) for wave in self.waves)


def chains_of(plan: Plan, results: Mapping[str, Result]) -> list[Chain]:
    """Every chain of a run, each behind those that it comes after."""
    setups = [
        Chain(name, _among(made.needs, plan), _waves(results[f"resource.{name}"], 0))
        for name, made in plan.resources.items()
    ]
    checks = [
        Chain(check.id, _among(check.needs, plan), _waves(results[check.id], 0))
        for check in plan.checks
    ]
    before = [*setups, *checks]
    removals = [
        Chain(
            _removal(name),
            [*(c.name for c in before), *(_removal(n) for n in _needing(name, plan))],
            _waves(results[f"resource.{name}"], 1),
        )
        for name in reversed(list(plan.resources))
    ]
    return [*before, *removals]


def critical_path_ms(chains: list[Chain]) -> float:
    """How long the requests took that had to follow each other, in the run that they are of."""
    by_name = {chain.name: chain for chain in chains}
    return max(_until_ms(chain, by_name) for chain in chains)


def longest(chains: list[Chain]) -> list[Chain]:
    """The chains that take longest one after the other, with what makes and removes resources.

    All of these are needed: a path without its user cannot be asked again, nor left behind.
    """
    by_name = {chain.name: chain for chain in chains}
    end = max(chains, key=lambda chain: _until_ms(chain, by_name))
    path = [end]
    while path[0].after:
        before = max(path[0].after, key=lambda name: _until_ms(by_name[name], by_name))
        path.insert(0, by_name[before])
    resources = [name for name in by_name if _removal(name) in by_name]
    names = {*(chain.name for chain in path), *resources, *map(_removal, resources)}
    return [
        replace(chain, after=[name for name in chain.after if name in names])
        for chain in chains
        if chain.name in names
    ]


def script(chains: list[Chain], network: Network) -> list[dict[str, Any]]:
    """The chains as those can read them who import nothing of ours."""
    sent = [text for chain in chains for one in _each(chain) for text in [_text(one)]]
    brought = iter(_brought([one for chain in chains for one in _each(chain)], sent))
    known: list[str] = []

    def request(one: Exchange) -> dict[str, Any]:
        uses = [value for value in known if value in _text(one)]
        brings = next(brought)
        known.extend(value for _, value in brings)
        return {**_address(one, network), **_parts(one), "uses": uses, "brings": brings}

    return [
        {
            "name": chain.name,
            "after": chain.after,
            "waves": [[request(one) for one in wave] for wave in chain.waves],
        }
        for chain in chains
    ]


def _removal(name: str) -> str:
    return f"removal of {name}"


def _needing(name: str, plan: Plan) -> list[str]:
    return [other for other, made in plan.resources.items() if name in made.needs]


def _among(needs: tuple[str, ...], plan: Plan) -> list[str]:
    return [need for need in needs if need in plan.resources]


def _waves(result: Result, attempt: int) -> list[list[Exchange]]:
    if len(result.attempts) <= attempt:
        return []
    waves: list[list[Exchange]] = []
    over_ms = float("-inf")
    own = [one for one in result.attempts[attempt].exchanges if not one.shared]
    for one in sorted(own, key=lambda one: one.started_ms):
        if one.started_ms >= over_ms:
            waves.append([])
        waves[-1].append(one)
        over_ms = max(over_ms, one.started_ms + one.duration_ms)
    return waves


def _until_ms(chain: Chain, by_name: Mapping[str, Chain]) -> float:
    before = (_until_ms(by_name[name], by_name) for name in chain.after)
    return chain.duration_ms + max(before, default=0.0)


def _each(chain: Chain) -> Iterator[Exchange]:
    for wave in chain.waves:
        yield from wave


def _text(one: Exchange) -> str:
    return "\n".join(
        [one.url, *(value for _, value in one.request_headers), one.request_body or ""]
    )


def _brought(exchanges: list[Exchange], sent: list[str]) -> Iterator[list[tuple[list[str], str]]]:
    """For each exchange where in its answer a value stands that was first sent after it."""
    for position, one in enumerate(exchanges):
        before, later = sent[: position + 1], sent[position + 1 :]
        yield [
            (where, value)
            for where, value in _values(one)
            if len(value) >= _SHORTEST
            and any(value in text for text in later)
            and not any(value in text for text in before)
        ]


def _values(one: Exchange) -> Iterator[tuple[list[str], str]]:
    for name, value in one.response_headers:
        if name.lower() == "etag":
            yield [], value
    try:
        tree = json.loads(one.response_body or "")
    except ValueError:
        return
    yield from _leaves(tree, [])


def _leaves(tree: object, path: list[str]) -> Iterator[tuple[list[str], str]]:
    if isinstance(tree, dict):
        for name, part in tree.items():
            yield from _leaves(part, [*path, name])
    elif isinstance(tree, str):
        yield path, tree


def _address(one: Exchange, network: Network) -> dict[str, Any]:
    parts = urlsplit(one.url)
    host, port = network.address(*host_of(one.url))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    tls = parts.scheme in ("https", "tls")
    return {"name": parts.hostname, "host": host, "port": port, "tls": tls, "target": target}


def _parts(one: Exchange) -> dict[str, Any]:
    return {
        "method": one.method,
        "headers": [h for h in one.request_headers if h[0].lower() not in _MADE_BY_CLIENTS],
        "body": one.request_body or "",
        "status": one.status,
    }
