"""A stand-in for a registry, which an engine can pull one tiny image from."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
Parts = Mapping[str, tuple[str, bytes]]


def tiny_image(name: str) -> Parts:
    """By their digests, what a registry has of an image with one empty file in it.

    Args:
        name: No other one has it.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    layers = {"type": "layers", "diff_ids": [_digest(archive.getvalue())]}
    layer = gzip.compress(archive.getvalue())
    about = {"os": "linux", "architecture": "amd64", "config": {"Labels": {"name": name}}}
    config = json.dumps({**about, "rootfs": layers}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _described(CONFIG, config),
        "layers": [_described(LAYER, layer)],
    }
    parts = {MANIFEST: json.dumps(manifest).encode(), CONFIG: config, LAYER: layer}
    return {_digest(content): (kind, content) for kind, content in parts.items()}


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """The address of a registry that has these."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = parts.get(self.path.rpartition("/")[2], ("", b""))
            found = kind or self.path == "/v2/"
            self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        do_HEAD = do_GET  # noqa: N815  the server's word

        def log_message(self, *_: object) -> None:
            pass

    # An engine asks registries on loopback without TLS.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _described(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(content), "digest": _digest(content)}
