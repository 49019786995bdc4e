"""`--database`: where a stack has its database from, whatever the file says."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from harness.stack.source import IMAGE, must_be_of, with_source
from tests.harness.stack.conftest import ROOT, Sandbox

POSTGRES = {"database": "app"}
ELSEWHERE = "postgresql://me:mine@db.example/app"
# Of a busy machine, to which a limit is not meant to apply.
IMPORTS_S = 4


def environment(**postgres: object) -> Environment:
    return Environment.model_validate(
        {
            "name": "here",
            "services": {"one": {"url": "${stack:one.url}"}},
            "stack": {
                "postgres": {**POSTGRES, **postgres},
                "services": {"one": {"command": ["true"]}},
            },
        }
    )


def image(declared: Environment) -> str | None:
    changed = with_source(declared, "container")
    assert changed.stack is not None
    assert changed.stack.postgres is not None
    assert (changed.stack.postgres.source, changed.stack.postgres.url_from) == ("container", None)
    return changed.stack.postgres.image


def test_image_is_the_files_or_the_variables_or_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(IMAGE, raising=False)
    assert image(environment()) is None, "postgres:VERSION is used"
    monkeypatch.setenv(IMAGE, "mine:15")
    assert image(environment()) == "mine:15"
    assert image(environment(source="container", image="theirs:16")) == "theirs:16"


@pytest.mark.parametrize(
    ("postgres", "problem"),
    [
        ({"url_from": "KEYARC_TEST_URL"}, "set KEYARC_TEST_URL to its URL, postgresql://"),
        ({"url_from": None}, "names no variable for its URL, as stack.postgres.url_from"),
    ],
)
@pytest.mark.parametrize("value", [None, ""])
def test_server_that_exists_must_be_named(
    monkeypatch: pytest.MonkeyPatch, postgres: dict[str, object], problem: str, value: str | None
) -> None:
    monkeypatch.delenv("KEYARC_TEST_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("KEYARC_TEST_URL", value)
    with pytest.raises(UsageError, match=r"^--database existing: ") as refused:
        with_source(environment(**postgres), "existing")
    assert problem in str(refused.value)


def test_stack_without_a_database_gets_none() -> None:
    declared = environment()
    assert declared.stack is not None
    stack = declared.stack.model_copy(update={"postgres": None})
    with pytest.raises(UsageError, match="the stack of here has no `postgres`"):
        with_source(declared.model_copy(update={"stack": stack}), "embedded")


def test_stack_whose_database_is_from_elsewhere_is_refused() -> None:
    with pytest.raises(UsageError, match=r"elsewhere \(embedded\); `it` ends it"):
        must_be_of({"stack:postgres.source": "embedded"}, "existing", "it")
    must_be_of({"stack:postgres.source": "embedded"}, "embedded", "it")
    must_be_of({}, None, "it")


def test_embedded_one_is_had_though_another_is_named(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    assert (up := sandbox.up("--database", "embedded", DATABASE_URL=ELSEWHERE)).code == 0, up
    references = sandbox.references()
    assert urlsplit(references["stack:postgres.url"]).hostname == "127.0.0.1"
    assert references["stack:postgres.source"] == "embedded"
    other = sandbox.run("smoke", "--env", "here.yaml", "--database", "container")
    assert (other.code, other.err.count("\n")) == (2, 1), other
    assert "from elsewhere (embedded)" in other.err
    assert "`keyarc-verify down --env here.yaml` ends it" in other.err


def test_server_that_exists_is_used(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    up = sandbox.up("--database", "existing", DATABASE_URL=ELSEWHERE)
    assert up.code == 0, up
    assert sandbox.references()["stack:postgres.url"] == ELSEWHERE


def test_nothing_is_started_where_it_cannot_be_had(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    done = sandbox.run("smoke", "--env", "here.yaml", "--database", "existing", DATABASE_URL="")
    assert done.code == 2, done
    assert done.err.endswith("postgresql://USER:PASSWORD@HOST:PORT/DATABASE\n")
    assert sandbox.left() == []


@pytest.mark.parametrize("ci", ["", "true"])
def test_missing_engine_is_told_at_once_in_one_line(
    sandbox: Sandbox, tmp_path: Path, ci: str
) -> None:
    sandbox.declare(postgres=POSTGRES)
    nobody = f"unix://{tmp_path}/nobody.sock"
    started_s = time.monotonic()
    done = sandbox.up("--database", "container", DOCKER_HOST=nobody, CI=ci)
    assert time.monotonic() - started_s < 2 + IMPORTS_S
    assert (done.code, done.err.count("\n")) == (20, 1), done
    assert "--database container needs a Docker engine: " in done.err
    assert nobody in done.err
    assert sandbox.left() == []


def test_environment_that_is_not_started_here_has_the_database_that_it_has(
    tmp_path: Path,
) -> None:
    file = tmp_path / "far.yaml"
    file.write_text("{name: far, services: {one: {url: 'http://127.0.0.1:1'}}}")
    done = Sandbox(tmp_path).run("smoke", "--env", "far.yaml", "--database", "embedded")
    assert done.code == 2, done
    assert "far has no `stack`, so it is not started here" in done.err


def test_pytest_has_the_option_too(sandbox: Sandbox, tmp_path: Path) -> None:
    words = ["-p", "no:cacheprovider", "-p", "harness.plugin", "--env", "local"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--database", "elsewhere"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "--database: one of embedded, container, existing is needed" in done.stderr
