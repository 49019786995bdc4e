"""KeyArc itself is deployed while it is used: through the edge, and behind the gateway."""

import base64
import json
import secrets
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.stack import control
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.identity import Identities
from tests.harness.stack.conftest import ROOT, Sandbox
from tests.harness.stack.traffic import Asked, traffic


@pytest.fixture
def keyarc(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, "local")
    up = sandbox.up("--release", "v1")
    assert up.code == 0, up
    yield sandbox
    sandbox.down()


def test_nobody_who_uses_keyarc_notices_a_deployment(keyarc: Sandbox) -> None:
    references = keyarc.references()
    edge = references["stack:edge.url"]
    trusting = ssl.create_default_context(cafile=references["stack:ca_file"])
    headers = {"Authorization": f"Bearer {token(edge, trusting)}"}
    fresh = [
        Asked(url=f"{edge}/", keeps=False),
        Asked(url=f"{edge}/auth/health", keeps=False),
        Asked(url=f"{edge}/api/account/profile", headers=headers, keeps=False),
    ]
    kept = [
        Asked(url=f"{edge}/api/keys/secrets", headers=headers),
        Asked(
            url=f"{edge}/api/account/teams",
            method="POST",
            body=new_team,
            headers={**headers, "Content-Type": "application/json"},
            status=201,
        ),
    ]
    with traffic(*fresh, *kept, context=trusting) as clients:
        deployed = keyarc.run(
            "deploy", "--env", "local", "--release", "v2", "--from", str(changed(keyarc.path))
        )
        assert deployed.code == 0, deployed
        back = keyarc.run("deploy", "--env", "local", "--release", "v1")
        assert back.code == 0, back
    assert clients.failed == []
    releases = {
        instance["release"]
        for service in control.status(keyarc.state.path)["services"].values()
        for instance in service["instances"]
    }
    assert releases == {"v1"}


def token(edge: str, trusting: ssl.SSLContext) -> str:
    """That of a new user."""
    identity = Identities.of_environment({}, loopback=True).new("rollout")
    who = {"email": identity.email, "auth_hash": identity.auth_hash()}
    with httpx.Client(base_url=f"{edge}/auth", verify=trusting) as client:
        auth = Auth(client)
        auth.signup(**who, keys=LockedKeys.random())
        return auth.login(**who).access_token


def new_team() -> bytes:
    key = base64.b64encode(secrets.token_bytes(256)).decode()
    return json.dumps({"name": f"Team {secrets.token_hex(4)}", "encrypted_team_key": key}).encode()


def changed(folder: Path) -> Path:
    """A release that differs in a file of each service."""
    release = folder / "v2"
    shutil.copytree(ROOT / "services", release / "services")
    for file in (release / "services").glob("*/app.py"):
        with file.open("a") as source:
            source.write("\n# v2\n")
    return release
