"""Does plain http lead to https, to the same place and nowhere else, or is nothing there?"""

import socket
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from harness.check import Check
from harness.connection import connected
from harness.environment import Environment, Service
from harness.errors import ContractViolation, HarnessError, Unreachable
from harness.network import Network, host_of, plain_urls
from harness.target import Target

_REDIRECTS = (301, 302, 307, 308)
_PROBE = "keyarc-verify=1"
_CLOSED_AFTER_S = 2.0

Place = tuple[str, str, int, str, str]


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each public service with https, where its plain addresses are known."""
    for name, service in environment.services.items():
        plain = (service.http.url,) if service.http.url else tuple(plain_urls(service.urls))
        has_https = any(url.startswith("https://") for url in service.urls)
        if service.visibility == "public" and has_https and plain:
            function = redirected if service.http.expect == "redirect" else closed
            given = {"plain": plain}
            yield Check(id=f"redirect.{name}", service=name, function=function, given=given)


async def redirected(target: Target, plain: tuple[str, ...]) -> None:
    """Plain http answers with a redirect to the same path over https, and with nothing else."""
    for address in plain:
        await _leads_to_https(target, address)


async def closed(target: Target, network: Network, plain: tuple[str, ...]) -> None:
    """Nothing listens for plain http, while the same host answers with https."""
    for address in plain:
        await _is_closed(target.service, network, address)


async def _leads_to_https(target: Target, address: str) -> None:
    # Without headers and identity: a token must not travel unencrypted.
    asked = f"{address}{target.service.health.path}?{_PROBE}"
    path = f"{target.service.health.path}?{_PROBE}"
    response = await target.at(address, bare=True).get(path)
    allowed = _allowed(target.service, address)
    location = response.headers.get("location", "")
    came = str(response.status_code)
    if response.status_code in _REDIRECTS:
        came = f"{came} to {location or 'nowhere'}"
        led_to = _place(location, asked) if location else None
        if led_to in map(_place, allowed):
            return
        if led_to == _place(asked):
            came = f"{came}, itself"
    raise ContractViolation(
        f"{asked} does not lead to https",
        expected=f"a redirect to {' or '.join(allowed)}",
        came=came,
    )


def _allowed(service: Service, address: str) -> list[str]:
    """Where a plain address may lead: to the https addresses of its host."""
    secure = [url for url in service.urls if url.startswith("https://")]
    host, _ = host_of(address)
    same_host = [url for url in secure if host_of(url)[0] == host]
    return [f"{url}{service.health.path}?{_PROBE}" for url in same_host or secure]


def _place(url: str, base: str = "") -> Place | None:
    """What two spellings of one address have in common; None for what is no address."""
    try:
        url = urljoin(base, url)
        parts = urlsplit(url)
        host, port = host_of(url)
    except ValueError:
        return None
    if parts.username is not None:
        return None
    return parts.scheme, host, port, parts.path, parts.query


async def _is_closed(service: Service, network: Network, address: str) -> None:
    host, port = host_of(address)
    secure = [url for url in service.urls if url.startswith("https://")]
    control = next((url for url in secure if host_of(url)[0] == host), secure[0])
    # Silence means something only where the same host can be heard.
    async with connected(network, *host_of(control)):
        pass
    try:
        async with connected(network, host, port, limit_s=_CLOSED_AFTER_S):
            pass
    except Unreachable as silence:
        _must_be_silence(silence)
        return
    raise ContractViolation(
        f"{host}:{port} is open", expected="no connection", came="a connection was accepted"
    )


def _must_be_silence(silence: Unreachable) -> None:
    """Refused and timed out are; not having been able to ask is not."""
    why = silence.__context__
    if not isinstance(why, OSError) or isinstance(why, socket.gaierror):
        raise HarnessError(f"cannot tell whether it is closed: {silence}") from None
