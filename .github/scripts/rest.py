"""GitHub's REST API, as far as the scripts here need it.

The token comes from the environment, goes into one header, and along with no redirect: GitHub
answers with one where a repository was renamed, and then the workflow should name the new one.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from escape import plain
from step import StepError, UsageError, given

LIMIT_S = 30.0
PAGE = 100
VERSION = "2022-11-28"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """What goes to one address is for no other."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository; `name` is OWNER/NAME."""

    name: str
    token: str = field(repr=False)
    api: str
    pause_s: float

    @classmethod
    def of_step(cls) -> "Repository":
        """The one whose workflow this is."""
        api = given("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        if not api.startswith(("https://", "http://127.0.0.1:")):
            raise UsageError("GITHUB_API_URL is an https address")
        return cls(
            name=given("GITHUB_REPOSITORY"),
            token=given("GITHUB_TOKEN"),
            api=api,
            # GitHub asks for a second between requests that write.
            pause_s=float(given("GITHUB_PAUSE_S", "1")),
        )

    def get(self, path: str, **query: str | int) -> Any:
        """What is at a path below the repository; None where nothing is."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        """Changes something."""
        answer = self._ask(method, path, json.dumps(content).encode())
        if answer is None:
            raise StepError(f"GitHub knows no {method} {path} here, or the token may not")
        time.sleep(self.pause_s)
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - of_step looks at its scheme
            f"{self.api}/repos/{quote(self.name)}/{path}",
            data=body,
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "keyarc-verify",
                "X-GitHub-Api-Version": VERSION,
            },
        )
        what = f"{method} {path.partition('?')[0]}"
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=LIMIT_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404 and method == "GET":
                    return None
                raise StepError(f"GitHub answers {error.code} to {what}: {_said(error)}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StepError(f"GitHub gives no answer to {what}: {plain(str(error))}") from None


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return plain(str(json.loads(error.read(100_000))["message"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return plain(str(error.reason))
