"""A stand-in for GitHub, which cannot be had here: access rules as its documentation has them.

It keeps what it is given, shows it in the other shape in which GitHub shows it, adds what GitHub
adds, answers in pages, and refuses bodies that are not of the documented form (`shapes.py`).
Nothing here was compared with GitHub itself.

Source: https://docs.github.com/en/rest/repos/rules, .../deployments/environments,
    .../deployments/branch-policies, .../actions/permissions, .../actions/secrets,
    .../issues/labels
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.access import shapes

TOKEN = "ghp_stand-in-4711-4711"
REPOSITORY = "some-owner/some.name"
ROOT = f"/repos/{REPOSITORY}"
Json = Any
Answer = tuple[int, Json, dict[str, str]]


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json


@dataclass
class GitHub:
    """What it keeps, and how it is to behave next.

    Attributes:
        instead: Answers for the next requests; None where it is to answer itself.
        deaf_to: Writes whose path ends so are acknowledged and forgotten.
    """

    url: str = ""
    rulesets: dict[int, Json] = field(default_factory=dict)
    environments: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, dict[int, Json]] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    labels: list[Json] = field(default_factory=list)
    actions: dict[str, Json] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=lambda: {"release-managers": 71})
    users: dict[str, int] = field(default_factory=lambda: {"mona": 72})
    instead: list[Callable[[Request], Answer | None]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    owner_errors: list[Json] = field(default_factory=list)
    deaf_to: str = ""
    number: int = 100
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.actions |= {
            "": {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False},
            "workflow": {
                "default_workflow_permissions": "write",
                "can_approve_pull_request_reviews": True,
            },
            "fork-pr-contributor-approval": {"approval_policy": "first_time_contributors"},
        }

    @property
    def writes(self) -> list[Request]:
        return [each for each in self.requests if each.method != "GET"]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        given = self.instead.pop(0)(request) if self.instead else None
        if given is not None:
            return given
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refused(401, "Bad credentials")
        problem = shapes.problem(request.method, request.path.removeprefix(ROOT), request.body)
        if problem:
            return refused(422, f"Invalid request.\n\n{problem}")
        if self.deaf_to and request.method != "GET" and request.path.endswith(self.deaf_to):
            return 200, request.body, {}
        for pattern, serve in self._routes().items():
            match = re.fullmatch(pattern, f"{request.method} {request.path}")
            if match:
                return serve(self, request, *map(unquote, match.groups()))
        return refused(404, "Not Found")

    def _routes(self) -> dict[str, Callable[..., Answer]]:
        environment = f"{ROOT}/environments/([^/]+)"
        return {
            f"GET {ROOT}": lambda *_: (200, {"full_name": REPOSITORY}, {}),
            r"GET /users/([^/]+)": lambda git, _, name: known(git.users, name),
            r"GET /orgs/some-owner/teams/([^/]+)": lambda git, _, name: known(git.teams, name),
            f"GET {ROOT}/rulesets": GitHub._list_rulesets,
            f"POST {ROOT}/rulesets": GitHub._keep_ruleset,
            rf"GET {ROOT}/rulesets/(\d+)": lambda git, _, n: known(git.rulesets, int(n)),
            rf"PUT {ROOT}/rulesets/(\d+)": GitHub._keep_ruleset,
            f"GET {ROOT}/environments": GitHub._list_environments,
            f"PUT {environment}": GitHub._keep_environment,
            f"GET {environment}/secrets": GitHub._list_secrets,
            f"GET {environment}/deployment-branch-policies": GitHub._list_policies,
            f"POST {environment}/deployment-branch-policies": GitHub._add_policy,
            rf"DELETE {environment}/deployment-branch-policies/(\d+)": GitHub._drop_policy,
            rf"GET {ROOT}/actions/permissions/?(.*)": GitHub._tell_actions,
            rf"PUT {ROOT}/actions/permissions/?(.*)": GitHub._set_actions,
            f"GET {ROOT}/codeowners/errors": lambda git, _: (200, {"errors": git.owner_errors}, {}),
            f"GET {ROOT}/labels": lambda git, request: page(request, git.labels),
            f"POST {ROOT}/labels": GitHub._add_label,
            f"PATCH {ROOT}/labels/([^/]+)": GitHub._change_label,
        }

    def _list_rulesets(self, request: Request) -> Answer:
        shown = [{"id": n, "name": each["name"]} for n, each in self.rulesets.items()]
        return page(request, shown)

    def _keep_ruleset(self, request: Request, number: str = "") -> Answer:
        self.number += 1
        own = int(number or self.number)
        rules = [shapes.filled(rule) for rule in request.body["rules"]]
        self.rulesets[own] = {**request.body, "id": own, "rules": rules, "source": REPOSITORY}
        return 200 if number else 201, self.rulesets[own], {}

    def _list_environments(self, request: Request) -> Answer:
        return page(request, [shapes.shown(self, *each) for each in self.environments.items()],
                    "environments")  # fmt: skip

    def _keep_environment(self, request: Request, name: str) -> Answer:
        known_ids = {*self.teams.values(), *self.users.values()}
        if any(each["id"] not in known_ids for each in request.body["reviewers"]):
            return refused(422, "Validation Failed")
        self.environments[name] = request.body
        self.policies.setdefault(name, {})
        return 200, shapes.shown(self, name, request.body), {}

    def _list_secrets(self, request: Request, name: str) -> Answer:
        return page(request, [{"name": each} for each in self.secrets.get(name, [])], "secrets")

    def _list_policies(self, request: Request, name: str) -> Answer:
        return page(request, [*self.policies[name].values()], "branch_policies")

    def _add_policy(self, request: Request, name: str) -> Answer:
        if name not in self.policies:
            return refused(404, "Not Found")
        self.number += 1
        self.policies[name][self.number] = {**request.body, "id": self.number}
        return 200, self.policies[name][self.number], {}

    def _drop_policy(self, _: Request, name: str, number: str) -> Answer:
        del self.policies[name][int(number)]
        return 204, None, {}

    def _tell_actions(self, _: Request, name: str) -> Answer:
        if name == "selected-actions" and self.actions[""]["allowed_actions"] != "selected":
            return refused(409, "Conflict")
        return 200, self.actions.get(name, {}), {}

    def _set_actions(self, request: Request, name: str) -> Answer:
        if name == "selected-actions" and self.actions[""]["allowed_actions"] != "selected":
            return refused(409, "Conflict")
        self.actions[name] = request.body
        return 204, None, {}

    def _add_label(self, request: Request) -> Answer:
        self.labels.append({"id": 1, "default": False, **request.body})
        return 201, self.labels[-1], {}

    def _change_label(self, request: Request, name: str) -> Answer:
        label = next(each for each in self.labels if each["name"] == name)
        rest = {key: value for key, value in request.body.items() if key != "new_name"}
        label |= {**rest, "name": request.body.get("new_name", name)}
        return 200, label, {}


def known(kept: dict[Any, Any], name: Any) -> Answer:
    if name not in kept:
        return refused(404, "Not Found")
    found = kept[name]
    return 200, found if isinstance(found, dict) else {"id": found}, {}


def page(request: Request, found: list[Json], key: str = "") -> Answer:
    size = min(int(request.query.get("per_page", "30")), 100)
    start = (int(request.query.get("page", "1")) - 1) * size
    part = found[start : start + size]
    return 200, {"total_count": len(found), key: part} if key else part, {}


def refused(status: int, message: str) -> Answer:
    return status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, {}
