"""A headless Chromium that goes where the environment file says, and trusts whom it says."""

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness import needs
from harness.environment import Environment
from harness.errors import HarnessError
from harness.network import HostAndPort, Network, bracketed, host_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Asks for nothing but what the page does.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_CONNECT_LIMIT_S = 10


@contextmanager
def launched(*flags: str) -> Iterator["Browser"]:
    """Chromium, for as long as the context lasts.

    Not for longer than a test: meanwhile Playwright's event loop is that of the thread, and in the
    way of whoever starts another one.

    Raises:
        HarnessError: It did not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        pytest.fail("there is no Playwright: `pip install 'keyarc-verify[browser]'`")
    found = needs.browser()
    if found is None:
        pytest.fail(f"there is no Chromium on the PATH; looked for {', '.join(needs.BROWSERS)}")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *flags])
        except Error as error:
            raise HarnessError(f"{found} did not start: {first_line(error)}") from None
        yield browser
        browser.close()


def first_line(error: Exception) -> str:
    """What Playwright says; what follows tells every key that was pressed."""
    return str(error).partition("\n")[0]


def flags(environment: Environment, network: Network) -> list[str]:
    """What sends Chromium to the environment's services, and has it trust their certificates."""
    return [*_ways(network), *_trust(environment, network)]


def public_urls(environment: Environment) -> list[str]:
    """Every address that the page may ask."""
    services = environment.services.values()
    return [url for each in services if each.visibility == "public" for url in each.urls]


def _ways(network: Network) -> Iterator[str]:
    rules = [
        f"MAP {bracketed(host)}:{port} {bracketed(there[0])}:{there[1]}"
        for (host, port), there in network.connect.items()
    ]
    if network.loopback_only:
        near = ("localhost", "*.localhost", "127.0.0.1")
        rules += ["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in near)]
    if rules:
        yield f"--host-resolver-rules={', '.join(rules)}"


def _trust(environment: Environment, network: Network) -> Iterator[str]:
    """Where the file names an authority, the keys that it vouches for, and no other certificate
    that Chromium would refuse."""
    if network.ca_file is None:
        return
    urls = [url for url in public_urls(environment) if url.startswith("https:")]
    pins = {_pin(host_of(url), network) for url in urls}
    yield f"--ignore-certificate-errors-spki-list={','.join(sorted(pins))}"


def _pin(host: HostAndPort, network: Network) -> str:
    """A server's public key: base64 of SHA-256 over its SPKI."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    context = ssl.create_default_context(cafile=network.ca_file)
    with (
        socket.create_connection(network.address(*host), _CONNECT_LIMIT_S) as plain,
        context.wrap_socket(plain, server_hostname=host[0]) as connection,
    ):
        certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None, "a context that verifies has seen one"
    key = x509.load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
