"""Is a private service really private? Looked at as whoever is outside would.

| seen from outside                                                    | means               |
|----------------------------------------------------------------------|---------------------|
| no such name, no address, only private ones; inside, it is healthy   | private             |
| refused, timed out, unreachable: every port, both families           | not reachable       |
| a TLS handshake, or any HTTP answer                                  | reachable: `fail`   |
| not seen from inside either, a wildcard in DNS, no DNS, a mute port  | cannot tell         |
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from harness.check import Check, step
from harness.checks._forged import Private, asked_for
from harness.checks._outside import Outside
from harness.checks._sighting import Seen, Sighting, collected, decide
from harness.checks._speaker import Speaker
from harness.checks.health import vouched
from harness.environment import Environment, Service
from harness.errors import ContractViolation, HarnessError
from harness.network import Network, host_of
from harness.target import Target


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each private service."""
    for name, service in environment.services.items():
        if service.visibility == "private":
            yield Check(id=f"private.{name}", service=name, function=hidden)


async def hidden(
    target: Target, targets: Mapping[str, Target], environment: Environment, network: Network
) -> None:
    """A private service cannot be reached from outside: by name, by address, through the edge."""
    inside = await _seen_inside(target, targets)
    vouching = inside if isinstance(inside, httpx.Response) else None
    speaker = Speaker.of(target.name, target.service, vouching)
    host, port = host_of(target.url)
    path = urlsplit(target.url).path + target.service.health.path
    private = Private(name=target.name, host=host, port=port, path=path)
    public = {n: s for n, s in environment.services.items() if s.visibility == "public"}
    outside = Outside(network, private, speaker)
    edges = _edges(public, targets)
    seen = await collected(
        (
            outside.by_name(target.service.not_at),
            outside.by_address(target.service.not_at),
            outside.beside_the_edge(public.values()),
            _through_the_edge(private, edges, speaker),
        )
    )
    unseen = [Sighting(what=inside, certain=False)] if isinstance(inside, str) else []
    decide(target.name, [*unseen, *seen])


async def _seen_inside(target: Target, targets: Mapping[str, Target]) -> httpx.Response | str:
    """The answer that says that it is there and healthy, or why there is none.

    What is seen from outside weighs more than a failure here, so none is raised: the health
    check tells of it.
    """
    if target.service.health.via is None:
        return "nothing sees it from inside; `health.via` names the service that does"
    try:
        with step("inside control"):
            return await vouched(target, targets)
    except (ContractViolation, HarnessError) as error:
        return f"not healthy as seen from inside: {error}"


def _edges(public: Mapping[str, Service], targets: Mapping[str, Target]) -> list[Target]:
    """Every public origin, asked by nobody in particular."""
    origins = {
        "{0.scheme}://{0.netloc}".format(urlsplit(url)): name
        for name, service in public.items()
        for url in service.urls
    }
    return [targets[name].at(origin, bare=True) for origin, name in origins.items()]


async def _through_the_edge(private: Private, edges: list[Target], speaker: Speaker) -> list[Seen]:
    with step("through the edge"):
        return await asked_for(private, edges, speaker)
