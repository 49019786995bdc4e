"""Releases that must not stay: the services with one text exchanged, and what has to notice."""

from dataclasses import dataclass

LOGIN = "smoke.login.does_not_tell_who_is_registered"
OWNERS_ALONE = "smoke.access.is_the_owners_alone"
HEADERS = "smoke.identity.is_not_taken_from_headers"
FORGED_TOKEN = "smoke.identity.is_not_taken_from_a_forged_token"
PAGE = "smoke.page.is_served_and_calls_these_services"
PROFILE = "smoke.profile.is_the_users_own"
SECRET = "smoke.secret.lives_until_it_is_deleted"
USERS = "resource.user resource.other_user"


@dataclass(frozen=True)
class Bad:
    """One release.

    Attributes:
        file: Where the text is exchanged.
        noticed_by: Ids, or patterns, of checks and resources; one of them has to fail.
        options: For its gate.
        is_quick: Part of `make test`.
    """

    file: str
    find: str
    replace: str
    noticed_by: str
    options: tuple[str, ...] = ()
    is_quick: bool = False


BAD = {
    "a login lets anybody in": Bad(
        "services/auth/routes.py",
        "    if user is None or not matches:",
        "    if user is None:",
        LOGIN,
    ),
    "auth dies at its first login": Bad(
        "services/auth/routes.py",
        "    await auth.logins.count(auth.addresses.of(request))",
        "    __import__('os')._exit(3)",
        f"{USERS} *.auth smoke.*",
        is_quick=True,
    ),
    "a token is believed without its signature": Bad(
        "services/token.py",
        'options={"require": REQUIRED},',
        'options={"require": REQUIRED, "verify_signature": False},',
        f"{FORGED_TOKEN} smoke.token.is_not_renewed_for_anybody",
    ),
    "a forged X-User-ID passes the gateway": Bad(
        "services/gateway/proxy.py",
        '(b"x-user-id", str(claims.user_id).encode()),',
        '(b"x-user-id", request.headers.get("x-user-id", str(claims.user_id)).encode()),',
        HEADERS,
    ),
    "another user's secret is readable": Bad(
        "services/keys/access.py",
        "return Role.OWNER if owner.id == self.user_id else None",
        "return Role.OWNER",
        f"{OWNERS_ALONE} {HEADERS}",
    ),
    "a deleted secret is still there": Bad(
        "services/keys/secrets.py",
        "    await access.session.execute(delete(Secret).where(Secret.id == secret_id))",
        "    assert delete",
        SECRET,
    ),
    "an update is lost": Bad(
        "services/keys/secrets.py",
        ".values(**body.model_dump(), version=Secret.version + 1, updated_at=NOW)",
        ".values(version=Secret.version + 1, updated_at=NOW)",
        SECRET,
    ),
    "500 on create": Bad(
        "services/keys/secrets.py",
        'content = body.model_dump(exclude={"owner_type", "owner_id"})',
        "content = body.model_dump()",
        f"{SECRET} {OWNERS_ALONE} {HEADERS}",
    ),
    "the profile is somebody else's": Bad(
        "services/account/profile.py",
        "    return _shown(await session.get_one(User, caller_id))",
        "    return _shown(await session.get_one(User, (await session.scalars("
        "select(User.id).where(User.id != caller_id))).first()))",
        f"{PROFILE} {HEADERS} smoke.token.is_renewed",
    ),
    "the account service is slower than the gateway waits": Bad(
        "services/account/profile.py",
        "    return _shown(await session.get_one(User, caller_id))",
        "    await __import__('asyncio').sleep(6)\n"
        "    return _shown(await session.get_one(User, caller_id))",
        f"{PROFILE} {HEADERS} smoke.token.is_renewed traffic.failures",
    ),
    "health may be cached": Bad(
        "services/health.py",
        'NO_STORE = {"Cache-Control": "no-store"}',
        'NO_STORE = {"Cache-Control": "max-age=60"}',
        "ready.auth ready.gateway ready.frontend health.auth health.gateway health.frontend",
    ),
    "health names no database": Bad(
        "services/auth/app.py",
        "dependencies=[database],",
        "dependencies=[],",
        "health.auth",
        is_quick=True,
    ),
    "health lies about the release": Bad(
        "services/health.py",
        "releaseId=settings.release_id,",
        'releaseId="2.0.0",',
        "ready.auth ready.gateway ready.frontend ready.account ready.keys",
        options=("--ready-timeout", "5s"),
    ),
    "any page may read the answers": Bad(
        "services/application.py",
        "allow_origins=list(allowed_origins),",
        'allow_origin_regex=".*",',
        "cors.auth cors.gateway",
    ),
    "the page calls other services": Bad(
        "services/frontend/app.py",
        "AUTH_URL=settings.auth_url, API_URL=settings.api_url,",
        "AUTH_URL=settings.api_url, API_URL=settings.auth_url,",
        PAGE,
        is_quick=True,
    ),
    "another page is served": Bad(
        "services/frontend/static/index.html",
        "<title>KeyArc</title>",
        "<title>It works!</title>",
        PAGE,
    ),
}


def release_id(name: str) -> str:
    """`bad-a-login-lets-anybody-in`."""
    words = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    return f"bad-{words}"
