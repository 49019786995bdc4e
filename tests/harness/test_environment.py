import json
from pathlib import Path

import pytest

from harness.environment import (
    Environment,
    Missing,
    find,
    missing,
    parse,
    resolve,
    schema,
    secrets_of,
    substitute,
)
from harness.errors import EnvironmentFileError, UsageError

FOLDER = Path(__file__).parents[2] / "environments"
SMALLEST = "name: some\nservices:\n  a:\n    url: http://a.example\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "some.yaml"
    file.write_text(text)
    return file


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(EnvironmentFileError) as caught:
        parse(write(folder, text))
    return caught.value.problems


def test_a_stranger_needs_three_lines(tmp_path: Path) -> None:
    environment = parse(write(tmp_path, SMALLEST))
    assert environment.services["a"].url == "http://a.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty; name and services are needed"),
        ("name: [", "line 2: not YAML: "),
        ("- a", "the file: a mapping is needed, with name and services"),
        (SMALLEST + "    urk: 1\n", "line 5: services.a.urk: unknown key; did you mean url?"),
        (SMALLEST + "    zzzzzzz: 1\n", "line 5: services.a.zzzzzzz: unknown key; known here: "),
        (SMALLEST + "    instances: many\n", "line 5: services.a.instances: Input should be a "),
        (SMALLEST + "    instances: 65\n", "line 5: services.a.instances: Input should be less"),
        (SMALLEST + "    visibility: hidden\n", "line 5: services.a.visibility: Input should be"),
        (SMALLEST + "    url: http://b\n", "line 5: services.a.url stands here twice"),
        ("services: {A b: {url: http://a}}\nname: x", "line 1: services.A b: not a name; "),
        ("name: x\nservices: {a: {}}", "line 2: services.a.url: missing"),
        ("name: x", "services: missing"),
        ("name: x\nservices: {a: {url: a.example}}", "line 2: services.a.url: not a URL; "),
        ("name: x\nservices: {a: {url: http://a/}}", "line 2: services.a.url: write it without"),
        ("name: x\nservices: {a: {url: http://u:p@a}}", "line 2: services.a.url: credentials do"),
        (SMALLEST + "    depends_on: [a]\n", "line 5: services.a.depends_on.0: a service cannot"),
        (SMALLEST + "    health: {via: b}\n", "line 5: services.a.health.via: no service is nam"),
        (SMALLEST + "    health: {via: a}\n", "line 5: services.a.health.via: needs another"),
        (SMALLEST + "    release: {from: header}\n", "line 5: services.a.release.header: needed"),
        (
            SMALLEST + "    depends_on: [q]\nstack: {services: {a: {command: [x]}}}\n",
            "line 5: services.a.depends_on.0: no service is named q; known here: a",
        ),
        (
            SMALLEST + "stack:\n  services:\n    a: {port: 1}\n",
            "line 7: stack.services.a: give `command` or `python`, one of the two",
        ),
        (SMALLEST + "database: {}\n", "line 5: database: give `command` or `told_by`, one of"),
        (
            SMALLEST + "database: {told_by: [a], command: {run: [x]}}\n",
            "line 5: database: give `command` or `told_by`, one of the two",
        ),
        (SMALLEST + "database: {told_by: [b]}\n", "line 5: database.told_by.0: there is no b; kn"),
        (
            SMALLEST + "    depends_on: [redis]\ndatabase: {told_by: [a]}\n",
            "line 6: database.dependency: no service depends on a postgres that is no service "
            "itself; what `depends_on` names besides services: redis",
        ),
        (
            SMALLEST + "database: {told_by: [a], dependency: a}\n",
            "line 5: database.dependency: no service depends on a a that is no service itself; ",
        ),
        (
            SMALLEST + "    depends_on: [b]\n  b: {url: http://b.example}\n"
            "database: {told_by: [a], dependency: b}\n",
            "line 7: database.dependency: no service depends on a b that is no service itself; "
            "what `depends_on` names besides services: none",
        ),
        (
            SMALLEST + "database: {revision: /a, command: {run: [x]}}\n",
            "line 5: database: pointers go with `told_by`; a command prints JSON of one form",
        ),
        (
            SMALLEST + "database: {command: {run: [x, '${stack:postgres.url}']}}\n",
            "line 5: database.command.run.1: process lists would show it; give it by way of `env`",
        ),
        (
            SMALLEST + "database: {command: {run: [x], env: {A-B: c}}}\n",
            "line 5: database.command.env.A-B: not the name of a variable; ",
        ),
        (
            SMALLEST + "database: {command: {run: [x], env: {A_TOKEN: c}}}\n",
            "line 5: database.command.env.A_TOKEN: a secret does not belong in a file; ",
        ),
        (SMALLEST + "    also_at: [b]\n", "line 5: services.a.also_at.0: not a URL; "),
        (SMALLEST + "    connect: b\n", "line 5: services.a.connect: write host:port, such as"),
        (SMALLEST + "    not_at: [b]\n", "line 5: services.a.not_at: goes with `visibility: pri"),
        (SMALLEST + "    identity: me\n", "line 5: services.a.identity: there is no me; known"),
        (
            SMALLEST + "    headers: {Authorization: Bearer x}\n",
            "line 5: services.a.headers.Authorization: a secret does not belong in a file; ",
        ),
        (
            SMALLEST + "    instances: 2\n    release: {from: header, header: X-R}\n",
            "line 6: services.a.release.instance: needed, to tell its instances apart",
        ),
        (
            SMALLEST + "identities:\n  me: {token: hunter2}\n",
            "line 6: identities.me.token: a secret does not belong in a file; name a variable",
        ),
        (
            SMALLEST + "identities:\n  me: {token: '${env:T}', headers: {}}\n",
            "line 6: identities.me: give `token`, `headers` or `login`, one of the three",
        ),
        (
            SMALLEST + "identities:\n  me: {login: {service: b, json: {user: p}}}\n",
            "line 6: identities.me.login.service: there is no b; known here: a",
        ),
        (SMALLEST + "checks: {x: {off: why}}\n", "line 5: checks.x.off: String should have at "),
        (SMALLEST + "checks: {x: {}}\n", "line 5: checks.x: give `off: why` or `advisory: why`"),
        (
            SMALLEST + "checks: {x: {advisory: a known defect}}\n",
            "line 5: checks.x: `advisory` needs `until`, its last day: 2027-01-31",
        ),
        (SMALLEST + "    http: {url: 'https://a'}\n", "line 5: services.a.http.url: plain http is"),
        (SMALLEST + "    cors: {origins: ['*']}\n", "line 5: services.a.cors.origins.0: not an or"),
        (SMALLEST + "    cors: {origins: [http://a/b]}\n", "line 5: services.a.cors.origins.0: no"),
        (SMALLEST + "control_url: here\n", "line 5: control_url: not a URL; "),
        (
            SMALLEST + "platform: {name: fly, apps: {b: x}}\n",
            "line 5: platform.apps.b: there is no b; known here: a",
        ),
        (SMALLEST + "stack_of: nothing\n", "stack_of: there is no nothing.yaml with a `stack`"),
        (SMALLEST + "stack_of: some\n", "stack_of: names another file, where there is no `sta"),
        ("name: x\x00", "not YAML: it holds characters that YAML forbids"),
    ],
)
def test_a_bad_file_says_where_and_what_would_be_right(
    tmp_path: Path, text: str, expected: str
) -> None:
    [problem] = problems(tmp_path, text)
    assert problem.startswith(expected)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "name: X\nservices: {a: {urk: 1}}")) == 3


def test_a_problem_never_shows_a_value(tmp_path: Path) -> None:
    text = "name: x\nservices: {a: {url: 'http://u:canary-4711@a', instances: canary-4711}}"
    assert "canary-4711" not in str(problems(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFileError, match="cannot be read: Is a directory"):
        parse(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(EnvironmentFileError, match="not UTF-8"):
        parse(tmp_path / "some.yaml")


def test_a_certificate_file_lies_beside_the_environment_file(tmp_path: Path) -> None:
    environment = parse(write(tmp_path, SMALLEST + "tls: {ca_file: ca.pem}\n"))
    assert str(tmp_path / "ca.pem") == environment.tls.ca_file


def test_names_are_found_under_the_current_directory_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").mkdir()
    own = write(tmp_path / "environments", SMALLEST)
    monkeypatch.chdir(tmp_path)
    assert own == find("some")
    assert find("local").name == "local.yaml"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown environment 'nope'; known here: .*local"):
        find("nope")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no environment file .*gone\.yaml"):
        find(str(tmp_path / "gone.yaml"))


def test_references_are_filled_in_but_for_the_stack(tmp_path: Path) -> None:
    text = (
        "name: x\nservices:\n  a: {url: '${stack:edge.url}/a'}\n  b: {url: 'http://${env:HOST}'}\n"
        "stack: {services: {a: {command: [run, '${generated:SECRET}']}}}\n"
    )
    environment = resolve(
        parse(write(tmp_path, text)), {"stack:edge.url": "https://e"}, {"HOST": "b.example"}
    )
    assert environment.services["a"].url == "https://e/a"
    assert environment.services["b"].url == "http://b.example"
    assert environment.stack is not None
    assert environment.stack.services["a"].command == ["run", "${generated:SECRET}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${env:GONE}", "the variable GONE is not set"),
        ("${stack:gone}", r"\$\{stack:gone\} has no value; known here: stack:edge.url"),
        ("${generated:X}", "has no value unless a local stack is up"),
        ("${edge}", "is no reference; write"),
        ("${env:A", "is no reference; write"),
        ("${env:}", "is no reference; write"),
    ],
)
def test_a_reference_without_a_value_is_named(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        substitute(text, {"stack:edge.url": "x"}, {})


def test_a_missing_variable_is_told_with_its_key(tmp_path: Path) -> None:
    environment = parse(write(tmp_path, "name: x\nservices: {a: {url: 'http://${env:GONE}'}}"))
    with pytest.raises(UsageError, match=r"services\.a\.url: the variable GONE is not set"):
        resolve(environment, {}, {})


def test_what_a_variable_holds_is_checked_and_not_shown(tmp_path: Path) -> None:
    environment = parse(write(tmp_path, "name: x\nservices: {a: {url: '${env:URL}'}}"))
    with pytest.raises(UsageError, match=r"services\.a\.url, once filled in: not a URL") as caught:
        resolve(environment, {}, {"URL": "canary-4711"})
    assert "canary-4711" not in str(caught.value)


def test_the_committed_schema_is_current() -> None:
    committed = FOLDER / "schema.json"
    assert schema() == json.loads(committed.read_text())


@pytest.mark.parametrize(
    "file",
    sorted((Path(__file__).parents[2] / "environments").glob("*.yaml")),
    ids=lambda f: f.stem,
)
def test_every_committed_environment_can_be_used(file: Path) -> None:
    assert isinstance(parse(file), Environment)
    assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


WITH_SECRETS = """
name: some
variables: {SEED: what users are made of}
identities:
  me: {token: "${env:TOKEN}"}
  you: {login: {service: a, json: {user: me, password: "${env:PASSWORD}"}}}
services:
  a: {url: "http://${env:HOST}", headers: {X-Api-Key: "${env:KEY}"}, identity: me}
"""


def test_every_variable_that_is_missing_is_told_with_what_it_is_for(tmp_path: Path) -> None:
    environment = parse(write(tmp_path, WITH_SECRETS))
    assert missing(environment, {"PASSWORD": "p", "KEY": ""}) == [
        Missing("SEED", "what users are made of"),
        Missing("TOKEN", "identities.me.token needs it"),
        Missing("HOST", "services.a.url needs it"),
        Missing("KEY", "services.a.headers.X-Api-Key needs it"),
    ]


def test_what_must_not_be_written_is_known_and_an_address_is_none(tmp_path: Path) -> None:
    variables = {"SEED": "s", "TOKEN": "t", "PASSWORD": "p", "KEY": "k", "HOST": "a.example"}
    environment = resolve(parse(write(tmp_path, WITH_SECRETS)), {}, variables)
    assert sorted(secrets_of(environment, variables)) == ["k", "me", "p", "s", "t"]
    assert "'t'" not in repr(environment)


@pytest.mark.parametrize(
    "word", ["-p=${env:A_TOKEN}", "${generated:KEY}", "a${stack:postgres.url}b"]
)
def test_a_secret_is_no_word_of_a_command(tmp_path: Path, word: str) -> None:
    text = SMALLEST + f"platform: {{name: command, commands: {{identify: {{run: ['{word}']}}}}}}\n"
    found = "line 5: platform.commands.identify.run.0: process lists would show it; "
    assert any(problem.startswith(found) for problem in problems(tmp_path, text))


def test_other_variables_may_be_words_of_a_command(tmp_path: Path) -> None:
    text = SMALLEST + "database: {command: {run: [x, '${env:PLACE}', '${stack:a.url}']}}\n"
    assert parse(write(tmp_path, text)).database is not None


WITH_COMMAND = (
    SMALLEST
    + """
database:
  command: {run: [x], env: {A_TOKEN: "${env:TOKEN}", URL: "${stack:postgres.url}", PLACE: here}}
"""
)


def test_what_a_command_is_given_is_filled_in_and_its_secrets_are_known(tmp_path: Path) -> None:
    url, variables = "postgresql://me:word@db/app", {"TOKEN": "t"}
    references = {"stack:postgres.url": url}
    environment = resolve(parse(write(tmp_path, WITH_COMMAND)), references, variables)
    [command] = environment.commands
    given = {name: value.get_secret_value() for name, value in command.env.items()}
    assert given == {"A_TOKEN": "t", "URL": url, "PLACE": "here"}
    assert secrets_of(environment, variables) == ["t", "word"]
    assert "word" not in repr(environment)


def test_a_stack_can_be_that_of_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SMALLEST + "stack: {services: {a: {command: [x]}}}\n")
    environment = parse(write(tmp_path, SMALLEST + "stack_of: other\n"))
    assert environment.stack is not None
    assert environment.stack.services["a"].command == ["x"]


def test_two_files_that_name_each_other_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SMALLEST + "stack_of: some\n")
    assert problems(tmp_path, SMALLEST + "stack_of: other\n") == [
        "stack_of: there is no other.yaml with a `stack` here"
    ]
