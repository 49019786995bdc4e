"""Which headers of a message go further, and which end at this hop."""

from collections.abc import Iterable

# RFC 9110, 7.6.1, and the older ones that it still knows; `Connection` itself names more.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The server of this hop has answered `Expect`, and writes its own `Date` and `Server`.
OF_THIS_HOP = frozenset({"expect", "date", "server"})

RawHeaders = list[tuple[bytes, bytes]]


def passed_on(
    headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[str] = frozenset()
) -> RawHeaders:
    """The headers that belong to the message, not to one of its hops.

    Args:
        headers: As they came.
        dropped: More names to leave out, lower-case with dashes. Underscores count as dashes,
            since what is behind may not tell them apart.
    """
    lower = [(name.lower(), value) for name, value in headers]
    named = b",".join(value for name, value in lower if name == b"connection").decode("latin-1")
    out = HOP_BY_HOP | OF_THIS_HOP | dropped | {each.strip().lower() for each in named.split(",")}
    if any(name == b"transfer-encoding" for name, _ in lower):
        # RFC 9112, 6.3: then a length is not to be believed, and must not go further.
        out |= {"content-length"}
    return [
        (name, value)
        for name, value in lower
        if name.decode("latin-1").replace("_", "-") not in out
    ]
