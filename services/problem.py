"""Errors as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

MEDIA_TYPE = "application/problem+json"
# Marks a private service's 401 that is about the gateway, and not about its user.
GATEWAY_REFUSED = "X-Gateway-Refused"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class FieldError(BaseModel):
    """Where in the request, and what is wrong there; never what was sent."""

    loc: list[str]
    msg: str
    type: str


class ProblemDetails(BaseModel):
    """The body of every answer that is an error."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = None


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An error answer, raised where it is found out."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers.setdefault("WWW-Authenticate", "Bearer")
        super().__init__(detail)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's OpenAPI entry says of its error answers."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in statuses
    }


def problem_response(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldError] | None = None,
) -> JSONResponse:
    body = ProblemDetails(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request.state.request_id,
        errors=errors,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def answer_to(request: Request, problem: Problem) -> JSONResponse:
    return problem_response(request, problem.status, problem.detail, headers=problem.headers)


def handle_problems(app: FastAPI) -> None:
    """Makes every error of the application a problem-details answer."""

    async def own(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)
        return answer_to(request, problem)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        # FastAPI says 400 of a body that it cannot read at all; bad input is 422 here.
        status = 422 if error.status_code == HTTPStatus.BAD_REQUEST else error.status_code
        headers = dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = _allowed(app, request.scope["path"])
        return problem_response(request, status, str(error.detail), headers=headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = [_field_error(entry) for entry in error.errors()]
        return problem_response(request, 422, "The request is not valid.", errors=found)

    app.add_exception_handler(Problem, own)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _allowed(app: FastAPI, path: str) -> str:
    """Every method that the path answers; Starlette's own header names those of one route."""
    scope = {"type": "http", "path": path, "root_path": ""}
    return ", ".join(
        method
        for method in METHODS
        if any(
            route.matches({**scope, "method": method})[0] is Match.FULL
            for route in app.router.routes
        )
    )


def _field_error(entry: Mapping[str, Any]) -> FieldError:
    return FieldError(
        loc=[_writable(part) for part in entry["loc"]],
        msg=_writable(entry["msg"]),
        type=entry["type"],
    )


def _writable(part: object) -> str:
    """A name that a client chose can hold what UTF-8 cannot, or be very long."""
    return str(part).encode("utf-8", "replace").decode()[:200]
