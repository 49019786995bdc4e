"""`source: container` where the means are missing: a clear error, at once."""

import socket
import time
from pathlib import Path

import pytest

from tests.container.conftest import POSTGRES
from tests.harness.stack.conftest import ROOT, Sandbox


def test_missing_extra_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys; sys.modules['testcontainers'] = None")
    sandbox.declare(postgres=POSTGRES)
    done = sandbox.up(PYTHONPATH=f"{hidden}:{ROOT}")
    assert done.code == 2, done
    assert "stack.postgres.source" in done.err
    assert "pip install 'keyarc-verify[container]'" in done.err
    assert sandbox.left() == []


def test_missing_engine_is_told_within_two_seconds(sandbox: Sandbox, tmp_path: Path) -> None:
    told, took_s = refused(sandbox, f"unix://{tmp_path}/nobody.sock")
    assert f"no Docker engine answers at unix://{tmp_path}/nobody.sock" in told
    assert "No such file or directory" in told
    assert took_s < 2 + IMPORTS_S


def test_engine_that_never_answers_is_given_up(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        told, took_s = refused(sandbox, f"unix://{tmp_path}/silent.sock")
    assert "no Docker engine answers" in told
    assert took_s < 2 + IMPORTS_S


# Of a busy machine, to which the limit is not meant to apply.
IMPORTS_S = 4


def refused(sandbox: Sandbox, engine: str) -> tuple[str, float]:
    sandbox.declare(postgres=POSTGRES)
    started_s = time.monotonic()
    done = sandbox.up(DOCKER_HOST=engine)
    took_s = time.monotonic() - started_s
    assert done.code == 20, done
    assert "Traceback" not in done.err
    assert sandbox.left() == []
    return done.err, took_s


@pytest.mark.parametrize(
    ("postgres", "problem"),
    [
        ({"database": "app", "image": "postgres:16"}, "`image` goes with `source: container`"),
        ({**POSTGRES, "image": "-v /:/host"}, "stack.postgres.image"),
    ],
)
def test_image_that_makes_no_sense_is_refused(
    sandbox: Sandbox, postgres: dict[str, str], problem: str
) -> None:
    sandbox.declare(postgres=postgres)
    done = sandbox.up()
    assert done.code == 2, done
    assert problem in done.err


def test_left_container_is_not_forgotten_while_no_engine_answers(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.state.make()
    sandbox.state.container_file.write_text("ready")
    nobody = f"unix://{tmp_path}/nobody.sock"
    done = sandbox.run("down", "--env", "here.yaml", DOCKER_HOST=nobody)
    assert done.code == 20, done
    assert "a container may be left" in done.err
    assert "no Docker engine answers" in done.err
    assert str(sandbox.state.container_file) in done.err
    up = sandbox.up(DOCKER_HOST=nobody)
    assert (up.code, sandbox.processes()) == (20, [])
    assert "a container may be left" in up.err
    sandbox.state.container_file.unlink()
    assert sandbox.down().code == 0
    assert sandbox.left() == []
