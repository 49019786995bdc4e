"""A stand-in of GitHub's REST API, as its OpenAPI description has it (github.com/octokit/openapi).

It knows issues, their comments and the runs of workflows, of the one repository `o/r`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.scripts.web import Answer, Asked, serving

TOKEN = "ghs_not-to-be-seen"


@dataclass
class Hub:
    """What it has, what it was asked, and how it misbehaves.

    Attributes:
        fails: An answer to every request, instead of its own.
        drops_labels: As for a token that may not set them.
    """

    url: str = ""
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    total: int | None = None
    asked: list[Asked] = field(default_factory=list)
    fails: Answer | None = None
    drops_labels: bool = False

    @property
    def env(self) -> dict[str, str]:
        """What a step gets of its runner."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_PAUSE_S": "0",
        }

    def add(self, **parts: Any) -> dict[str, Any]:
        """An issue, as if somebody had opened it."""
        number = len(self.issues) + 1
        issue = {
            "number": number,
            "title": "",
            "body": None,
            "state": "open",
            "state_reason": None,
            "labels": [{"name": "fuzz"}],
            "created_at": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
            **parts,
        }
        self.issues.append(issue)
        return issue

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.fails:
            return self.fails
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer(status=401, content={"message": "Bad credentials"})
        parts = asked.path.strip("/").split("/")
        match asked.method, parts[:3], parts[3:]:
            case "GET", ["repos", "o", "r"], ["issues"]:
                return self._listed(asked)
            case "POST", ["repos", "o", "r"], ["issues"]:
                labels = [] if self.drops_labels else asked.content["labels"]
                made = {**asked.content, "labels": [{"name": name} for name in labels]}
                return Answer(status=201, content=self.add(**made))
            case "PATCH", ["repos", "o", "r"], ["issues", number]:
                self.issues[int(number) - 1].update(asked.content)
                return Answer(content=self.issues[int(number) - 1])
            case "POST", ["repos", "o", "r"], ["issues", number, "comments"]:
                self.comments.append((int(number), asked.content["body"]))
                return Answer(status=201, content={"id": len(self.comments)})
            case "GET", ["repos", "o", "r"], ["actions", "runs"]:
                total = len(self.runs) if self.total is None else self.total
                runs = _page(asked, self.runs)
                return Answer(content={"total_count": total, "workflow_runs": runs})
        return Answer(status=404, content={"message": "Not Found"})

    def _listed(self, asked: Asked) -> Answer:
        wanted = asked.query.get("labels"), asked.query.get("state", "open")
        found = [
            issue
            for issue in self.issues
            if wanted[0] in [each["name"] for each in issue["labels"]]
            and wanted[1] in ("all", issue["state"])
        ]
        newest_first = asked.query.get("direction", "desc") == "desc"
        found.sort(key=lambda each: each["created_at"], reverse=newest_first)
        return Answer(content=_page(asked, found))


def _page(asked: Asked, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = min(100, int(asked.query.get("per_page", "30")))
    first = (int(asked.query.get("page", "1")) - 1) * size
    return items[first : first + size]


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    with serving(hub.answer) as hub.url:
        yield hub
