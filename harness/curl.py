"""A request as a line for a shell."""

import re
import shlex
from urllib.parse import urlsplit

from harness.model import Exchange
from harness.network import Network, bracketed, host_of
from harness.redaction import REDACTED

# What the client says of itself or of the connection: a reader repeats the request without it.
_OWN_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
)
_RAW = frozenset({"DNS", "TCP", "TLS"})


def curl_line(exchange: Exchange, network: Network | None = None) -> str:
    """How to repeat a redacted exchange; what was redacted in its headers is `$TOKEN`."""
    network = network or Network()
    if exchange.method in _RAW:
        return _raw_line(exchange, network)
    words = ["curl", "-sS", "-i", *_routed(exchange.url, network)]
    if exchange.method != "GET":
        words += ["-X", shlex.quote(exchange.method)]
    if network.ca_file and exchange.url.startswith("https:"):
        words += ["--cacert", shlex.quote(network.ca_file)]
    for name, value in exchange.request_headers:
        forged = name.lower() == "host" and value != _authority(exchange.url)
        if forged or name.lower() not in _OWN_HEADERS:
            words += ["-H", _quoted(f"{name}: {value}")]
    if exchange.request_body:
        words += ["--data-raw", shlex.quote(exchange.request_body)]
    return " ".join([*words, shlex.quote(exchange.url)])


def _raw_line(exchange: Exchange, network: Network) -> str:
    """How to look at what is no HTTP request."""
    if exchange.method == "DNS":
        name, _, kind = exchange.url.removeprefix("dns:").partition("?type=")
        server = network.nameserver
        at = [f"@{server[0]}", "-p", str(server[1])] if server else []
        return shlex.join(["dig", "+noall", "+answer", "+comments", *at, name, kind])
    host, port = network.connect.get(host_of(exchange.url), host_of(exchange.url))
    if exchange.method == "TCP":
        return shlex.join(["nc", "-vz", host, str(port)])
    there, named = f"{bracketed(host)}:{port}", host_of(exchange.url)[0]
    return shlex.join(["openssl", "s_client", "-connect", there, "-servername", named])


def _authority(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _routed(url: str, network: Network) -> list[str]:
    """Where the name leads, if not to where DNS says."""
    host, port = host_of(url)
    there = network.connect.get((host, port))
    if there is None:
        return []
    name, address = f"{bracketed(host)}:{port}", bracketed(there[0])
    if port == there[1] and not address[-1].isalpha():
        return ["--resolve", shlex.quote(f"{name}:{address}")]
    return ["--connect-to", shlex.quote(f"{name}:{address}:{there[1]}")]


def _quoted(text: str) -> str:
    """Quoted for a shell, `$TOKEN` alone open to it."""
    if REDACTED not in text:
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(REDACTED, "$TOKEN")}"'
