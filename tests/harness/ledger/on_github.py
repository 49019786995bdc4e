"""A ledger on the stand-in for GitHub, and answers that it is told to give."""

from dataclasses import replace
from typing import Any

from harness.ledger.github import GitHubLedger, open_ledger
from tests.harness.ledger.stand_in import REPOSITORY, TOKEN, GitHub

SETTINGS = {"repository": REPOSITORY, "token": TOKEN, "ref": "main"}


def ledger(github: GitHub, **settings: str) -> GitHubLedger:
    opened = open_ledger({**SETTINGS, "api_url": github.url, **settings}, "some")
    return replace(opened, wait=github.wait)


def told(*parts: Any) -> Any:
    """An answer that is given once, whatever is asked."""
    status, body, headers = (*parts, {}, {})[:3]
    return lambda request: (status, body, headers)
