"""The script `.github/access/apply`, run as people run it, over a stand-in for GitHub."""

import copy
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.access.serving import standing_in
from tests.access.stand_in import REPOSITORY, TOKEN, GitHub

ACCESS = Path(__file__).parents[2] / ".github/access"
# What makes a command's folder, its output or its proxies other than they are for anybody.
PLAIN = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Apply = Callable[..., Ended]
State = dict[str, Any]


@pytest.fixture
def github() -> Iterator[GitHub]:
    with standing_in() as running:
        yield running


@pytest.fixture
def apply(github: GitHub) -> Apply:
    """Runs it with some arguments; `token` and `url` can be others."""

    def run(*arguments: str, token: str = TOKEN, url: str = "") -> Ended:
        return ended(*arguments, token=token, url=url or github.url)

    return run


@pytest.fixture(scope="session")
def state() -> State:
    """What a repository holds to which all files were applied, its secrets set by hand."""
    with standing_in() as github:
        github.secrets = {name: ["VERIFY_VARIABLES"] for name in ENVIRONMENTS}
        assert Ended(0, ANY, "") == ended(token=TOKEN, url=github.url)
        return {name: getattr(github, name) for name in KEPT}


@pytest.fixture
def applied(github: GitHub, state: State) -> GitHub:
    for name, value in copy.deepcopy(state).items():
        setattr(github, name, value)
    return github


def ended(*arguments: str, token: str, url: str) -> Ended:
    process = subprocess.run(
        [sys.executable, str(ACCESS / "apply"), "--repository", REPOSITORY, *arguments],
        env={**PLAIN, "GITHUB_TOKEN": token, "GITHUB_API_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert token == "" or token not in process.stdout + process.stderr
    assert "Traceback" not in process.stderr
    return Ended(process.returncode, process.stdout, process.stderr)


KEPT = ("rulesets", "environments", "policies", "secrets", "labels", "actions", "number")
ENVIRONMENTS = [file.stem for file in sorted((ACCESS / "environments").glob("*.json"))]
