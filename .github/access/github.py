"""One repository on GitHub's REST API: limits waited out, no redirect followed, refusals told.

Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api,
    .../using-pagination-in-the-rest-api, .../troubleshooting-the-rest-api
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

REQUEST_LIMIT_S = 20.0
TRIES = 3
PAGE = 100


class RefusedError(Exception):
    """GitHub did not do what it was asked, or cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What brings GitHub nearer to the files.

    Attributes:
        path: Below the repository, with a slash before it.
    """

    method: str
    path: str
    body: Any = None


class _Stay(urllib.request.HTTPRedirectHandler):
    """A token goes to the address that was meant, and to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(kw_only=True)
class GitHub:
    """One repository, with what may be known and changed of it by one token.

    Attributes:
        patience_s: How long all requests together may wait for a limit to lift.
    """

    api_url: str
    repository: str
    token: str = field(repr=False)
    patience_s: float = 60.0
    wait: Callable[[float], None] = time.sleep

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    def get(self, path: str) -> Any:
        """What is there: below the repository, or from the API's root without its slash.

        Raises:
            RefusedError: It cannot be had; not there is None.
        """
        return self._answer(Request(method="GET", path=path), missing=True)

    def items(self, path: str, key: str = "") -> list[Any]:
        """All items of a list, whatever the number of its pages.

        Args:
            key: Where the items are in an answer; empty: the answer is the list.
        """
        found: list[Any] = []
        sign = "&" if "?" in path else "?"
        for page in range(1, 1000):
            answer = self.get(f"{path}{sign}per_page={PAGE}&page={page}")
            part = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(part, list):
                raise RefusedError(f"{path}: not the list that was asked for")
            found += part
            if len(part) < PAGE:
                break
        return found

    def send(self, request: Request) -> None:
        """Raises: RefusedError."""
        self._answer(request)

    def _answer(self, request: Request, *, missing: bool = False) -> Any:
        failures = 0
        while True:
            status, headers, said = self._once(request)
            if 200 <= status < 300:
                return said
            if status == 404 and missing:
                return None
            asked_s = _limit_s(status, headers, said)
            if asked_s is not None:
                self._sit_out(asked_s)
                continue
            failures += 1
            # A POST that was not answered may have been done: to be looked at, not repeated.
            if (status < 500 and status != 0) or failures == TRIES or request.method == "POST":
                raise RefusedError(self._told(request, status, headers, said))
            self.wait(failures / 2)

    def _once(self, request: Request) -> tuple[int, Any, Any]:
        """Status, headers and body; status 0 where nothing that is HTTP came."""
        root = f"/repos/{self.repository}" if request.path.startswith("/") else "/"
        url = f"{self.api_url}{root}{request.path}".rstrip("/")
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "keyarc-verify",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        call = urllib.request.Request(url, content, headers, method=request.method)  # noqa: S310 - https, or loopback: apply sees to it
        handlers: list[Any] = [_Stay]
        if url.startswith("http:"):
            handlers.append(urllib.request.ProxyHandler({}))
        try:
            with urllib.request.build_opener(*handlers).open(call, timeout=REQUEST_LIMIT_S) as got:
                return got.status, got.headers, _parsed(got.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, _parsed(error.read())
        except (OSError, http.client.HTTPException) as error:
            return 0, {}, {"message": f"no answer: {error}"}

    def _sit_out(self, asked_s: float) -> None:
        if asked_s > self.patience_s:
            raise RefusedError(f"too many requests: GitHub asks to wait for {asked_s:.0f} s")
        self.patience_s -= asked_s
        self.wait(asked_s)

    def _told(self, request: Request, status: int, headers: Any, said: Any) -> str:
        told = f"{request.method} {request.path}: {status or 'no status'}: {_message(said)}"
        if 300 <= status < 400:
            there = urlsplit(headers.get("Location") or "").netloc
            told += f"; it leads to {there or 'nowhere'}: was the repository renamed?"
        if status == 401:
            told += "; GITHUB_TOKEN is not a token that GitHub knows, or it has expired"
        needed = headers.get("X-Accepted-GitHub-Permissions")
        if status in (403, 404):
            told += f"; the token has to have: {needed or 'administration=write'}"
        # A printable line: what a server said stands in it.
        line = "".join(each if each.isprintable() else " " for each in told)
        return line.replace(self.token, "***")[:600]


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return {"message": "not JSON"}


def _message(said: Any) -> str:
    """Why, in GitHub's words: a message, and what it says of single fields."""
    if not isinstance(said, dict):
        return "it says nothing"
    errors = said.get("errors")
    more = errors if isinstance(errors, list) else [errors] if errors else []
    told = [each.get("message", str(each)) if isinstance(each, dict) else each for each in more]
    return ": ".join([str(said.get("message", "it says nothing")), *map(str, told)])


def _limit_s(status: int, headers: Any, said: Any) -> float | None:
    """For how long GitHub wants no more requests; None where no limit is why it refuses."""
    if status not in (403, 429):
        return None
    after = headers.get("Retry-After") or ""
    if after.isdecimal():
        return float(after)
    reset = headers.get("X-RateLimit-Reset") or ""
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
        return max(float(reset) - time.time(), 0.0) + 1
    if status == 429 or "rate limit" in _message(said).lower():
        return 60.0
    return None
