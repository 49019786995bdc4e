"""The ledger as Deployments of a GitHub repository, so that it outlives the runner.

Each entry is a Deployment of its own, whole in the Deployment's payload. Its one status shows it to
people on GitHub, and is never read: GitHub deletes statuses after 90 days. docs/ledger.md says what
the settings are, and what the token needs.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from harness.environment.consistency import url_problems
from harness.errors import LedgerError, UsageError
from harness.ledger._deployment import TASK, deployment_of, entry_in, opened, status_of
from harness.ledger._entry import Entry
from harness.ledger._github import Conversation, connected

_API = "https://api.github.com"
_PATIENCE_S = 180.0
_SETTINGS = ("repository", "token", "ref", "api_url")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")


def open_ledger(settings: Mapping[str, str], environment: str) -> "GitHubLedger":
    """The ledger of an environment; nothing is sent yet.

    Raises:
        UsageError: A setting is missing, unknown, or cannot be what it is meant to be.
    """
    for name in settings:
        if name not in _SETTINGS:
            known = ", ".join(_SETTINGS)
            raise _wrong(name, f"the ledger `github` does not know it; known: {known}")
    if not _REPOSITORY.fullmatch(settings.get("repository", "")):
        raise _wrong("repository", "write owner/name")
    token = settings.get("token", "")
    if not (token and token.isascii() and token.isprintable() and " " not in token):
        raise _wrong("token", "no token; name a variable that holds one: ${env:GITHUB_TOKEN}")
    api_url = settings.get("api_url", _API)
    for problem in url_problems(api_url):
        raise _wrong("api_url", problem)
    if not api_url.startswith("https:") and not _LOOPBACK.match(api_url):
        raise _wrong("api_url", "the token goes over https alone; write https://host")
    return GitHubLedger(
        environment=environment,
        repository=settings["repository"],
        token=token,
        ref=settings.get("ref", ""),
        api_url=api_url,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubLedger:
    """The entries of one environment, in one repository.

    Attributes:
        patience_s: How long one operation may wait for GitHub's limits to lift.
    """

    environment: str
    repository: str
    token: str = field(repr=False)
    ref: str
    api_url: str
    patience_s: float = _PATIENCE_S
    wait: Callable[[float], None] = time.sleep

    def __str__(self) -> str:
        """Where it is, for people."""
        return f"the deployments of {self.repository}"

    def entries(self) -> list[Entry]:
        query = {"environment": self.environment, "task": TASK}
        with self._conversation() as github:
            listed = github.listed("/deployments", query)
        try:
            own = [each for each in listed if each["task"] == TASK]
            # Several in one second: their numbers tell.
            own.sort(key=lambda each: (str(each["created_at"]), int(each["id"])))
            told = [(each["id"], each["payload"]) for each in own]
        except (TypeError, KeyError, ValueError):
            raise LedgerError(f"{self.api_url}: what it lists are no deployments") from None
        by_key: dict[str, Entry] = {}
        for number, payload in told:
            # One that was posted twice, or came on two pages, is one all the same.
            by_key.setdefault(*self._read(number, payload))
        return list(by_key.values())

    def append(self, entry: Entry) -> None:
        body = deployment_of(entry, self.environment, self._ref(entry.release))
        with self._conversation() as github:
            made = github.made("/deployments", body)
            if not isinstance(made, dict) or opened(made.get("payload")) != body["payload"]:
                raise LedgerError(
                    f"{self.api_url}: what it keeps of the entry is not what it was given"
                )
            # The entry is kept: this is for who looks at GitHub, and not worth any waiting.
            github.patience_s = 0
            with suppress(LedgerError):
                github.made(f"/deployments/{made.get('id')}/statuses", status_of(entry))

    def _ref(self, release: str) -> str:
        """What a Deployment has to point at."""
        commit = release if _COMMIT.fullmatch(release) else ""
        ref = self.ref or commit or os.environ.get("GITHUB_SHA", "")
        if not ref:
            raise LedgerError(
                f"a deployment needs something to point at, and {release} is no full commit id: "
                "set ledger.settings.ref to a branch, a tag or a commit, or the variable GITHUB_SHA"
            )
        return ref

    def _read(self, number: object, payload: object) -> tuple[str, Entry]:
        try:
            return entry_in(payload, self.environment)
        except ValueError as problem:
            raise LedgerError(
                f"deployment {number} of {self.repository}, of the task {TASK}: {problem}"
            ) from None

    @contextmanager
    def _conversation(self) -> Iterator[Conversation]:
        with connected(self.api_url) as client:
            yield Conversation(
                client=client,
                api_url=self.api_url,
                repository=self.repository,
                token=self.token,
                patience_s=self.patience_s,
                wait=self.wait,
            )


def _wrong(setting: str, what: str) -> UsageError:
    return UsageError(f"ledger.settings.{setting}: {what}")
