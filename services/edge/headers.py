"""What the edge tells the services of the client and of the address that it used."""

from starlette.requests import Request

from services.hop import RawHeaders, passed_on

# Said by whoever stands in front, so never taken from a client.
FROM_PROXIES = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-forwarded-scheme",
        "x-forwarded-server",
        "x-forwarded-ssl",
        "x-real-ip",
    }
)


class Forwarded:
    """Writes the client's address and the like over anything that the client said of them."""

    def __init__(self, client_address_header: str) -> None:
        self._client_address = client_address_header.lower()

    def headers(self, request: Request) -> RawHeaders:
        peer = request.client.host.encode() if request.client else b""
        return [
            *passed_on(request.headers.raw, FROM_PROXIES | {self._client_address}),
            (self._client_address.encode(), peer),
            (b"x-forwarded-for", peer),
            (b"x-forwarded-host", request.headers["host"].encode("latin-1")),
            (b"x-forwarded-proto", request.scope["scheme"].encode()),
        ]
