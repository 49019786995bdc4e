"""Does a service that was just started answer?"""

import http.client
import socket
from urllib.parse import urlsplit

from harness.environment import Service
from harness.stack.sockets import LOOPBACK

LIMIT_S = 5


class Probe:
    """One question at a time to one service: its health, or, where none is declared or TLS is in
    the way, whether it takes a call.

    The question is sent at once, so that several services can think about theirs together.

    Args:
        url: Where it answers on this machine.
        service: What the environment file says of it, if it does.
    """

    def __init__(self, url: str, service: Service | None) -> None:
        address = urlsplit(url)
        assert address.port is not None
        self._port = address.port
        self._health = service.health if service and address.scheme == "http" else None
        self._asked: http.client.HTTPConnection | None = None
        self._ask()

    def passes(self) -> bool:
        """Waits for the answer; the next call asks again."""
        if self._health is None:
            return self._connects()
        connection = self._asked or self._ask()
        if connection is None:
            return False
        self._asked = None
        try:
            return connection.getresponse().status == self._health.expect_status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _ask(self) -> http.client.HTTPConnection | None:
        if self._health is None:
            return None
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=LIMIT_S)
        try:
            connection.request("GET", self._health.path)
        except OSError:
            connection.close()
            return None
        self._asked = connection
        return connection

    def _connects(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self._port), LIMIT_S).close()
        except OSError:
            return False
        return True
