"""A certificate authority for one run of one stack: its key lives in memory, and ends with it."""

import ssl
from pathlib import Path

import trustme


class Authority:
    """Signs certificates that clients trust through `ca_file`."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="keyarc-verify local stack")

    def write(self, ca_file: Path) -> None:
        """Writes the certificate; the key is never written."""
        ca_file.write_bytes(self._ca.cert_pem.bytes())

    def server_context(self, names: list[str], memory: Path) -> ssl.SSLContext:
        """A TLS context with a certificate for these names.

        Args:
            names: Host names and addresses.
            memory: A directory in memory. OpenSSL reads keys from files alone: the leaf's is in
                one there for the length of a call.
        """
        leaf = self._ca.issue_cert(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(memory)) as file:
            context.load_cert_chain(file)
        return context
