"""A system that is not ours: Prometheus, from Debian, started with nothing but its own defaults.

`.ci/stranger` installs it, and makes its absence a failure.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import pytest

LIMIT_S = 30


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    url: str
    process: "subprocess.Popen[bytes]"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    if program is None:
        text = "Prometheus is not installed; `.ci/stranger` installs it"
        (pytest.fail if os.environ.get("KEYARC_VERIFY_STRANGER") == "required" else pytest.skip)(
            text
        )
        return
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address={address}"], cwd=tmp_path, stdout=log, stderr=log
        )
    try:
        until_ready(f"http://{address}/-/ready", process)
        yield Prometheus(f"http://{address}", process)
    finally:
        process.kill()
        process.wait()


def until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "Prometheus ended"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.02)
    raise TimeoutError(url)
