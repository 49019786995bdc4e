"""Conversations with GitHub's REST API: its limits waited out, its pages joined, its refusals told.

Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api,
    .../using-pagination-in-the-rest-api, .../troubleshooting-the-rest-api
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from harness.errors import LedgerError
from harness.ledger._refusal import refusal, said
from harness.redaction import Redactor

# Seconds; GitHub itself gives up on a request after ten.
_REQUEST_LIMIT_S = 20.0
# Where GitHub says that it is too much, and not for how long: at least a minute, then longer.
_UNTOLD_S = 60.0
_TRIES = 3
_REDIRECTIONS = 5
_MOVED = (301, 302, 307, 308)


@dataclass(kw_only=True)
class Conversation:
    """Requests that belong to one operation, one after the other.

    Attributes:
        api_url: Without a slash at its end.
        patience_s: How long all of them together may wait for a limit to lift.
        wait: Sleeps for so many seconds.
    """

    client: httpx.Client
    api_url: str
    repository: str
    token: str = field(repr=False)
    patience_s: float
    wait: Callable[[float], None] = time.sleep

    def listed(self, path: str, query: Mapping[str, str]) -> list[Any]:
        """All items of a list, whatever the number of its pages.

        Raises:
            LedgerError: GitHub refused, did not answer, or answered something else.
        """
        found: list[Any] = []
        url: str | None = str(httpx.URL(self._url(path), params={**query, "per_page": "100"}))
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise LedgerError(f"{self.api_url}: the pages of {path} lead in a circle")
            seen.add(url)
            answer = self._answer("GET", url, None)
            page = self._json(answer)
            if answer.status_code != 200 or not isinstance(page, list):
                raise LedgerError(f"{self.api_url}: {path}: not the list that was asked for")
            found += page
            url = self._next(answer)
        return found

    def made(self, path: str, body: Mapping[str, object]) -> Any:
        """What GitHub made of it. To be called with what may be made twice: it is tried again.

        Raises:
            LedgerError: As for `listed`; or nothing was made.
        """
        answer = self._answer("POST", self._url(path), body)
        if answer.status_code != 201:
            raise LedgerError(f"{self.api_url}: {path}: nothing was made: {self._said(answer)}")
        return self._json(answer)

    def _answer(self, method: str, url: str, body: Mapping[str, object] | None) -> httpx.Response:
        failures = limits = redirections = 0
        while True:
            try:
                answer = self.client.request(method, url, json=body, headers=self._headers())
            except httpx.HTTPError as error:
                failures += 1
                self._after_failure(failures, f"does not answer: {type(error).__name__}: {error}")
                continue
            if answer.status_code >= 500:
                failures += 1
                self._after_failure(failures, f"answers {answer.status_code}: {self._said(answer)}")
            elif answer.status_code in _MOVED:
                redirections += 1
                url = self._elsewhere(answer, redirections)
            elif (asked_s := limit_s(answer, limits)) is not None:
                limits += 1
                self._sit_out(asked_s)
            elif answer.is_success:
                return answer
            else:
                told = refusal(answer, self.repository)
                raise LedgerError(self._clean(f"{self.api_url}: {told}"))

    def _after_failure(self, failures: int, told: str) -> None:
        if failures == _TRIES:
            raise LedgerError(self._clean(f"{self.api_url} {told} (tried {_TRIES} times)"))
        self.wait(float(failures))

    def _sit_out(self, asked_s: float) -> None:
        if asked_s > self.patience_s:
            raise LedgerError(
                f"{self.api_url}: too many requests; GitHub asks to wait for {asked_s:.0f} s, "
                f"and no more than {max(self.patience_s, 0):.0f} s are left for that: try later"
            )
        self.patience_s -= asked_s
        self.wait(asked_s)

    def _elsewhere(self, answer: httpx.Response, redirections: int) -> str:
        if redirections > _REDIRECTIONS:
            raise LedgerError(f"{self.api_url}: led on more than {_REDIRECTIONS} times")
        return self._own(answer, answer.headers.get("location", ""))

    def _next(self, answer: httpx.Response) -> str | None:
        following = answer.links.get("next", {}).get("url")
        return None if following is None else self._own(answer, following)

    def _own(self, answer: httpx.Response, address: str) -> str:
        """An address that an answer names, where that may be given the token."""
        own = httpx.URL(self.api_url)
        try:
            url = answer.url.join(address)
        except httpx.InvalidURL:
            raise LedgerError(f"{self.api_url}: leads to what is no address") from None
        if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port):
            raise LedgerError(
                f"{self.api_url}: leads to {url.scheme}://{url.netloc.decode()}, "
                "which is not given the token; check ledger.settings.api_url"
            )
        return str(url)

    def _url(self, path: str) -> str:
        return f"{self.api_url}/repos/{self.repository}{path}"

    def _headers(self) -> dict[str, str]:
        return {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {self.token}",
            "user-agent": "keyarc-verify",
            "x-github-api-version": "2022-11-28",
        }

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise LedgerError(
                f"{self.api_url}: answers {answer.status_code}, not in JSON"
            ) from None

    def _said(self, answer: httpx.Response) -> str:
        return self._clean(said(answer))

    def _clean(self, text: str) -> str:
        redactor = Redactor()
        redactor.register(self.token)
        return redactor.text(text)


def connected(api_url: str) -> httpx.Client:
    """A client that follows nothing by itself; proxies are the caller's, but for plain http."""
    is_near = httpx.URL(api_url).scheme == "http"
    return httpx.Client(
        follow_redirects=False,
        trust_env=not is_near,
        # Without TLS nobody has to be trusted, and reading whom to trust is what costs.
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_near else True,
        timeout=httpx.Timeout(_REQUEST_LIMIT_S),
    )


def limit_s(answer: httpx.Response, before: int) -> float | None:
    """For how long GitHub wants no more requests; None where no limit is why it refuses.

    Args:
        before: How often it has refused for this already.
    """
    if answer.status_code not in (403, 429):
        return None
    asked = answer.headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        # Not before that second is over.
        return max(float(reset) - _time(answer), 0.0) + 1
    if answer.status_code == 429 or "rate limit" in said(answer).lower():
        return float(_UNTOLD_S * 2**before)
    return None


def _time(answer: httpx.Response) -> float:
    """GitHub's own clock, where it tells it: this machine's may differ."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return time.time()
