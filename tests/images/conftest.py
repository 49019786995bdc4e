"""Images that were built: by `.ci/compose`, which names them in AUTH_IMAGE and so on."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from tests.images.sources import TARGETS

# What every service takes, and what some do. Nobody answers at these addresses.
SETTINGS = {
    "ENVIRONMENT": "dev",
    "RELEASE_ID": "r1",
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:9/nowhere",
    "JWT_SECRET": "j" * 32,
    "INTERNAL_TOKEN": "i" * 32,
    **dict.fromkeys(("ACCOUNT_URL", "KEYS_URL", "FRONTEND_URL"), "http://127.0.0.1:9"),
    **dict.fromkeys(("AUTH_URL", "API_URL", "GATEWAY_URL", "PUBLIC_URL"), "http://127.0.0.1:9"),
    "SITE_HOSTS": "localhost",
}


def docker(*words: str, check: bool = True) -> str:
    """What the real one prints."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout


@cache
def missing_means() -> str:
    if shutil.which("docker") is None:
        return "docker is not here"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        return "no Docker engine answers"
    unnamed = [name for name in map(variable, TARGETS) if name not in os.environ]
    return f"{', '.join(unnamed)}: name no image" if unnamed else ""


def variable(target: str) -> str:
    return f"{target.upper()}_IMAGE"


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> str:
    """Each of the images, by the name of its target."""
    missing = missing_means()
    if missing and os.environ.get("KEYARC_VERIFY_IMAGES") == "required":
        pytest.fail(missing)
    if missing:
        pytest.skip(f"{missing}; `.ci/compose` builds them")
    name: str = request.param
    return name


@pytest.fixture
def image(target: str) -> str:
    return os.environ[variable(target)]


def inspected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", name))[0]
    return found


def logs(container: str) -> str:
    """All that it has said, of either kind."""
    words = ["docker", "logs", container]
    said = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return said.stdout.decode()


@contextmanager
def started(image: str, *options: str, **settings: str) -> Iterator[str]:
    """A container as confined as in compose.yaml, and without a network; its id."""
    words = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"]
    words += [f"--env={name}={value}" for name, value in {**SETTINGS, **settings}.items()]
    container = docker("run", "--detach", *words, *options, image).strip()
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


@pytest.fixture
def needed(target: str, image: str) -> Iterator[list[str]]:
    """What only this service needs to start: for the edge, a certificate."""
    if target != "edge":
        yield []
        return
    volume = docker("volume", "create").strip()
    mount = f"--volume={volume}:/tls"
    script = ["sh", "services/edge/certificate.sh", "/tls", "/tmp/ca.pem", "localhost"]
    docker("run", "--rm", "--network=none", "--user=0", mount, image, *script)
    yield [mount]
    docker("volume", "rm", volume)
