"""A request as a line for a shell."""

import re
import shlex

from harness.model import Exchange
from harness.redaction import REDACTED

# What the client says of itself or of the connection: a reader repeats the request without it.
_OWN_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
)


def curl_line(exchange: Exchange, ca_file: str | None = None) -> str:
    """How to repeat a redacted exchange; what was redacted in its headers is `$TOKEN`."""
    words = ["curl", "-sS", "-i"]
    if exchange.method != "GET":
        words += ["-X", shlex.quote(exchange.method)]
    if ca_file and exchange.url.startswith("https:"):
        words += ["--cacert", shlex.quote(ca_file)]
    for name, value in exchange.request_headers:
        if name.lower() not in _OWN_HEADERS:
            words += ["-H", _quoted(f"{name}: {value}")]
    if exchange.request_body:
        words += ["--data-raw", shlex.quote(exchange.request_body)]
    return " ".join([*words, shlex.quote(exchange.url)])


def _quoted(text: str) -> str:
    """Quoted for a shell, `$TOKEN` alone open to it."""
    if REDACTED not in text:
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(REDACTED, "$TOKEN")}"'
