"""The database's password is another one by now."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import unquote, urlsplit

from harness.faults import Fault, Place, Seen, Site
from harness.faults._sql import connected, database_of, end_sessions, other_password, url_of

ROUNDS = 4096


class WrongPassword(Fault):
    """The role's password was changed, and its sessions were ended: nobody knows the new one."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    seen = Seen(health="fail")

    async def inject(self, site: Site, place: Place) -> None:
        await _set(site, other_password(_password(site)))
        async with connected(site) as connection:
            await end_sessions(connection, database_of(site))

    async def heal(self, site: Site, place: Place) -> None:
        await _set(site, _password(site))


def _password(site: Site) -> str:
    return unquote(urlsplit(url_of(site)).password or "")


async def _set(site: Site, password: str) -> None:
    async with connected(site) as connection:
        # The password itself is no part of the statement, which a server may log.
        await connection.execute(f"ALTER ROLE CURRENT_USER PASSWORD '{_verifier(password)}'")


def _verifier(password: str) -> str:
    """What PostgreSQL keeps of a password; Source: RFC 5802, RFC 7677."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    shown = (base64.b64encode(each).decode() for each in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ROUNDS, *shown)
