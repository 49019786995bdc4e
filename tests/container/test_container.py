"""`source: container`: the same stack as ever, and nothing left of the container."""

import signal
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.container.conftest import IMAGE, POSTGRES, containers, docker
from tests.harness.stack.conftest import APP, Sandbox, until
from tests.harness.stack.test_up import ask, connects

pytestmark = [pytest.mark.container, pytest.mark.usefixtures("nothing_is_left")]
URL = "${stack:postgres.url}"
MIGRATE = {
    "python": {"app": "tests.harness.stack.application:migrate"},
    "env": {"DATABASE_URL": URL},
}


@pytest.fixture(autouse=True)
def nothing_is_left(sandbox: Sandbox) -> Iterator[None]:
    """After every test, even one that failed."""
    yield
    sandbox.down()
    assert (containers(sandbox), sandbox.left()) == ([], [])


def up(sandbox: Sandbox, **postgres: Any) -> None:
    sandbox.declare(postgres={**POSTGRES, **postgres})
    done = sandbox.up()
    assert done.code == 0, done


def inspected(sandbox: Sandbox) -> dict[str, Any]:
    (name,) = containers(sandbox)
    with docker() as client:
        attributes: dict[str, Any] = client.containers.get(name).attrs
    return attributes


def query(url: str, sql: str) -> Any:
    import asyncio

    import asyncpg

    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_services_and_migration_find_the_database_in_the_container(sandbox: Sandbox) -> None:
    services = {"one": {"python": {"app": APP}, "env": {"DATABASE_URL": URL}}}
    sandbox.declare(postgres=POSTGRES, migrate=MIGRATE, services=services)
    done = sandbox.up()
    assert done.code == 0, done
    references = sandbox.references()
    environment = ask(references["stack:one.url"])["environment"]
    assert isinstance(environment, dict)
    assert environment["DATABASE_URL"] == references["stack:postgres.url"]
    migrated = f"migrated 127.0.0.1:{references['stack:postgres.port']}/app"
    assert sandbox.state.log_tail("migrate") == migrated


def test_database_is_like_the_embedded_one(sandbox: Sandbox) -> None:
    up(sandbox, settings={"work_mem": "7MB"})
    url = sandbox.references()["stack:postgres.url"]
    assert query(url, "SHOW server_encoding") == "UTF8"
    assert query(url, "SHOW lc_collate") == "C"
    assert query(url, "SHOW fsync") == "off"
    assert query(url, "SHOW work_mem") == "7MB"
    assert int(query(url, "SHOW server_version_num")) >= 150000


def test_password_is_asked_for(sandbox: Sandbox) -> None:
    up(sandbox)
    url = sandbox.references()["stack:postgres.url"]
    password = urlsplit(url).password
    assert password
    assert connects(url)
    assert not connects(url.replace(password, "wrong"))
    assert not connects(url.replace(password, ""))


def test_password_is_on_no_command_line_and_in_no_log(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    process = sandbox.start("up", "--env", "here.yaml")
    lines: set[str] = set()
    while process.poll() is None:
        lines.update(command_lines())
    out, err = process.communicate()
    assert process.returncode == 0, err
    password = urlsplit(sandbox.references()["stack:postgres.url"]).password
    assert password
    assert any("initdb" in line for line in lines), "looked too late"
    logs = "".join(file.read_text() for file in sandbox.state.logs.iterdir())
    assert "database system is ready" in logs
    assert password not in "\n".join([*lines, *command_lines(), logs, out, err])


def command_lines() -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_port_is_published_on_loopback_alone(sandbox: Sandbox) -> None:
    up(sandbox)
    port = sandbox.references()["stack:postgres.port"]
    published = inspected(sandbox)["NetworkSettings"]["Ports"]
    assert published == {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}


def test_down_removes_the_container_and_its_volume(sandbox: Sandbox) -> None:
    up(sandbox)
    volumes = {mount["Name"] for mount in inspected(sandbox)["Mounts"]}
    assert len(volumes) == 1
    assert sandbox.down().code == 0
    assert (containers(sandbox), sandbox.left()) == ([], [])
    with docker() as client:
        assert volumes & {volume.name for volume in client.volumes.list()} == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after", ["asked for", "made", "ready"])
def test_nothing_is_left_of_an_up_that_is_stopped(
    sandbox: Sandbox, number: signal.Signals, after: str
) -> None:
    services = {"one": {"python": {"app": APP}, "env": {"HANG_AT_START": "1"}}}
    sandbox.declare(postgres=POSTGRES, services=services)
    process = sandbox.start("up", "--env", "here.yaml")
    until(lambda: container_state(sandbox) == after)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    until(lambda: (containers(sandbox), sandbox.left()) == ([], []))


def container_state(sandbox: Sandbox) -> str:
    try:
        return sandbox.state.container_file.read_text()
    except FileNotFoundError:
        return "not asked for"


@pytest.mark.parametrize("after", ["asked for", "made", "ready"])
def test_killed_supervisor_leaves_no_container(sandbox: Sandbox, after: str) -> None:
    services = {"one": {"python": {"app": APP}, "env": {"HANG_AT_START": "1"}}}
    sandbox.declare(postgres=POSTGRES, services=services)
    process = sandbox.start("up", "--env", "here.yaml")
    until(lambda: container_state(sandbox) == after)
    sandbox.supervisor().kill()
    process.communicate(timeout=30)
    until(lambda: sandbox.processes() == [])
    assert (container_state(sandbox), containers(sandbox)) == ("not asked for", [])


def test_next_up_removes_and_names_what_neither_supervisor_nor_guard_could(
    sandbox: Sandbox,
) -> None:
    up(sandbox)
    (name,) = containers(sandbox)
    kill_all(sandbox)
    assert containers(sandbox) == [name]
    again = sandbox.up()
    assert again.code == 0, again
    assert f"container {name}" in again.err


def test_down_removes_what_neither_supervisor_nor_guard_could(sandbox: Sandbox) -> None:
    up(sandbox)
    kill_all(sandbox)
    assert containers(sandbox) != []
    assert sandbox.down().code == 0
    assert (containers(sandbox), sandbox.left()) == ([], [])


def test_container_of_a_deleted_state_directory_is_removed_by_the_next_up(
    sandbox: Sandbox,
) -> None:
    up(sandbox)
    before = inspected(sandbox)["Id"]
    kill_all(sandbox)
    subprocess.run(["rm", "-r", sandbox.state.path, sandbox.state.runtime], check=True)
    assert sandbox.up().code == 0
    assert inspected(sandbox)["Id"] != before


def kill_all(sandbox: Sandbox) -> None:
    """The supervisor last but one, the guard first: nobody is left to clean up."""
    supervisor = sandbox.supervisor()
    supervisor.suspend()
    for process in sandbox.processes():
        process.kill()
    until(lambda: sandbox.processes() == [])


def test_container_that_ends_is_told_by_status(sandbox: Sandbox) -> None:
    up(sandbox)
    with docker() as client:
        client.containers.get(containers(sandbox)[0]).kill()
    until(lambda: sandbox.run("status", "--env", "here.yaml").code == 20)
    assert "the container ended with 137" in sandbox.state.log_tail("postgres")


def failed(sandbox: Sandbox, **postgres: Any) -> str:
    sandbox.declare(postgres={**POSTGRES, **postgres})
    done = sandbox.up()
    assert done.code == 20, done
    assert "Traceback" not in done.err
    assert (containers(sandbox), sandbox.left()) == ([], [])
    return done.err


def test_image_that_cannot_be_had_is_named(sandbox: Sandbox) -> None:
    # The registry is this machine's own, where none answers.
    told = failed(sandbox, image="localhost:1/no-such-image:1")
    assert "localhost:1/no-such-image:1: no container could be started from this image" in told
    assert "name another in stack.postgres.image" in told


def test_setting_that_postgres_refuses_shows_its_log(sandbox: Sandbox) -> None:
    told = failed(sandbox, settings={"work_mem": "nonsense"})
    assert f"{IMAGE}: the container is exited" in told
    assert 'invalid value for parameter "work_mem": "nonsense"' in told
