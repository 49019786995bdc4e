"""Defects of a release, and the check that each must be noticed by."""

import itertools
import os

import httpx
from starlette.requests import Request
from starlette.responses import Response

from tests.defects.entry import Entry, entry
from tests.defects.of_keyarc import OF_KEYARC
from tests.defects.place import at, from_outside
from tests.planting import Defect, Forward, Tree, body, header, members, with_headers


def measured(component: str, **changes: str) -> Defect:
    """A health answer says something else of a component."""

    def change(tree: Tree) -> None:
        checks = tree["checks"]
        assert isinstance(checks, dict)
        checks[f"{component}:responseTime"][0].update(changes)

    return at("/health", body(change))


async def a_login_page(request: Request, forward: Forward) -> Response:
    return Response(status_code=302, headers={"location": "/login"})


async def served_without_tls(request: Request, forward: Forward) -> Response:
    """Plain http is answered as https is."""
    return await forward(Request({**request.scope, "scheme": "https"}, request.receive))


async def redirected_elsewhere(request: Request, forward: Forward) -> Response:
    response = await forward(request)
    if response.status_code == 308:
        response.headers["location"] = "https://elsewhere.test/"
    return response


async def any_origin_may_read(request: Request, forward: Forward) -> Response:
    response = await forward(request)
    origin = request.headers.get("origin")
    if origin:
        response.headers["access-control-allow-origin"] = origin
        response.headers["access-control-allow-credentials"] = "true"
    return response


async def one_instance_is_old(request: Request, forward: Forward) -> Response:
    if os.environ["INSTANCE_ID"].endswith("-2"):
        return await members(releaseId="an-old-one")(request, forward)
    return await forward(request)


async def account_is_exposed(request: Request, forward: Forward) -> Response:
    """The edge leads a path to a private service."""
    if not request.url.path.startswith("/account/"):
        return await forward(request)
    async with httpx.AsyncClient() as client:
        url = os.environ["EXPOSED_URL"] + request.url.path.removeprefix("/account")
        answer = await client.get(url)
    media_type = answer.headers["content-type"]
    return Response(answer.content, answer.status_code, media_type=media_type)


def one_in(count: int) -> Defect:
    numbers = itertools.count(1)

    async def planted(request: Request, forward: Forward) -> Response:
        if request.scope["scheme"] == "https" and next(numbers) % count == 0:
            return Response(status_code=503)
        return await forward(request)

    return planted


async def auth_host_leads_to_the_page(request: Request, forward: Forward) -> Response:
    host = request.headers["host"].replace("auth.localhost", "localhost")
    return await forward(with_headers(request, host=host))


OF_ANY_SYSTEM = {
    "health may be cached": entry(
        "auth", at("/health", header("cache-control", "max-age=60")), "health.auth"
    ),
    "health contradicts itself": entry(
        "gateway", at("/health", members(status="fail")), "health.gateway"
    ),
    "health names no database": entry("auth", at("/health", members(checks={})), "health.auth"),
    "health is a login page": entry(
        "auth", from_outside(at("/health", a_login_page)), "health.auth"
    ),
    "health is plain text": entry(
        "frontend", at("/health", header("content-type", "text/plain")), "health.frontend"
    ),
    "a dependency fails and health passes": entry(
        "gateway", measured("keys", status="fail"), "health.keys"
    ),
    "another release than was deployed": entry(
        "auth", at("/health", members(releaseId="another")), "release.auth"
    ),
    "a private service of another release": entry(
        "keys", at("/health", members(releaseId="another")), "release.keys"
    ),
    "one of two instances is old": entry(
        "auth", at("/health", one_instance_is_old), "release.auth"
    ),
    "http is served": entry("edge", served_without_tls, "redirect.frontend"),
    "http is redirected to another host": entry("edge", redirected_elsewhere, "redirect.frontend"),
    "no HSTS": entry("edge", header("strict-transport-security", None), "hsts.auth"),
    "HSTS for an hour": entry(
        "edge", header("strict-transport-security", "max-age=3600"), "hsts.gateway"
    ),
    "any origin may read": entry("auth", any_origin_may_read, "cors.auth"),
    "the edge leads to a private service": entry("edge", account_is_exposed, "private.account"),
    "a host name leads to another service": entry("edge", auth_host_leads_to_the_page, "urls.auth"),
    "one in ten requests fails": entry("edge", one_in(10), "traffic.failures"),
}

CATALOGUE: dict[str, Entry] = {"none": Entry((), ""), **OF_ANY_SYSTEM, **OF_KEYARC}
