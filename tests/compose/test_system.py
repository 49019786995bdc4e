"""The whole system in containers: what smoke says of it, and what becomes of it when it is hurt."""

import ast
import re
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.compose.conftest import System
from tests.harness.stack.conftest import until
from tests.images.sources import DEPLOYED

JOBS = ("migrations", "certificate")
REFUSED = """
import socket
try:
    socket.create_connection(("{host}", {port}), timeout=1)
except OSError as error:
    print(type(error).__name__)
else:
    print("reached")
"""


def failed(verdict: dict[str, Any]) -> set[str]:
    return {each["id"] for each in verdict["results"] if each["outcome"] != "pass"}


def state(system: System, service: str) -> Any:
    return system.containers()[service]["State"]


def is_healthy(system: System, service: str) -> bool:
    found = state(system, service)
    return bool(found["Status"] == "running" and found["Health"]["Status"] == "healthy")


def test_smoke_lets_it_stay(system: System) -> None:
    code, verdict = system.smoke()
    assert (code, verdict["verdict"], failed(verdict)) == (0, "GO", set())
    assert len(verdict["results"]) >= 40


@pytest.mark.parametrize("service", ["auth", "keys"])
def test_smoke_does_not_let_it_stay_when_a_container_is_killed(
    system: System, service: str
) -> None:
    system.compose("kill", service)
    try:
        code, verdict = system.smoke()
    finally:
        system.compose("up", "--detach", "--no-deps", "--no-recreate", service)
        until(lambda: is_healthy(system, service), 60)
        until(lambda: is_healthy(system, "gateway"), 60)
    assert (code, verdict["verdict"]) == (10, "NO_GO")
    assert f"health.{service}" in failed(verdict)


def test_service_that_dies_comes_back_by_itself(system: System) -> None:
    before = state(system, "keys")
    system.kill("keys")
    until(lambda: state(system, "keys")["StartedAt"] != before["StartedAt"], 60)
    until(lambda: is_healthy(system, "keys"), 60)
    until(lambda: is_healthy(system, "gateway"), 60)


def test_what_was_written_survives_the_death_of_the_database(system: System) -> None:
    query = ["exec", "-T", "postgres", "psql", "--username=keyarc", "--quiet", "--tuples-only"]
    written = "CREATE TABLE kept AS SELECT 4711 AS number"
    system.compose(*query, "--command", written)
    before = state(system, "postgres")
    system.kill("postgres")
    until(lambda: state(system, "postgres")["StartedAt"] != before["StartedAt"], 60)
    for service in ("postgres", "auth", "gateway"):
        until(lambda service=service: is_healthy(system, service), 60)  # type: ignore[misc]
    assert system.compose(*query, "--command", "SELECT number FROM kept").strip() == "4711"
    system.compose(*query, "--command", "DROP TABLE kept")


def test_second_up_changes_nothing(system: System) -> None:
    ca_file = system.tree / "environments" / "compose" / "ca.pem"

    def seen() -> dict[str, str]:
        return {
            name: each["Id"] + each["State"]["StartedAt"]
            for name, each in system.containers().items()
            if name not in JOBS
        }

    before, authority = seen(), ca_file.read_bytes()
    system.up()
    assert (seen(), ca_file.read_bytes()) == (before, authority)
    assert {state(system, job)["ExitCode"] for job in JOBS} == {0}


def test_each_is_as_confined_as_it_is_declared(system: System) -> None:
    for name, each in system.containers().items():
        host = each["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"]), name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        if name != "certificate":
            assert each["Config"]["User"] in ("10001:10001", "postgres"), name
        published = {
            (port, one["HostIp"], one["HostPort"])
            for port, bound in (each["NetworkSettings"]["Ports"] or {}).items()
            for one in bound or ()
        }
        edge = {("8443/tcp", "127.0.0.1", "8443"), ("8080/tcp", "127.0.0.1", "8080")}
        assert published == (edge if name == "edge" else set())


def test_who_need_not_talk_to_another_does_not_even_know_its_name(system: System) -> None:
    pairs = [
        ("edge", "account", 8080),
        ("edge", "postgres", 5432),
        ("frontend", "keys", 8080),
        ("gateway", "postgres", 5432),
    ]
    # At the same time: a name server that is out of reach is waited for.
    with ThreadPoolExecutor() as threads:
        told = threads.map(
            lambda pair: system.inside(pair[0], REFUSED.format(host=pair[1], port=pair[2])), pairs
        )
        assert dict(zip(pairs, told, strict=True)) == dict.fromkeys(pairs, "gaierror")


def test_who_needs_to_talk_to_another_can(system: System) -> None:
    assert system.inside("gateway", REFUSED.format(host="account", port=8080)) == "reached"
    assert system.inside("auth", REFUSED.format(host="postgres", port=5432)) == "reached"


def test_certificate_is_good_for_the_strictest_client(system: System) -> None:
    ca_file = system.tree / "environments" / "compose" / "ca.pem"
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("localhost", "auth.localhost", "api.localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", 8443), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as sealed,
        ):
            assert sealed.version() in ("TLSv1.2", "TLSv1.3")
    assert ca_file.stat().st_uid == ca_file.parent.stat().st_uid
    assert ca_file.stat().st_mode & 0o777 == 0o644


def test_authoritys_key_is_nowhere(system: System) -> None:
    code = "import glob, os; print({f: [oct(os.stat(f).st_mode), open(f).read()] for f in FILES})"
    told = system.inside("edge", code.replace("FILES", "glob.glob('/tls/*')"))
    files = ast.literal_eval(told)
    assert set(files) == {"/tls/ca.pem", "/tls/certificate.pem", "/tls/key.pem"}
    # There is one key, the edge's own, and nobody else reads it.
    keys = [name for name, (_, text) in files.items() if "PRIVATE KEY" in text]
    assert (keys, files["/tls/key.pem"][0]) == (["/tls/key.pem"], "0o100600")


def test_no_secret_is_in_a_log_or_on_a_command_line(system: System) -> None:
    logs = system.compose("logs", "--no-color")
    lines = "".join(str([each["Path"], each["Args"]]) for each in system.containers().values())
    assert len(system.secrets) == 3
    assert [secret for secret in system.secrets if secret in logs + lines] == []
    assert re.search(r'"service": "auth".*"path": "/auth/login"', logs), "no log to look at"


def test_missing_secret_is_told_before_anything_is_touched(system: System, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes((system.tree / "compose.yaml").read_bytes())
    (tmp_path / ".env").write_bytes((system.tree / ".env.example").read_bytes())
    done = subprocess.run(
        ["docker", "compose", "-p", "keyarc-none", "up", "--detach", "--no-build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "_SECRET" in done.stderr or "_PASSWORD" in done.stderr or "_TOKEN" in done.stderr
    assert "set it in .env, as .env.example tells" in done.stderr


def test_every_service_that_is_deployed_is_here(system: System) -> None:
    assert set(system.containers()) == {*DEPLOYED, "edge", "postgres", *JOBS}
