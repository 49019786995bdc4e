"""Which public service a request is for, by its host and its path."""

import re

from starlette.requests import Request

from services.edge.settings import EdgeSettings
from services.problem import Problem

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(:[0-9]{1,5})?", re.IGNORECASE)


class Sites:
    """The names that the edge answers to."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._services = {
            **dict.fromkeys(_lower(settings.site_hosts), ""),
            settings.public_host: "",
            **dict.fromkeys(_lower(settings.auth_hosts), "auth"),
            **dict.fromkeys(_lower(settings.api_hosts), "gateway"),
        }

    def host(self, request: Request) -> str:
        """The host that the client asked for, lower-case and without port.

        Raises:
            Problem: 400 for none, several or one that is no host; 421 for a stranger's.
        """
        given = request.headers.getlist("host")
        match = HOST.fullmatch(given[0]) if len(given) == 1 else None
        if match is None:
            raise Problem(400, "A request needs one Host header.")
        host = match[1].lower()
        if host not in self._services:
            raise Problem(421, "This host is not served here.")
        return host

    def service(self, host: str, path: str) -> str:
        """The name of the service behind a path of one of these hosts."""
        by_path = {"auth": "auth", "api": "gateway"}.get(path.split("/", 2)[1], "frontend")
        return self._services[host] or by_path


def _lower(hosts: tuple[str, ...]) -> list[str]:
    return [host.lower() for host in hosts]
