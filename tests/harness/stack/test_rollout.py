"""A release takes the place of another one, and nobody who asks meanwhile notices."""

import os
import signal
import socket
import urllib.request
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from harness.errors import StackError
from harness.stack import control
from harness.stack.releases import store_of
from tests.harness.stack.conftest import Sandbox, until
from tests.harness.stack.shop import APP, Shop
from tests.harness.stack.traffic import Asked, traffic

CRASHES = "sys.exit('the reason why it cannot start')"
HANGS = "import time; time.sleep(3600)"
# Importing it lasts until a file is there.
WAITS = "import time\nwhile not Path('{file}').exists(): time.sleep(0.01)"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = Shop(sandbox)
    shop.declare()
    return shop


def asked(url: str) -> list[Asked]:
    body = lambda: b"x" * 3000  # noqa: E731
    return [
        Asked(url=f"{url}/", method=method, keeps=keeps, body=body if method == "POST" else None)
        for method in ("GET", "POST")
        for keeps in (True, False)
    ]


@pytest.mark.parametrize("instances", [1, 3])
def test_constant_traffic_sees_no_deployment(shop: Shop, instances: int) -> None:
    shop.declare(instances=instances)
    shop.up()
    with traffic(*asked(shop.url("one")), *asked(shop.url("two"))) as clients:
        for release in ("v2", "v3"):
            deployed = shop.deploy(release, "--from", str(shop.write(release)))
            assert deployed.code == 0, deployed
        back = shop.deploy("v1")
        assert back.code == 0, back
    assert clients.failed == []
    assert (shop.release("one"), shop.release("two")) == ("v1", "v1")
    assert shop.sandbox.run("status", *shop.env).code == 0


def test_a_request_in_flight_is_finished_by_who_began_it(shop: Shop, tmp_path: Path) -> None:
    shop.up()
    let_go = tmp_path / "now.let-go"
    answers: list[bytes] = []
    url = f"{shop.url()}{let_go}"

    def ask() -> None:
        with urllib.request.urlopen(url) as answer:
            answers.append(answer.read())

    client = Thread(target=ask)
    client.start()
    until(lambda: connections(shop))
    source = str(shop.write("v2"))
    deploy = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: {shop.release("one"), shop.release("two")} == {"v2"})
    # All is replaced, and the deployment is not over as long as somebody is still served.
    meanwhile = shop.deploy("v3", "--from", str(shop.write("v3")))
    assert "a replacement by release v2 is under way" in meanwhile.err
    assert (deploy.poll(), answers) == (None, [])
    let_go.touch()
    client.join()
    deploy.communicate()
    assert deploy.returncode == 0
    assert b'"RELEASE_ID": "v1"' in answers[0]


def connections(shop: Shop) -> bool:
    """Whether some client's connection has been accepted."""
    return any(
        connection.status == "ESTABLISHED"
        for process in shop.sandbox.processes()
        for connection in process.net_connections()
    )


@pytest.mark.parametrize("preload", [[], ["shop"]])
def test_a_release_runs_its_own_files_and_no_others(shop: Shop, preload: list[str]) -> None:
    python = {"python": {"app": "shop:app", "preload": preload}}
    shop.declare(services={"one": python, "two": python})
    shop.up()
    assert shop.deploy("v2", "--from", str(shop.write("other"))).code == 0
    (shop.sandbox.path / "other" / "shop.py").unlink()
    stored = shop.sandbox.path / ".keyarc-verify" / "releases" / "here" / "v2" / "tree" / "shop.py"
    assert shop.about()["file"] == str(stored)
    assert shop.about()["environment"]["INSTANCE_ID"] == "one-1"


def test_a_release_that_crashes_at_start_changes_nothing(shop: Shop) -> None:
    shop.up()
    source = shop.write("v2", CRASHES)
    with traffic(*asked(shop.url("one"))) as clients:
        deployed = shop.deploy("v2", "--from", str(source))
    assert clients.failed == []
    assert deployed.code == 20
    assert "one of release v2 exited with 1; one still runs v1" in deployed.err
    assert deployed.err.endswith("its log ends:\nthe reason why it cannot start\n")
    assert (shop.release("one"), shop.release("two")) == ("v1", "v1")
    assert shop.sandbox.run("status", *shop.env).code == 0


def test_a_release_that_never_gets_ready_is_given_up(shop: Shop) -> None:
    service = {**APP, "start_timeout_s": 1}
    shop.declare(services={"one": service, "two": service})
    shop.up()
    before = set(shop.sandbox.processes())
    deployed = shop.deploy("v2", "--from", str(shop.write("v2", HANGS)))
    assert deployed.code == 20
    assert set(shop.sandbox.processes()) == before
    assert "one of release v2 was not ready within 1 s" in deployed.err
    assert shop.release() == "v1"
    instances = shop.status()["services"]["one"]["instances"]
    assert [instance["release"] for instance in instances] == ["v1"]


def test_services_are_replaced_after_those_that_they_depend_on(shop: Shop) -> None:
    """`two` depends on `one`, and stands before it in the file."""
    shop.up()
    deployed = shop.deploy("v2", "--from", str(shop.write("v2")))
    steps = [line for line in deployed.err.splitlines() if "->" in line]
    assert steps == ["one: v1 -> v2", "two: v1 -> v2"]


def test_what_stops_half_way_is_told_service_by_service(shop: Shop) -> None:
    more = "if os.environ['INSTANCE_ID'] == 'two-1': sys.exit('not here')"
    shop.up()
    assert shop.deploy("v2", "--from", str(shop.write("v2", more))).code == 20
    assert (shop.release("one"), shop.release("two")) == ("v2", "v1")
    status = shop.status()
    assert (status["release"], status["replacing"]) == ("v1", None)
    instances = {name: each["instances"] for name, each in status["services"].items()}
    assert {name: each[0]["release"] for name, each in instances.items()} == {
        "one": "v2",
        "two": "v1",
    }


def test_a_killed_deploy_is_finished_all_the_same(shop: Shop, tmp_path: Path) -> None:
    shop.up()
    go = tmp_path / "go"
    source = str(shop.write("v2", WAITS.format(file=go)))
    deploy = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: shop.status()["replacing"] == "v2")
    deploy.kill()
    deploy.communicate()
    assert shop.release() == "v1"
    go.touch()
    until(lambda: shop.status()["replacing"] is None)
    assert (shop.release("one"), shop.release("two")) == ("v2", "v2")


def test_a_second_deploy_is_refused_and_told_of_the_first(shop: Shop, tmp_path: Path) -> None:
    shop.up()
    go = tmp_path / "go"
    source = str(shop.write("v2", WAITS.format(file=go)))
    first = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: shop.status()["replacing"] == "v2")
    assert all(each["changing"] for each in shop.status()["services"].values())
    second = shop.deploy("v3", "--from", str(shop.write("v3")))
    assert second.code == 20
    assert "a replacement by release v2 is under way" in second.err
    # Who did not look before hears it of the supervisor.
    services = {"one": store_of(shop.sandbox.state.path).find("v2").identity}
    with pytest.raises(StackError, match="a replacement by release v2 is under way"):
        control.replace(
            shop.sandbox.state.path, "v2", services, migrate=False, progress=lambda _: None
        )
    go.touch()
    first.communicate()
    assert (first.returncode, shop.release()) == (0, "v2")


def test_down_in_the_middle_of_a_deployment_leaves_nothing(shop: Shop) -> None:
    shop.up()
    source = str(shop.write("v2", HANGS))
    deploy = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: shop.status()["replacing"] == "v2")
    assert shop.sandbox.down().code == 0
    _, err = deploy.communicate()
    assert (deploy.returncode, shop.sandbox.left()) == (20, [])
    assert "ended" in err


def test_a_supervisor_killed_in_the_middle_leaves_no_process(shop: Shop) -> None:
    shop.up()
    source = str(shop.write("v2", HANGS))
    deploy = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: shop.status()["replacing"] == "v2")
    shop.sandbox.supervisor().kill()
    until(lambda: shop.sandbox.processes() == [])
    _, err = deploy.communicate()
    assert deploy.returncode == 20
    assert "Traceback" not in err


def test_a_dead_service_refuses_until_it_is_replaced(shop: Shop) -> None:
    shop.up()
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    port = urlsplit(shop.url()).port
    assert port is not None
    os.kill(shop.about()["pid"], signal.SIGKILL)
    until(lambda: shop.status()["services"]["one"]["troubles"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    # The same release again: what does not run is started, what runs is left alone.
    pid = shop.about("two")["pid"]
    assert shop.deploy("v2").code == 0
    assert (shop.release("one"), shop.about("two")["pid"]) == ("v2", pid)


def test_a_migration_of_the_release_runs_first_and_stops_what_it_fails(shop: Shop) -> None:
    shop.declare(migrate={"python": {"app": "shop:migrate"}, "env": {"DATABASE_URL": "a@b"}})
    shop.up()
    failing = "def migrate(): sys.exit('the schema is a newer one')"
    deployed = shop.deploy("v2", "--from", str(shop.write("v2", failing)))
    assert deployed.code == 20
    assert "migrate exited with 1, and nothing was replaced" in deployed.err
    assert deployed.err.endswith("its log ends:\nthe schema is a newer one\n")
    assert shop.release() == "v1"


def test_what_stands_in_the_stack_alone_is_no_part_of_a_release(shop: Shop) -> None:
    shop.declare(services={"one": APP, "front": APP})
    shop.up()
    pid = shop.about("front")["pid"]
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    assert (shop.about("front")["pid"], shop.release("front")) == (pid, "v1")


def test_a_command_is_replaced_in_the_release_s_directory(shop: Shop) -> None:
    command = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "${stack:one.port}"]
    shop.declare(services={"one": {"command": command, "start_timeout_s": 3}})
    (shop.sandbox.path / "health").write_text("fine")
    shop.up()
    source = shop.write("v2")
    (source / "health").write_text("finer")
    deployed = shop.deploy("v2", "--from", str(source))
    assert deployed.code == 0, deployed
    assert told(shop) == b"finer"
    (source / "health").unlink()
    deployed = shop.deploy("v3", "--from", str(source))
    assert deployed.code == 20
    # What was stopped for its sake is started again.
    until(lambda: told(shop) == b"finer")


def told(shop: Shop) -> bytes:
    with urllib.request.urlopen(f"{shop.url()}/health") as answer:
        text: bytes = answer.read()
    return text


def test_the_way_back_is_lost_when_the_files_were_changed_after_up(shop: Shop) -> None:
    shop.up()
    with (shop.sandbox.path / "shop.py").open("a") as file:
        file.write("# changed\n")
    deployed = shop.deploy("v2", "--from", str(shop.write("v2")))
    assert deployed.code == 0
    assert "no way back to v1: its files were changed after `up`" in deployed.err
    back = shop.deploy("v1")
    assert back.code == 2
    assert "release v1 is not stored here; known: v2" in back.err
