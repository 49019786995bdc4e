"""What a user can get wrong: a clear line, exit code 2 or 20, nothing sent, no traceback."""

import socket
from pathlib import Path

import pytest
import yaml

from tests.harness.cli.command import keyarc_verify, write_environment

SECRET = "hunter2-hunter2-hunter2"
FILES = {
    "empty.yaml": "",
    "broken.yaml": "name: x\nservices: {a: [\n",
    "short.yaml": "name: x\n",
    "unknown.yaml": "name: x\nservices:\n  a: {url: 'http://a', helth: {}}\n",
    "types.yaml": f"name: x\nservices:\n  a:\n    url: 'http://a'\n    instances: {SECRET}\n",
    "tls.yaml": "name: x\ntls: {ca_file: gone.pem}\nservices: {a: {url: 'https://127.0.0.1:9'}}\n",
    "url.yaml": f"name: x\nservices: {{a: {{url: 'http://u:{SECRET}@a'}}}}\n",
    "held.yaml": f"name: x\nservices: {{a: {{url: 'http://a'}}}}\nidentities: "
    f"{{me: {{token: {SECRET}}}}}\n",
    "stack.yaml": "name: x\nservices: {a: {url: '${stack:b.url}'}}\n"
    "stack: {services: {a: {command: ['true']}}}\n",
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--env", "nope"], "unknown environment 'nope'; known here: "),
        (["--env", "gone.yaml"], "there is no environment file gone.yaml"),
        (["--env", "empty.yaml"], "empty.yaml: is empty; name and services are needed"),
        (["--env", "broken.yaml"], "broken.yaml: line 3: not YAML: "),
        (["--env", "short.yaml"], "short.yaml: services: missing"),
        (["--env", "unknown.yaml"], "line 3: services.a.helth: unknown key; did you mean health?"),
        (["--env", "types.yaml"], "types.yaml: line 5: services.a.instances: "),
        (["--env", "url.yaml"], "services.a.url: credentials do not belong in a URL"),
        (["--env", "held.yaml"], "identities.me.token: a secret does not belong in a file; "),
        (["--env", "tls.yaml"], "tls.ca_file: "),
        (["--env", "stack.yaml"], "services.a.url: ${stack:b.url} has no value; known here: "),
        (["--env", "some.yaml", "--format", "xml"], "unknown format 'xml'; known: "),
        (["--env", "some.yaml", "--only", "zzz"], "no check matches 'zzz'; there are: "),
        (["--env", "some.yaml", "--output", "."], "the run directory . is not empty"),
        (["--env", "some.yaml", "--output", "some.yaml/x"], "no run directory can be made at"),
        ([], "Missing option"),
        (["--env", "some.yaml", "--timeout", "soon"], "Invalid value"),
        (["--env", "some.yaml", "--timeout", "nan"], "Invalid value"),
        (["--frobnicate"], "No such option"),
    ],
)
def test_what_a_user_can_get_wrong_is_told_before_anything_is_sent(
    tmp_path: Path, options: list[str], expected: str
) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    done = keyarc_verify(tmp_path, "smoke", *options)
    assert (done.code, done.out) == (2, "")
    assert expected in done.err
    assert SECRET not in done.err
    assert "Traceback" not in done.err
    assert not list(tmp_path.glob("reports/runs/*/manifest.json"))


def test_a_stack_whose_port_is_taken_names_the_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = {"command": ["sleep", "1"], "port": port}
        environment = {
            "name": "here",
            "services": {"one": {"url": "${stack:one.url}", "release": {"from": "none"}}},
            "stack": {"services": {"one": service}},
        }
        (tmp_path / "here.yaml").write_text(yaml.safe_dump(environment))
        for command in ("up", "smoke"):
            done = keyarc_verify(tmp_path, command, "--env", "here.yaml")
            assert done.code == 20
            assert f"stack.services.one: port {port}" in done.err
            assert "Traceback" not in done.err
