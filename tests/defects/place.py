"""Where a defect shows."""

from starlette.requests import Request

from tests.planting import Defect, where


def at(beginning: str, defect: Defect, *, method: str | None = None) -> Defect:
    """At paths that begin so, whatever stands before them where services have two addresses."""

    def shows(request: Request) -> bool:
        path = request.url.path
        for prefix in ("/auth", "/api"):
            path = path.removeprefix(prefix)
        return path.startswith(beginning) and method in (None, request.method)

    return where(shows, defect)


def from_outside(defect: Defect) -> Defect:
    """To whoever comes through the edge; the stack that starts the service is none."""
    return where(lambda request: "x-forwarded-host" in request.headers, defect)
