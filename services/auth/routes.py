"""Signing up, logging in, and staying logged in."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import HTTPBearer
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.auth.client_address import ClientAddresses
from services.auth.hashing import Hasher
from services.auth.models import AccessToken, Credentials, LoggedIn, SignedUp, Signup
from services.database import Database
from services.problem import Problem, responses
from services.rate_limit import RateLimit
from services.tables import User
from services.token import Claims, TokenIssuer

# How long after the login a token can still be refreshed.
SESSION_LIMIT_S = 24 * 60 * 60

router = APIRouter(tags=["auth"])
bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="accessToken")


@dataclass(frozen=True)
class Auth:
    """What the routes work with."""

    database: Database
    hasher: Hasher
    tokens: TokenIssuer
    token_ttl_s: int
    addresses: ClientAddresses
    logins: RateLimit
    signups: RateLimit


async def _auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth


Means = Annotated[Auth, Depends(_auth)]

LOGIN_LINK = {
    "operationId": "login",
    "requestBody": {
        "email": "$request.body#/email",
        "auth_hash": "$request.body#/auth_hash",
    },
    "description": "The new user can log in with what they signed up with.",
}


@router.post(
    "/signup",
    status_code=201,
    responses={
        201: {"description": "The user exists.", "links": {"login": LOGIN_LINK}},
        **responses(409, 413, 422, 429, 503),
    },
)
async def signup(body: Signup, request: Request, auth: Means) -> SignedUp:
    """Creates a user. 409 when the email is taken.

    Limited for each client address: every valid request counts, whatever its answer.
    """
    await auth.signups.count(auth.addresses.of(request))
    # Hashed before a connection is taken: the wait for a turn must not hold one.
    stored = await auth.hasher.hash(body.auth_hash)
    values = {**body.model_dump(), "auth_hash": stored}
    new_user = (
        insert(User)
        .values(values)
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User.id, User.created_at)
    )
    async with auth.database.transaction() as session:
        created = (await session.execute(new_user)).one_or_none()
    if created is None:
        raise Problem(409, "This email is taken.")
    return SignedUp(user_id=created.id, created_at=created.created_at)


@router.post("/login", responses=responses(401, 413, 422, 429, 503))
async def login(body: Credentials, request: Request, response: Response, auth: Means) -> LoggedIn:
    """Answers with an access token and the user's keys. 401 does not tell whether the email is
    known.

    Limited for each client address: every valid request counts, whatever its answer.
    """
    await auth.logins.count(auth.addresses.of(request))
    async with auth.database.transaction() as session:
        user = await session.scalar(select(User).where(User.email == body.email))
    matches = await auth.hasher.verify(user.auth_hash if user else None, body.auth_hash)
    if user is None or not matches:
        raise Problem(401, "The email or the auth hash is wrong.")
    response.headers["Cache-Control"] = "no-store"
    claims = Claims(user.id, user.email, auth_time=int(time.time()))
    return LoggedIn(
        access_token=auth.tokens.issue(claims, auth.token_ttl_s),
        expires_in=auth.token_ttl_s,
        encrypted_vault_key=user.encrypted_vault_key,
        encrypted_private_key=user.encrypted_private_key,
        public_key=user.public_key,
    )


@router.post("/token/refresh", responses=responses(401, 413, 503), dependencies=[Security(bearer)])
async def refresh_token(request: Request, response: Response, auth: Means) -> AccessToken:
    """Answers with a new access token, at most 24 hours after the login."""
    claims = auth.tokens.check(request.headers.get("authorization"))
    if time.time() > claims.auth_time + SESSION_LIMIT_S:
        raise Problem(401, "The login was too long ago.")
    async with auth.database.transaction() as session:
        email = await session.scalar(select(User.email).where(User.id == claims.user_id))
    if email is None:
        raise Problem(401, "The user no longer exists.")
    response.headers["Cache-Control"] = "no-store"
    renewed = Claims(claims.user_id, email, claims.auth_time)
    return AccessToken(
        access_token=auth.tokens.issue(renewed, auth.token_ttl_s), expires_in=auth.token_ttl_s
    )
