"""The links of one process, by name: made, changed and shown as Toxiproxy's API has it."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from harness.link import address, tls
from harness.link.link import Link
from harness.link.refusal import Refusal, field


class Proxies:
    """All links.

    Args:
        seed: For what toxics leave to chance.
        beyond_loopback: Whether they may listen where others than this machine can come.
    """

    def __init__(self, *, seed: int = 0, beyond_loopback: bool = False) -> None:
        self.seed = seed
        self._beyond_loopback = beyond_loopback
        self._links: dict[str, Link] = {}

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))

    def __getitem__(self, name: str) -> Link:
        """One link.

        Raises:
            Refusal: There is none of that name.
        """
        if name not in self._links:
            raise Refusal(404, "proxy not found")
        return self._links[name]

    def keep(self, link: Link) -> None:
        self._links[link.name] = link

    def enable(self) -> None:
        """Has all of them listen.

        Raises:
            Refusal: One cannot.
        """
        for link in self:
            _enable(link)

    def create(self, body: Mapping[str, Any]) -> Link:
        """Makes a link.

        Raises:
            Refusal: It cannot be made as asked.
        """
        name, upstream = field(body, "name", str, ""), field(body, "upstream", str, "")
        for key, value in (("name", name), ("upstream", upstream)):
            if not value:
                raise Refusal(400, f"missing required field: {key}")
        if name in self._links:
            raise Refusal(409, "proxy already exists")
        leads_to = address.read(upstream, "upstream")
        held = self._held(field(body, "listen", str, "") or "127.0.0.1:0")
        try:
            link = Link(name, held, leads_to, seed=self.seed, context=_context(body))
            if field(body, "enabled", bool, True):
                _enable(link)
        except Refusal:
            held.close()
            raise
        self.keep(link)
        return link

    def change(self, link: Link, body: Mapping[str, Any]) -> None:
        """Has a link lead or listen elsewhere, or listen or not.

        Raises:
            Refusal: It cannot be so.
        """
        is_wanted = field(body, "enabled", bool, link.is_enabled)
        upstream = address.read(
            field(body, "upstream", str, "") or address.shown(*link.upstream), "upstream"
        )
        listen = field(body, "listen", str, "")
        moves = bool(listen) and not _is_at(link, listen)
        if moves or upstream != link.upstream:
            link.move(upstream, self._held(listen) if moves else None)
        if is_wanted:
            _enable(link)
        else:
            link.disable()

    def populate(self, bodies: list[Mapping[str, Any]]) -> Iterator[Link]:
        """Makes links, or replaces those that lead or listen elsewhere; gives each once it is so.

        Raises:
            Refusal: One cannot be made; where a field is missing, none has been.
        """
        for number, body in enumerate(bodies, 1):
            for key in ("name", "upstream"):
                if not field(body, key, str, ""):
                    raise Refusal(400, f"missing required field: {key} at proxy {number}")
        for body in bodies:
            there = self._links.get(body["name"])
            if there is not None and not _is_same(there, body):
                self.delete(there.name)
                there = None
            yield there or self.create(body)

    def delete(self, name: str) -> None:
        """Ends a link.

        Raises:
            Refusal: There is none of that name.
        """
        self[name].close()
        del self._links[name]

    def reset(self, *links: Link) -> None:
        """Takes all toxics off and has them listen: these links, or all.

        Raises:
            Refusal: One cannot listen.
        """
        for link in links or self:
            for name in list(link.toxics):
                link.take(name)
            _enable(link)

    def close(self) -> None:
        for link in self:
            link.close()

    def _held(self, listen: str) -> socket.socket:
        return address.hold(*address.read(listen, "listen"), beyond_loopback=self._beyond_loopback)


def shown(link: Link) -> dict[str, Any]:
    """A link as the API has it."""
    return {
        "name": link.name,
        "listen": address.shown(*link.listen),
        "upstream": address.shown(*link.upstream),
        "enabled": link.is_enabled,
        "toxics": [toxic.shown() for toxic in link.toxics.values()],
    }


def _enable(link: Link) -> None:
    try:
        link.enable()
    except OSError as error:
        where = address.shown(*link.listen)
        raise Refusal(500, f"listen tcp {where}: bind: {error.strerror or error}") from None


def _is_at(link: Link, listen: str) -> bool:
    host, port = address.read(listen, "listen")
    return link.listen == ("127.0.0.1" if host == "localhost" else host, port)


def _is_same(link: Link, body: Mapping[str, Any]) -> bool:
    listen = field(body, "listen", str, "")
    leads_there = address.read(body["upstream"], "upstream") == link.upstream
    return leads_there and (not listen or _is_at(link, listen))


def _context(body: Mapping[str, Any]) -> ssl.SSLContext | None:
    files: Mapping[str, Any] | None = field(body, "tls", dict, None)
    if files is None:
        return None
    named = [field(files, key, str, "") for key in ("certificate", "key")]
    if not all(named):
        raise Refusal(400, "missing required field: tls has to have certificate and key")
    try:
        return tls.context(*named)
    except OSError as error:
        raise Refusal(400, f"tls: {error.strerror or error}: {', '.join(named)}") from None
