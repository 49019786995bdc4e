"""Certificates for servers on loopback, from an authority that a test can have trusted."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class Authority:
    """Signs certificates; `ca_file` is what trusts it."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(self._ca.cert_pem.bytes())

    def context(self, *names: str, begins_d: float = -1, ends_d: float = 365) -> ssl.SSLContext:
        """For a server with these names, good between these two days from now."""
        now = datetime.now(UTC)
        leaf = self._ca.issue_cert(
            *names,
            not_before=now + timedelta(days=begins_d),
            not_after=now + timedelta(days=ends_d),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context
