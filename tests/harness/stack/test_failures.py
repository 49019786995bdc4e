"""What goes wrong at `up`: a clear error, and nothing left running."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.stack.conftest import APP, Done, Sandbox, until

POSTGRES = {"database": "app"}


def python(app: str = APP, **more: Any) -> dict[str, Any]:
    return {"one": {"python": {"app": app}, **more}}


def fails(sandbox: Sandbox, *, code: int, **stack: Any) -> str:
    """Brings up a stack that cannot come up; gives what the user is told."""
    sandbox.declare(**stack)
    return failed(sandbox, sandbox.up(), code)


def failed(sandbox: Sandbox, done: Done, code: int) -> str:
    assert done.code == code, done
    assert "Traceback" not in done.err
    assert sandbox.left() == []
    return done.err


def test_taken_port_is_named(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = fails(sandbox, code=20, services=python(port=port))
    assert f"stack.services.one: port {port}" in told
    assert "free it" in told


def test_taken_port_of_postgres_is_named(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = fails(sandbox, code=20, postgres={**POSTGRES, "port": port})
    assert f"stack.postgres: port {port}" in told


def test_postgres_that_does_not_start_shows_its_log(sandbox: Sandbox) -> None:
    told = fails(sandbox, code=20, postgres={**POSTGRES, "settings": {"work_mem": "nonsense"}})
    assert "postgres exited with 1" in told
    assert 'invalid value for parameter "work_mem"' in told


def test_service_that_crashes_at_start_shows_its_log(sandbox: Sandbox) -> None:
    told = fails(sandbox, code=20, services=python(env={"CRASH_AT_IMPORT": "1"}))
    assert "one exited with 1; its log ends:\nthe reason why it cannot start" in told


def test_service_that_never_gets_ready_is_given_up(sandbox: Sandbox) -> None:
    services = python(env={"HANG_AT_START": "1"}, start_timeout_s=1)
    assert "one was not ready within 1 s" in fails(sandbox, code=20, services=services)


def test_service_that_answers_wrongly_is_given_up(sandbox: Sandbox) -> None:
    services = python(env={"ANSWER": "503"}, start_timeout_s=1)
    assert "one was not ready within 1 s" in fails(sandbox, code=20, services=services)


def test_command_that_does_not_exist_is_named(sandbox: Sandbox) -> None:
    told = fails(sandbox, code=2, services={"one": {"command": ["no-such-program"]}})
    assert "stack.services.one.command: 'no-such-program' is not on the PATH" in told


def test_command_that_ends_is_told(sandbox: Sandbox) -> None:
    script = "echo the reason; exit 4"
    told = fails(sandbox, code=20, services={"one": {"command": ["sh", "-c", script]}})
    assert "one exited with 4; its log ends:\nthe reason" in told


@pytest.mark.parametrize("app", ["no_such_module:app", "tests.harness.stack.application:nothing"])
def test_application_that_does_not_exist_is_named(sandbox: Sandbox, app: str) -> None:
    assert app in fails(sandbox, code=20, services=python(app))


def test_preload_that_does_not_exist_is_named(sandbox: Sandbox) -> None:
    services = {"one": {"python": {"app": APP, "preload": ["no_such_module"]}}}
    assert "preload: no_such_module cannot be imported" in fails(sandbox, code=2, services=services)


def test_preload_that_starts_a_thread_is_refused(sandbox: Sandbox) -> None:
    module = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    (sandbox.path / "threaded.py").write_text(module)
    services = {"one": {"python": {"app": APP, "preload": ["threaded"]}}}
    assert "preload: threaded starts a thread" in fails(sandbox, code=2, services=services)


def test_failed_migration_shows_its_log(sandbox: Sandbox) -> None:
    job = {
        "python": {"app": "tests.harness.stack.application:migrate"},
        "env": {"DATABASE_URL": "${stack:postgres.url}", "FAIL_TO_MIGRATE": "1"},
    }
    told = fails(sandbox, code=20, postgres=POSTGRES, migrate=job)
    assert "migrate exited with 1" in told
    assert "the schema is not one that can be migrated" in told


def test_reference_to_what_is_not_there_is_named(sandbox: Sandbox) -> None:
    told = fails(sandbox, code=2, services=python(env={"URL": "${stack:two.url}"}))
    assert "stack:two.url" in told


def test_environment_that_is_not_started_here_says_so(sandbox: Sandbox) -> None:
    sandbox.file.write_text("name: here\nservices: {one: {url: 'http://127.0.0.1:1'}}\n")
    assert "has no `stack`" in failed(sandbox, sandbox.up(), 2)


def test_unknown_environment_lists_the_known(sandbox: Sandbox) -> None:
    done = sandbox.run("up", "--env", "nowhere")
    assert "local" in failed(sandbox, done, 2)


def test_place_that_cannot_be_written_is_named(sandbox: Sandbox) -> None:
    (sandbox.path / ".keyarc-verify").write_text("in the way")
    done = sandbox.up()
    assert "cannot keep the stack's state here" in done.err
    assert done.code == 2
    assert "Traceback" not in done.err
    (sandbox.path / ".keyarc-verify").unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 5 MB, too small for a data directory."""
    mount = tmp_path / "small"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", mount], check=True)
    yield mount
    subprocess.run(["umount", mount], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_full_disk_is_told(sandbox: Sandbox, small_disk: Path) -> None:
    sandbox.declare(postgres=POSTGRES)
    done = sandbox.up(KEYARC_VERIFY_DATA=str(small_disk))
    assert "No space left on device" in done.err
    assert done.code == 20
    assert "Traceback" not in done.err
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after", ["at once", "when postgres runs", "when the service starts"])
def test_nothing_is_left_of_an_up_that_is_stopped(
    sandbox: Sandbox, number: signal.Signals, after: str
) -> None:
    sandbox.declare(postgres=POSTGRES, services=python(env={"HANG_AT_START": "1"}))
    process = sandbox.start("up", "--env", "here.yaml")
    if after != "at once":
        log = {"when postgres runs": "postgres", "when the service starts": "one"}[after]
        until(lambda: sandbox.state.log_file(log).exists())
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    assert process.returncode == (-9 if number == signal.SIGKILL else 130) or after == "at once"
    until(lambda: sandbox.left() == [])


def test_foreground_ends_with_ctrl_c(sandbox: Sandbox) -> None:
    process = sandbox.start("up", "--env", "here.yaml", "--foreground")
    until(lambda: sandbox.state.read() is not None)
    process.send_signal(signal.SIGINT)
    assert (process.wait(20), sandbox.left()) == (130, [])
    process.communicate()


def test_foreground_says_when_the_stack_was_ended_elsewhere(sandbox: Sandbox) -> None:
    process = sandbox.start("up", "--env", "here.yaml", "--foreground")
    until(lambda: sandbox.state.read() is not None)
    sandbox.down()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "ended" in err


def test_killed_supervisor_leaves_no_process_and_next_up_says_what_it_cleaned(
    sandbox: Sandbox,
) -> None:
    script = "sleep 1000 & exec python3 -m http.server --bind 127.0.0.1 $0"
    (sandbox.path / "health").write_text("fine")
    command = {"command": ["sh", "-c", script, "${stack:one.port}"]}
    sandbox.declare(postgres=POSTGRES, services={"one": command})
    assert sandbox.up().code == 0
    sandbox.supervisor().kill()
    until(lambda: sandbox.processes() == [])
    until(lambda: not sandbox.state.runtime.exists())
    up = sandbox.up()
    assert up.code == 0
    assert "cleaned up after a stack that was killed" in up.err


def test_down_cleans_up_after_a_killed_supervisor(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    sandbox.up()
    sandbox.supervisor().kill()
    assert sandbox.down().code == 0
    assert sandbox.left() == []


def test_next_up_ends_what_neither_supervisor_nor_guard_could(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    sandbox.up()
    forked = [child for child in sandbox.supervisor().children() if is_forked(child.cmdline())]
    postgres = [each for each in sandbox.processes() if each.name() == "postgres"]
    for process in postgres:
        process.suspend()
    for process in [*forked, sandbox.supervisor()]:
        process.kill()
    assert [each for each in sandbox.processes() if each.name() == "postgres"] != []
    up = sandbox.up()
    assert up.code == 0, up
    assert "postgres (pid" in up.err


def is_forked(command: list[str]) -> bool:
    """The guard and the services never became another program: they bear the same command line."""
    return "harness.stack.supervisor" in command
