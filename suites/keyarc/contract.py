"""The contract's tables as data: which answer each call can get, and who may do what.

Of `ANSWERS`, what stands behind a bar is not to be had from a system that works: a test needs a
stack of its own for it, in which something is slow, down or counted, or one that is near enough for
two requests to meet. account and keys are seen through the gateway, which answers for them.
"""

import re
from dataclasses import dataclass
from functools import cache

# "An unknown method gives 405 with `Allow`": every path does, for every method that has no row.
OTHER = "OTHER"
NEEDS_STACK = "stack"

ANSWERS = """
auth     POST   /signup                                  201 409 413 422 | 429 503
auth     POST   /login                                   200 401 413 422 | 429 503
auth     POST   /token/refresh                           200 401 413 | 503
auth     GET    /health                                  200 | 503
auth     GET    /health/live                             200
gateway  GET    /account/profile                         200 401 | 502 503 504
gateway  PUT    /account/profile                         200 401 413 422 | 408 502 503 504
gateway  DELETE /account/profile                         204 401 409 | 502 503 504
gateway  GET    /account/teams                           200 401 422 | 502 503 504
gateway  POST   /account/teams                           201 401 413 422 | 408 409 502 503 504
gateway  GET    /account/teams/{team_id}                 200 401 404 422 | 502 503 504
gateway  PUT    /account/teams/{team_id}                 200 401 403 404 413 422 | 408 502 503 504
gateway  DELETE /account/teams/{team_id}                 204 401 403 404 422 | 502 503 504
gateway  POST   /account/teams/{team_id}/members         201 401 403 404 409 413 422 | 408 429 502 503 504
gateway  PUT    /account/teams/{team_id}/members/{user_id} 200 401 403 404 409 413 422 | 408 502 503 504
gateway  DELETE /account/teams/{team_id}/members/{user_id} 204 401 403 404 409 422 | 502 503 504
gateway  GET    /account/users/search                    200 401 404 422 | 429 502 503 504
gateway  GET    /keys/secrets                            200 401 404 422 | 502 503 504
gateway  POST   /keys/secrets                            201 400 401 403 404 413 422 | 408 409 502 503 504
gateway  GET    /keys/secrets/expiring                   200 401 422 | 502 503 504
gateway  GET    /keys/secrets/{secret_id}                200 401 404 422 | 502 503 504
gateway  PUT    /keys/secrets/{secret_id}                200 400 401 403 404 412 413 422 428 | 408 502 503 504
gateway  DELETE /keys/secrets/{secret_id}                204 401 403 404 422 | 502 503 504
gateway  GET    /keys/folders                            200 401 404 422 | 502 503 504
gateway  POST   /keys/folders                            201 401 403 404 413 422 | 408 409 502 503 504
gateway  PUT    /keys/folders/{folder_id}                200 401 403 404 409 413 422 | 408 502 503 504
gateway  DELETE /keys/folders/{folder_id}                204 401 403 404 422 | 502 503 504
gateway  GET    /keys/audit                              200 401 404 422 | 502 503 504
gateway  GET    /health                                  200 | 503
gateway  GET    /health/live                             200
frontend GET    /config.json                             200
frontend GET    /health                                  200
frontend GET    /health/live                             200
"""  # noqa: E501  a table

# Who may do what about a team and what is in it.
IN_A_TEAM = """
                            | owner | admin | member | other
view team                   | yes   | yes   | yes    | no
list secrets                | yes   | yes   | yes    | no
view secret                 | yes   | yes   | yes    | no
view history                | yes   | yes   | yes    | no
list folders                | yes   | yes   | yes    | no
rename team                 | yes   | yes   | no     | no
add a member                | yes   | yes   | no     | no
add an admin                | yes   | no    | no     | no
add an owner                | yes   | no    | no     | no
remove a member             | yes   | yes   | no     | no
remove an admin             | yes   | no    | no     | no
remove an owner             | yes   | no    | no     | no
leave                       | yes   | yes   | yes    | no
make a member an admin      | yes   | no    | no     | no
make a member an owner      | yes   | no    | no     | no
make an admin an owner      | yes   | no    | no     | no
make an admin a member      | yes   | no    | no     | no
make an owner a member      | yes   | no    | no     | no
make oneself an owner       | yes   | no    | no     | no
delete team                 | yes   | no    | no     | no
create secret               | yes   | yes   | no     | no
edit secret                 | yes   | yes   | no     | no
create folder               | yes   | yes   | no     | no
edit folder                 | yes   | yes   | no     | no
delete secret               | yes   | no    | no     | no
delete folder               | yes   | no    | no     | no
"""

# What is one's own. Where another user has no way to name it, there is a dash.
ONES_OWN = """
                            | owner | other
view profile                | yes   | -
rename profile              | yes   | -
delete profile              | yes   | -
find a user                 | yes   | -
list own teams              | yes   | -
create team                 | yes   | -
list own secrets            | yes   | -
keep a secret               | yes   | -
view own secret             | yes   | no
view own history            | yes   | no
edit own secret             | yes   | no
delete own secret           | yes   | no
list what expires           | yes   | -
list own folders            | yes   | -
make a folder               | yes   | -
edit own folder             | yes   | no
delete own folder           | yes   | no
"""

# Where a service's own document says otherwise, and why the table is right.
DEVIATIONS = {
    ("frontend", "GET", "/health", 503): "it depends on nothing, so it is never without it; "
    "the document shows the shape that all healths share",
}


@dataclass(frozen=True, order=True)
class Answer:
    """A status that a call can get. `need`: what seeing it takes (`harness.needs`)."""

    service: str
    method: str
    path: str
    status: int
    need: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


@cache
def answers() -> tuple[Answer, ...]:
    """Every row of the table, status by status, and the 405 of every path."""
    found: list[Answer] = []
    for line in ANSWERS.strip().splitlines():
        row, _, broken = line.partition("|")
        service, method, path, *plain = row.split()
        found += [Answer(service, method, path, int(status)) for status in plain]
        found += [Answer(service, method, path, int(s), NEEDS_STACK) for s in broken.split()]
    paths = dict.fromkeys((each.service, each.path) for each in found)
    return (*found, *(Answer(service, OTHER, path, 405) for service, path in paths))


def endpoint(service: str, method: str, path: str) -> tuple[str, str] | None:
    """The method and the path of the table that a request to a service is about.

    Args:
        path: As it was asked for, without a query; or a path of the table itself.
    """
    for pattern, known, methods in _paths(service):
        if path == known or pattern.fullmatch(path):
            return (method if method in methods else OTHER), known
    return None


def service_of(path: str) -> str | None:
    """Which service a path belongs to, where only one has such a path."""
    services = dict.fromkeys(each.service for each in answers())
    found = [service for service in services if endpoint(service, "GET", path)]
    return found[0] if len(found) == 1 else None


@cache
def _paths(service: str) -> tuple[tuple[re.Pattern[str], str, frozenset[str]], ...]:
    """Paths without parameters first: they win where both fit."""
    own = [each for each in answers() if each.service == service]
    paths = sorted({each.path for each in own}, key=lambda path: (path.count("{"), path))
    return tuple(
        (
            re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))),
            path,
            frozenset(each.method for each in own if each.path == path) - {OTHER},
        )
        for path in paths
    )
