"""Does a service that was just started answer?"""

import http.client
import socket
from urllib.parse import urlsplit

from harness.environment import Service

PROBE_LIMIT_S = 5


def answers(url: str, service: Service | None) -> bool:
    """Asks its health, or, where none is declared or TLS is in the way, whether it takes a call.

    Args:
        url: Where it answers on this machine.
        service: What the environment file says of it, if it does.
    """
    address = urlsplit(url)
    assert address.port is not None
    if service is None or address.scheme == "https":
        return _connects(address.port)
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=PROBE_LIMIT_S)
    try:
        connection.request("GET", service.health.path)
        return connection.getresponse().status == service.health.expect_status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PROBE_LIMIT_S).close()
    except OSError:
        return False
    return True
