"""A stand-in for GitHub, which cannot be had here: Deployments as its documentation describes them.

It refuses what GitHub refuses: no or a wrong token, no user agent, an unknown repository, ref or
state, descriptions that are too long, parameters of another type. It answers in pages, keeps an own
clock, and can be told to limit, to fail and to lead elsewhere.

Source: https://docs.github.com/en/rest/deployments/deployments, .../deployments/statuses,
    .../using-the-rest-api/rate-limits-for-the-rest-api, .../using-pagination-in-the-rest-api
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "ghp_stand-in-4711-4711"
REPOSITORY = "some-owner/some.name"
COMMIT = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
STATES = {"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}
LONGEST_DESCRIPTION = 140
ID = 4242
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
        instead: Answers for the next requests, given before anything is looked at; None: none.
        now: Its clock, in seconds since the epoch; `wait` lets time pass.
        largest_page: Fewer than what is asked for, so that a few deployments make pages.
    """

    url: str = ""
    deployments: list[dict[str, Json]] = field(default_factory=list, repr=False)
    statuses: dict[int, list[dict[str, Json]]] = field(default_factory=dict, repr=False)
    refs: set[str] = field(default_factory=lambda: {"main", COMMIT})
    instead: list[Callable[[Request], Answer | None]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list, repr=False)
    waited: list[float] = field(default_factory=list)
    now: float = 1_800_000_000.0
    largest_page: int = 100
    limited_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.instead:
            given = self.instead.pop(0)(request)
            if given is not None:
                return given
        if self.now < self.limited_until:
            return self._limited()
        if not request.headers.get("user-agent"):
            return _refused(403, "Request forbidden by administrative rules.")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused(401, "Bad credentials")
        for root in (f"/repos/{REPOSITORY}", f"/repositories/{ID}"):
            if request.path.startswith(f"{root}/deployments"):
                return self._deployments(request, request.path[len(root) + len("/deployments") :])
        return _refused(404, "Not Found")

    def _limited(self) -> Answer:
        """The primary limit, which tells when it lifts."""
        told = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{self.limited_until:.0f}"}
        return 403, {"message": "API rate limit exceeded for installation ID 1."}, told

    def _deployments(self, request: Request, rest: str) -> Answer:
        if request.method == "GET" and not rest:
            return self._page(request)
        if not isinstance(request.body, dict):
            return _refused(400, "Body should be a JSON object")
        if request.method == "POST" and not rest:
            return self._create(request.body)
        number, _, last = rest.strip("/").partition("/")
        if request.method == "POST" and last == "statuses" and int(number) in self.statuses:
            return self._set_status(int(number), request.body)
        return _refused(404, "Not Found")

    def _page(self, request: Request) -> Answer:
        query = request.query
        found = [
            each
            for each in reversed(self.deployments)
            if all(each[key] == query[key] for key in ("environment", "task") if key in query)
        ]
        size = min(int(query.get("per_page", "30")), 100, self.largest_page)
        page = int(query.get("page", "1"))
        headers = {}
        if page * size < len(found):
            # Their addresses are not those that were asked for: nobody is to build them.
            following = urlencode({**query, "page": str(page + 1)})
            address = f"{self.url}/repositories/{ID}/deployments?{following}"
            headers["link"] = f'<{address}>; rel="next", <{address}>; rel="last"'
        return 200, found[(page - 1) * size : page * size], headers

    def _create(self, body: dict[str, Json]) -> Answer:
        problem = _problem(body, required={"ref": str}, known=_DEPLOYMENT)
        if problem:
            return _refused(422, f"Invalid request.\n\n{problem}")
        if len(body.get("description", "")) > LONGEST_DESCRIPTION:
            return _invalid("Deployment", "description is too long (maximum is 140 characters)")
        if body["ref"] not in self.refs:
            return _refused(422, f"No ref found for: {body['ref']}")
        if body.get("auto_merge", True):
            return 202, {"message": "Auto-merged main into topic on deployment."}, {}
        if "required_contexts" not in body:
            return _refused(409, "Conflict: Commit status checks failed for main.")
        deployment = {
            "id": len(self.deployments) + 1,
            "created_at": f"{datetime.fromtimestamp(self.now, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "task": "deploy",
            "environment": "production",
            "description": "",
            "payload": {},
            **{key: value for key, value in body.items() if key not in _NOT_SHOWN},
        }
        self.deployments.append(deployment)
        self.statuses[deployment["id"]] = []
        return 201, deployment, {}

    def _set_status(self, number: int, body: dict[str, Json]) -> Answer:
        problem = _problem(body, required={"state": str}, known=_STATUS)
        if problem:
            return _refused(422, f"Invalid request.\n\n{problem}")
        if body["state"] not in STATES:
            return _invalid("DeploymentStatus", "state is not included in the list")
        if len(body.get("description", "")) > LONGEST_DESCRIPTION:
            return _invalid(
                "DeploymentStatus", "description is too long (maximum is 140 characters)"
            )
        self.statuses[number].append(body)
        return 201, {"id": len(self.statuses[number]), **body}, {}


_DEPLOYMENT: dict[str, Any] = {
    "ref": str,
    "task": str,
    "auto_merge": bool,
    "required_contexts": list,
    "payload": (dict, str),
    "environment": str,
    "description": str,
    "transient_environment": bool,
    "production_environment": bool,
}
_NOT_SHOWN = ("auto_merge", "required_contexts")
_STATUS: dict[str, Any] = {
    "state": str,
    "description": str,
    "environment": str,
    "log_url": str,
    "auto_inactive": bool,
}


def _problem(body: dict[str, Json], required: dict[str, type], known: dict[str, Any]) -> str:
    for name in required:
        if name not in body:
            return f'"{name}" wasn\'t supplied.'
    for name, value in body.items():
        if name not in known:
            return f'"{name}" is not a permitted key.'
        if not isinstance(value, known[name]):
            return f"For '{name}', {value!r} is of another type."
    return ""


def _refused(status: int, message: str) -> Answer:
    return status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, {}


def _invalid(resource: str, message: str) -> Answer:
    error = {"resource": resource, "code": "custom", "field": "x", "message": message}
    return 422, {"message": "Validation Failed", "errors": [error]}, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer goes out as a whole, or the client's side would wait before it acknowledges a part.
    wbufsize = -1
    github: GitHub

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length", "0"))
        content = self.rfile.read(length)
        request = Request(
            method=self.command,
            path=parts.path,
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(content) if content else None,
        )
        with self.github.lock:
            status, body, headers = self.github.answer(request)
        if status == 0:
            self.close_connection = True
            return
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("date", formatdate(self.github.now, usegmt=True))
        for name, value in {"content-length": str(len(sent)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = _serve  # noqa: N815 - so http.server has it

    def log_message(self, format: str, *arguments: object) -> None:
        """Keeps what it serves to itself."""


@contextmanager
def standing_in() -> Iterator[GitHub]:
    """One that runs, on a free port of loopback."""
    github = GitHub()
    handler = type("Handler", (_Handler,), {"github": github})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
