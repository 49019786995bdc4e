"""Toxiproxy's own server, where it can be had: built once with Go, and kept in the cache."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

VERSION = "v2.5.0"
VARIABLE = "KEYARC_VERIFY_TOXIPROXY"
_MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server"
_LIMIT_S = 300


def found() -> str | None:
    """The program: what `KEYARC_VERIFY_TOXIPROXY` or PATH has, or one that was built; else None."""
    given = os.environ.get(VARIABLE) or shutil.which("toxiproxy-server")
    if given:
        return given
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home) / "keyarc-verify" / "toxiproxy" / VERSION
    program, tried = kept / "server", kept / "tried"
    go = shutil.which("go")
    if go and not program.exists() and not tried.exists():
        kept.mkdir(parents=True)
        tried.touch()
        sys.stderr.write(f"building toxiproxy {VERSION}\n")
        with (kept / "log").open("w") as log:
            subprocess.run(
                [go, "install", f"{_MODULE}@{VERSION}"],
                env={**os.environ, "GOBIN": str(kept)},
                stdout=log,
                stderr=log,
                timeout=_LIMIT_S,
                check=False,
            )
    return str(program) if program.exists() else None


@contextmanager
def running(program: str, port: int, upstream: str, core: int) -> Iterator[tuple[str, int]]:
    """Toxiproxy on one core, with one proxy that leads there; where that listens."""
    words = [program, "-host", "127.0.0.1", "-port", str(port)]
    server = subprocess.Popen(
        words,
        env={**os.environ, "LOG_LEVEL": "panic"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport, trust_env=False) as client:
            made = client.post(
                f"http://127.0.0.1:{port}/proxies",
                json={"name": "bench", "listen": "127.0.0.1:0", "upstream": upstream},
            )
        host, _, at = made.raise_for_status().json()["listen"].rpartition(":")
        yield host, int(at)
    finally:
        server.terminate()
        server.wait()
