"""Stacks whose PostgreSQL is in a container; skipped, with the reason, where there is no engine.

`.ci/container` provides engine and image, and makes their absence a failure.
"""

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from harness.errors import StackError
from harness.stack import engine
from tests.harness.stack.conftest import Sandbox
from tests.harness.stack.conftest import sandbox as sandbox

IMAGE = os.environ.get("KEYARC_VERIFY_POSTGRES_IMAGE", "keyarc-verify/postgres:15")
POSTGRES = {"database": "app", "source": "container", "image": IMAGE}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "container: needs a Docker engine, and the image for tests.")
    config.addinivalue_line("markers", "lane: takes minutes, and so runs in `.ci/container` alone.")


def pytest_runtest_setup(item: pytest.Item) -> None:
    is_lane = os.environ.get("KEYARC_VERIFY_CONTAINER") == "required"
    if item.get_closest_marker("lane") and not is_lane:
        pytest.skip("takes minutes; `.ci/container` runs it")
    missing = missing_means() if item.get_closest_marker("container") else ""
    if missing and is_lane:
        pytest.fail(missing)
    if missing:
        pytest.skip(f"{missing}; `.ci/container` has both")


@cache
def missing_means() -> str:
    with warnings.catch_warnings():
        # Docker's client forgets its socket when nobody answers.
        warnings.simplefilter("ignore", ResourceWarning)
        missing = _missing_means()
        gc.collect()
    return missing


def _missing_means() -> str:
    try:
        with docker() as client:
            tags = [tag for image in client.images.list() for tag in image.tags]
    except StackError as error:
        return str(error)
    return "" if IMAGE in tags else f"the image {IMAGE} is not here"


@contextmanager
def docker() -> Iterator[Any]:
    """Docker's client, closed at the end."""
    client = engine.reach()
    try:
        yield client
    finally:
        client.close()


def containers(sandbox: Sandbox) -> list[str]:
    """The names of this sandbox's stack's, running or not."""
    label = f"{engine.LABEL}={sandbox.state.path}"
    with docker() as client:
        found = client.api.containers(all=True, filters={"label": label})
    return [name.lstrip("/") for container in found for name in container["Names"]]
