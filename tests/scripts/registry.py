"""Where images are: a stand-in of buildx and registry, or real ones.

With KEYARC_VERIFY_REGISTRY, the address of a registry on loopback, the real `docker buildx` on the
PATH asks that: `crane registry serve`, say.
"""

import hashlib
import http.client
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from tests.scripts.step import PLAIN

REAL = os.environ.get("KEYARC_VERIFY_REGISTRY", "")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SERVICES = ("auth", "account", "keys", "gateway", "frontend")


class Registry:
    """The stand-in's: a folder."""

    prefix = "ghcr.io/Keyarc-Org"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        stand_ins = Path(__file__).parent / "stand_ins"
        self.env = {"PATH": f"{stand_ins}:{PLAIN['PATH']}", "REGISTRY": str(folder)}

    def repository(self, service: str) -> str:
        return f"{self.prefix}/keyarc-{service}".lower()

    def push(self, service: str, *tags: str) -> str:
        """A new image under these tags; as `name@digest`."""
        name = self.repository(service)
        digest = f"sha256:{hashlib.sha256(uuid4().bytes).hexdigest()}"
        for reference in (f"{name}@{digest}", *(f"{name}:{tag}" for tag in tags)):
            (self._folder / reference.replace("/", "%")).write_text(f"{digest}\n")
        return f"{name}@{digest}"

    def has(self, service: str, tag: str) -> str | None:
        """What a tag stands for, as `name@digest`."""
        file = self._folder / f"{self.repository(service)}:{tag}".replace("/", "%")
        return f"{self.repository(service)}@{file.read_text().strip()}" if file.exists() else None

    def forget(self, service: str, tag: str) -> None:
        (self._folder / f"{self.repository(service)}:{tag}".replace("/", "%")).unlink()


class RealRegistry(Registry):
    """One that speaks the OCI distribution API."""

    def __init__(self, folder: Path) -> None:
        # The registry outlives the test: each has a part of its own.
        self.prefix = f"{REAL}/Org-{uuid4().hex}"
        self._paths = f"/v2/org-{self.prefix.rpartition('-')[2]}"
        self.env = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG")
            if name in os.environ
        }

    def push(self, service: str, *tags: str) -> str:
        config = json.dumps({"architecture": "amd64", "os": "linux", "id": uuid4().hex}).encode()
        base = f"{self._paths}/keyarc-{service}"
        upload = self._send("POST", f"{base}/blobs/uploads/")["location"]
        where = urlsplit(upload)
        self._send("PUT", f"{where.path}?digest={_digest(config)}", config)
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": _digest(config),
                    "size": len(config),
                },
                "layers": [],
            }
        ).encode()
        for reference in (_digest(manifest), *tags):
            self._send("PUT", f"{base}/manifests/{reference}", manifest)
        return f"{self.repository(service)}@{_digest(manifest)}"

    def has(self, service: str, tag: str) -> str | None:
        path = f"{self._paths}/keyarc-{service}/manifests/{tag}"
        digest = self._send("HEAD", path).get("docker-content-digest")
        return f"{self.repository(service)}@{digest}" if digest else None

    def forget(self, service: str, tag: str) -> None:
        self._send("DELETE", f"{self._paths}/keyarc-{service}/manifests/{tag}")

    def _send(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        connection = http.client.HTTPConnection(REAL, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": MANIFEST, "Accept": MANIFEST})
            answer = connection.getresponse()
            answer.read()
            assert answer.status < 300 or answer.status == 404, (method, path, answer.status)
            return {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def registry(folder: Path) -> Registry:
    if REAL:
        assert re.fullmatch(r"127\.0\.0\.1:\d+", REAL), "a registry on loopback"
        return RealRegistry(folder)
    return Registry(folder)
