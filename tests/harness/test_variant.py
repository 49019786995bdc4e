"""An environment's stack with other settings, as a file of its own."""

import json
import re
from pathlib import Path

import pytest

from harness.environment import Environment, find, parse
from harness.errors import EnvironmentFileError, UsageError
from harness.variant import write

LOCAL = find("local")


def varied(folder: Path, *words: object, **more: object) -> Environment:
    return parse(write(LOCAL, folder, *words, **more))  # type: ignore[arg-type]  # as `write` says


def test_only_what_is_named_differs(tmp_path: Path) -> None:
    came = varied(tmp_path, {"auth": {"RATE_LIMIT_LOGIN": "5/2s"}})
    before = parse(LOCAL)
    assert before.stack is not None
    assert came.stack is not None
    auth = before.stack.services["auth"]
    changed = auth.model_copy(update={"env": {**auth.env, "RATE_LIMIT_LOGIN": "5/2s"}})
    assert came.stack.services == {**before.stack.services, "auth": changed}
    assert came.model_copy(update={"stack": None}) == before.model_copy(update={"stack": None})


def test_a_setting_may_refer_to_the_stack(tmp_path: Path) -> None:
    came = varied(tmp_path, {"gateway": {"KEYS_URL": "${stack:keys.url}/behind"}})
    assert came.stack is not None
    assert came.stack.services["gateway"].env["KEYS_URL"] == "${stack:keys.url}/behind"


def test_it_refers_to_secrets_and_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:canary@127.0.0.1/db")
    written = write(LOCAL, tmp_path, {}).read_text()
    assert "canary" not in written
    found = re.findall(r"(?:SECRET|TOKEN)\": \"([^\"]*)\"", written)
    assert found
    assert all(value.startswith("${generated:") for value in found)


def test_it_can_run_beside_the_other_one(tmp_path: Path) -> None:
    tree = {
        "name": "mine",
        "services": {"web": {"url": "${stack:web.url}"}},
        "stack": {
            "postgres": {"port": 5499},
            "services": {"web": {"command": ["web"], "port": 8099, "env": {"A": "1"}}},
        },
    }
    file = tmp_path / "mine.yaml"
    file.write_text(json.dumps(tree))
    (tmp_path / "varied").mkdir()
    came = parse(write(file, tmp_path / "varied", {}))
    assert came.stack is not None
    assert came.stack.services["web"].port is None
    assert came.stack.postgres is not None
    # Nor may it touch a database that a variable of the caller's names.
    assert (came.stack.postgres.port, came.stack.postgres.url_from) == (None, None)


def test_a_stack_may_be_another_ones(tmp_path: Path) -> None:
    borrowing = find("ci")
    declared = parse(borrowing)
    assert declared.stack_of == "local"
    came = parse(write(borrowing, tmp_path, {"auth": {"LOG_LEVEL": "DEBUG"}}))
    assert (came.name, came.stack_of) == (declared.name, None)
    assert came.stack is not None
    assert came.stack.services["auth"].env["LOG_LEVEL"] == "DEBUG"


def test_limits_of_an_instance_are_those_of_the_service(tmp_path: Path) -> None:
    before, came = parse(find("ci")), parse(write(find("ci"), tmp_path, {}))
    assert {service.instances for service in before.services.values()} == {2}
    assert {service.instances for service in came.services.values()} == {1}


def test_a_service_can_run_twice(tmp_path: Path) -> None:
    settings = {"brief": {"ACCESS_TOKEN_TTL_S": "2"}}
    came = varied(tmp_path, settings, copies={"brief": "auth"})
    assert came.stack is not None
    services = came.stack.services
    assert services["brief"].python == services["auth"].python
    assert services["brief"].env == {**services["auth"].env, "ACCESS_TOKEN_TTL_S": "2"}


def test_a_certificate_file_is_found_from_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    file = here / "mine.yaml"
    stack = {"services": {"web": {"command": ["web"]}}}
    services = {"web": {"url": "https://example.org"}}
    tree = {"name": "mine", "tls": {"ca_file": "ca.pem"}, "services": services, "stack": stack}
    file.write_text(json.dumps(tree))
    assert parse(write(file, there, {})).tls.ca_file == str(here / "ca.pem")


@pytest.mark.parametrize(
    ("settings", "copies", "says"),
    [
        ({"bank": {}}, {}, "bank cannot have other settings: the stack has auth, account, keys"),
        ({}, {"brief": "bank"}, "bank cannot run twice: the stack has auth, account, keys"),
        ({}, {"keys": "auth"}, "a copy cannot be called keys: the stack has one of that name"),
    ],
)
def test_a_service_that_the_stack_does_not_have_is_told(
    tmp_path: Path, settings: dict[str, dict[str, str]], copies: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        write(LOCAL, tmp_path, settings, copies=copies)


def test_what_has_no_stack_has_no_variant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no `stack` to start"):
        write(find("staging"), tmp_path, {})


def test_a_name_for_a_copy_that_is_none_is_told_when_it_is_read(tmp_path: Path) -> None:
    file = write(LOCAL, tmp_path, {}, copies={"no name": "auth"})
    with pytest.raises(EnvironmentFileError, match="no name"):
        parse(file)


def test_the_database_gets_what_is_more_for_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    database = {"database": "mine", "settings": {"jit": "on", "work_mem": "1MB"}}
    services = {"web": {"command": ["web"]}}
    tree = {
        "name": "mine",
        "services": {"web": {"url": "${stack:web.url}"}},
        "stack": {"postgres": database, "services": services},
    }
    file.write_text(json.dumps(tree))
    (tmp_path / "varied").mkdir()
    more = {"disk_mb": 64, "settings": {"work_mem": "2MB"}}
    came = parse(write(file, tmp_path / "varied", {}, postgres=more))
    assert came.stack is not None
    assert came.stack.postgres is not None
    assert came.stack.postgres.settings == {"jit": "on", "work_mem": "2MB"}
    assert (came.stack.postgres.disk_mb, came.stack.postgres.database) == (64, "mine")
    assert came.stack.postgres.url_from is None
