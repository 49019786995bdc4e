"""Ways to be let in that nobody should have, and refusals that are not as documented."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from suites.keyarc.forgery import claims, signed
from tests.planting import Defect, Forward, Tree, body, header, instead, status, when
from tests.planting import with_headers as asking
from tests.suites.defects.remembering import SECRETS, told_apart
from tests.suites.journeys_faults import where_answered
from tests.suites.journeys_planted import Planted
from tests.suites.system import JWT_SECRET, SERVICE

LASTING = 2**31


def put_right(**changes: object) -> Defect:
    """Whatever a token says is believed, and where that would not do it is overlooked."""

    async def defect(request: Request, forward: Forward) -> Response:
        return await forward(_resigned(request, **changes))

    return defect


def done_unseen() -> Defect:
    """Who is refused for an expired token has it done all the same."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if answer.status_code == 401 and request.method == "DELETE":
            await forward(Request(_resigned(request, exp=LASTING).scope, _no_body))
        return answer

    return defect


def named_by(*names: str) -> Defect:
    """Who one of these headers names is asking."""

    async def defect(request: Request, forward: Forward) -> Response:
        named = next(filter(None, map(request.headers.get, names)), None)
        if named is None:
            return await forward(request)
        said = {"sub": named, "email": "a@b.c", "iss": "keyarc-auth", "aud": SERVICE["environment"]}
        token = signed({**said, "iat": 1, "auth_time": 1, "jti": "1", "exp": LASTING}, JWT_SECRET)
        return await forward(asking(request, authorization=f"Bearer {token}"))

    return defect


def _resigned(request: Request, **changes: object) -> Request:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token.count(".") != 2:
        return request
    said = signed({**claims(token), **changes}, JWT_SECRET)
    return asking(request, authorization=f"Bearer {said}")


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _repeats_input(tree: Tree) -> None:
    tree["errors"] = [{"loc": [], "msg": "m", "type": "t", "input": "no id"}]


def found(who: str, does: str, defect: Defect, says: str, *, test: str = "uninvited") -> Planted:
    """A defect that the cell of the matrix finds which is about it."""
    said = f"{who} may not {does}"
    return Planted(defect, f"test_permissions.py::test_{test}[{said}]", says=says or said)


def taken(forgery: str, defect: Defect) -> Planted:
    """A defect that lets a token in which nobody issued."""
    test = f"test_forged_tokens.py::test_what_nobody_issued_is_refused[{forgery}]"
    return Planted(defect, test, says="expected status 401, came 200")


LET_IN = "expected 401, came 200"
ADMITTING = {
    "a forged header is believed": found(
        "other with forged headers",
        "view secret",
        named_by("x-user-id"),
        "expected 404, came 200",
        test="forged_headers",
    ),
    "a forged header with underscores is believed": Planted(
        named_by("x_user_id"),
        "test_permissions.py::test_forged_headers[other with forged headers may view profile]",
        says="the answer without them",
    ),
    "a forged header is as good as a token": found(
        "nobody with forged headers", "view team", named_by("x_user_id", "x-user-id"), LET_IN
    ),
    "an expired token is taken": found(
        "an expired token", "edit secret", put_right(exp=LASTING), LET_IN
    ),
    "what an expired token asks for is done": found(
        "an expired token", "delete own folder", done_unseen(), "all is as it was"
    ),
    "the audience is not looked at": taken(
        "a token for another audience", put_right(aud=SERVICE["environment"])
    ),
    "the issuer is not looked at": taken("a token of another issuer", put_right(iss="keyarc-auth")),
    "whoever signed a token may": found(
        "a token by another key", "rename profile", put_right(), LET_IN
    ),
    "an unsigned token is taken": found("an unsigned token", "view history", put_right(), LET_IN),
    "a tampered token is taken": taken("a tampered token", put_right()),
    "the token of who is deleted is taken": found(
        "a deleted user's token",
        "list own secrets",
        when("GET", SECRETS, where_answered(401, instead(200, {"items": []}))),
        LET_IN,
    ),
    "who is deleted is told so by one call alone": found(
        "a deleted user's token",
        "delete own secret",
        when("DELETE", SECRETS, where_answered(401, body(lambda tree: tree.update(detail="Go.")))),
        "the answer",
    ),
    "what is another user's own is told apart": found(
        "other", "view own secret", told_apart, "the answer for an unknown id", test="not_a_member"
    ),
    "a login lasts for ever": Planted(
        put_right(auth_time=LASTING),
        "test_tokens.py::test_a_login_lasts_a_day[over a day]",
        says="POST /token/refresh: expected status 401, came 200",
        service="auth",
    ),
    "an expired token is renewed": Planted(
        put_right(exp=LASTING),
        "test_tokens.py::test_what_has_expired_is_refused_everywhere[2]",
        says="POST /token/refresh: expected status 401, came 200",
        service="auth",
    ),
    "a token without a claim is taken": Planted(
        put_right(jti="1"),
        "test_forged_tokens.py::test_a_claim_that_is_missing_is_missed[jti]",
        says="expected status 401, came 200",
    ),
    "a token chooses how it is checked": Planted(
        put_right(),
        "test_forged_tokens.py::test_no_algorithm_but_one_is_taken[nOnE]",
        says="POST /token/refresh: expected status 401, came 200",
        service="auth",
    ),
    "a long body is another mistake": Planted(
        where_answered(413, status(422)),
        "test_refusals.py::test_a_body_too_long_is_413[POST /keys/folders 413]",
        says="POST /keys/folders: expected 413, came 422",
    ),
    "no ciphertext is as any bad input": Planted(
        where_answered(400, status(422)),
        "test_refusals.py::test_no_ciphertext_is_400[4-PUT /keys/secrets/{secret_id} 400]",
        says="expected 400, came 422",
    ),
    "bad input is repeated": Planted(
        where_answered(422, body(_repeats_input)),
        "test_refusals.py::test_what_is_not_valid_is_422[GET /keys/audit 422]",
        says="what was sent: expected False, came True",
    ),
    "not every method is allowed": Planted(
        where_answered(405, header("allow", "GET")),
        "test_refusals.py::test_an_unknown_method_is_405[OTHER /account/profile 405]",
        says="Allow: expected",
    ),
}
