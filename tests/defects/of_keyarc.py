"""Defects of KeyArc's own promises; each of its smoke checks has more of them in tests/suites."""

import json

from starlette.requests import Request
from starlette.responses import Response

from tests.defects.entry import Entry, Planted, entry
from tests.defects.place import at
from tests.planting import Defect, Forward, instead, members, with_headers

SECRETS = "/keys/secrets"
OWNERS: dict[str, str] = {}


async def whose_it_is_does_not_matter(request: Request, forward: Forward) -> Response:
    """Whoever asks for a secret is taken for its owner."""
    caller = request.headers["x-user-id"]
    id_ = request.url.path.removeprefix(SECRETS).strip("/")
    if id_ in OWNERS:
        return await forward(with_headers(request, x_user_id=OWNERS[id_]))
    response = await forward(request)
    if request.method == "POST" and response.status_code == 201:
        OWNERS[json.loads(bytes(response.body))["id"]] = caller
    return response


async def claims_are_passed_on(request: Request, forward: Forward) -> Response:
    return await forward(with_headers(request, x_claimed=request.headers.get("x-user-id", "")))


async def claims_are_believed(request: Request, forward: Forward) -> Response:
    claimed = request.headers.get("x-claimed", "")
    if not claimed:
        return await forward(request)
    return await forward(with_headers(request, x_user_id=claimed))


async def no_token_is_needed(request: Request, forward: Forward) -> Response:
    response = await forward(request)
    if response.status_code != 401 or "authorization" in request.headers:
        return response
    return Response(b'{"items": [], "next_cursor": null}', media_type="application/json")


async def only_the_known_have_a_wrong_hash(request: Request, forward: Forward) -> Response:
    known = json.loads(await request.body())["email"].startswith("verify-")
    defect: Defect = members(detail="The hash is wrong." if known else "Who is this?")
    response = await forward(request)
    if response.status_code != 401:
        return response

    async def same(request: Request) -> Response:
        return response

    return await defect(request, same)


OF_KEYARC: dict[str, Entry] = {
    "another user's secret is readable": entry(
        "keys", at(SECRETS, whose_it_is_does_not_matter), "smoke.access.is_the_owners_alone"
    ),
    "a deleted secret stays": entry(
        "keys",
        at(SECRETS, instead(204), method="DELETE"),
        "smoke.secret.lives_until_it_is_deleted",
    ),
    "a forged X-User-ID is believed": Entry(
        (Planted("gateway", claims_are_passed_on), Planted("account", claims_are_believed)),
        "smoke.identity.is_not_taken_from_headers",
    ),
    "nothing needs a token": entry(
        "gateway", at(SECRETS, no_token_is_needed), "smoke.access.needs_a_token"
    ),
    "login tells who is registered": entry(
        "auth",
        at("/login", only_the_known_have_a_wrong_hash),
        "smoke.login.does_not_tell_who_is_registered",
    ),
    "a renewed token is dead": entry(
        "auth",
        at("/token/refresh", members(access_token="dead.dead.dead")),
        "smoke.token.is_renewed",
    ),
    "the page calls another API": entry(
        "frontend",
        at("/config.json", members(API_URL="https://elsewhere.test")),
        "smoke.page.is_served_and_calls_these_services",
    ),
    "signup breaks": entry("auth", at("/signup", instead(500), method="POST"), "resource.user"),
}
