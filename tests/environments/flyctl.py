"""The real flyctl, where there is one, and how it is kept away from Fly."""

import os
from pathlib import Path

import pytest

from tests.harness.platforms.flying import real_flyctl

# Nobody listens there: what would call Fly fails.
NOBODY = "http://127.0.0.1:9"


def real_one() -> str:
    """The real flyctl, or the test is skipped; `.ci/fly` builds it where it can, and says so."""
    found = real_flyctl()
    if found is None:
        pytest.skip("flyctl is not here; `.ci/fly` builds it")
    return found


def unplugged(home: Path) -> dict[str, str]:
    """Variables with which flyctl thinks that somebody is logged in, and reaches nobody."""
    apis = ("FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL", "FLY_METRICS_BASE_URL")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CI": "1",
        "NO_COLOR": "1",
        "FLY_API_TOKEN": "stand-in",
        "FLY_NO_UPDATE_CHECK": "1",
        "FLY_SEND_METRICS": "0",
        "FLY_SYNTHETICS_AGENT": "0",
        "HTTPS_PROXY": NOBODY,
        **dict.fromkeys(apis, NOBODY),
    }
