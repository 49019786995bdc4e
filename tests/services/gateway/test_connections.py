"""Whoever stands behind the gateway can be replaced at any time."""

import pytest

from tests.services.gateway.conftest import Gateway, bearer
from tests.services.scripted import Connection, declared_bytes, ok, server


@pytest.mark.parametrize("service", ["account", "keys"])
def test_no_request_goes_over_a_connection_that_its_other_end_may_just_be_closing(
    service: str, gateway: Gateway
) -> None:
    met: list[Connection] = []

    def script(connection: Connection, head: bytes) -> None:
        """Would answer many requests on one connection."""
        connection.read(declared_bytes(head))
        met.append(connection)
        connection.send(ok())

    with server(script) as behind:
        client = gateway(**{f"{service}_url": behind.url})
        for method in ("GET", "POST", "GET"):
            answer = client.request(method, f"/{service}/things", headers=bearer(), content=b"x")
            assert answer.status_code == 200
    assert len({id(connection) for connection in met}) == 3
