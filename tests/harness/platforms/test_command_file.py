"""The commands of an environment file: what cannot be as it is, is told before anything is run."""

from pathlib import Path

import pytest

from harness.environment import parse
from harness.errors import EnvironmentFileError

SERVICES = "name: some\nservices:\n  web: {url: http://a.example}\n  api: {url: http://b.example}\n"
WHOLE = {"identify": "[tell, it]", "list": "[list, it]", "roll_back": "[do, it]"}


def written(folder: Path, name: str = "command", **commands: str) -> Path:
    """A file with these commands; `run` alone may be given as a list, and nothing leaves it out."""
    lines = [
        f"    {command}: {{run: {how}}}" if how.startswith("[") else f"    {command}: {how}"
        for command, how in {**WHOLE, **commands}.items()
        if how
    ]
    file = folder / "some.yaml"
    file.write_text(f"{SERVICES}platform:\n  name: {name}\n  commands:\n" + "\n".join(lines))
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(EnvironmentFileError) as caught:
        parse(file)
    return [problem.partition(": ")[2] for problem in caught.value.problems]


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    assert parse(written(tmp_path)).platform is not None
    assert parse(written(tmp_path, list="", obtainable="[look, it]")).platform is not None


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ({"identify": ""}, "platform.commands: `identify` is needed: what runs"),
        ({"roll_back": ""}, "platform.commands: `roll_back` is needed: how a release is brought"),
        ({"list": ""}, "platform.commands: `obtainable` or `list` is needed: what can still be"),
        (
            {"rollback": "[x]"},
            "platform.commands.rollback: unknown command; known here: identify, describe, list,"
            " obtainable, roll_back, wait, confirm",
        ),
        ({"name": "fly"}, "platform.commands: these are for `name: command`"),
        (
            {"roll_back": "['{app}', x]"},
            "platform.commands.roll_back.run.0: the program itself is always the same: no placeh",
        ),
        (
            {"roll_back": "[x, '{version}']"},
            "platform.commands.roll_back.run.1: nothing is known for {version}; `roll_back` knows"
            " {service}, {app}, {identity}, {reference}, {release}; {{version}} stands for itself",
        ),
        (
            {"identify": "[x, '{reference}']"},
            "platform.commands.identify.run.1: nothing is known for {reference}; `identify` knows",
        ),
        (
            {"identify": "{run: [x, '{app}'], read: {identity: '/{name}'}}"},
            "platform.commands.identify.read.identity: nothing is known for {name}; `identify`",
        ),
        (
            {"obtainable": "{run: [x], has: {'/{name}': '{reference}'}}"},
            "platform.commands.obtainable.has./{name}: nothing is known for {name}; `obtaina",
        ),
        (
            {"obtainable": "{run: [x], has: {/id: ['{name}']}}"},
            "platform.commands.obtainable.has./id: nothing is known for {name}; `obtainable`",
        ),
        (
            {"roll_back": "{run: [x], expect: {/status: done}}"},
            "platform.commands.roll_back.expect: not a key of `roll_back`; such keys here: none,"
            " what it prints is not read",
        ),
        (
            {"obtainable": "{run: [x], changing: {/status: done}}"},
            "platform.commands.obtainable.changing: not a key of `obtainable`; such keys here: exp",
        ),
        (
            {"identify": "{run: [x], expect: {/status: done}}"},
            "platform.commands.identify.read: needed: what it prints is not ours, so say where",
        ),
        (
            {"identify": "{run: [x, '{app}'], read: {serial: /n}}"},
            "platform.commands.identify.read.identity: needed: where it stands",
        ),
        (
            {"describe": "{run: [x, '{app}'], read: {identity: /n}}"},
            "platform.commands.describe.read.identity: left out: `identify` tells it",
        ),
        (
            {"describe": "[x]"},
            "platform.commands.describe: says nothing without `read`, `expect`, `has` or `chan",
        ),
        ({"confirm": "[x]"}, "platform.commands.confirm: proves nothing without `expect` or"),
        (
            {"identify": "{run: [x], read: {identity: /id}}"},
            "platform.commands.identify.read: says the same of every service: name {service} or",
        ),
        (
            {"identify": "{run: [x, '{app}'], read: {identity: /id, match: '('}}"},
            "platform.commands.identify.read.match: not a regular expression: missing ), unter",
        ),
        (
            {"identify": "{run: [x, '{app}'], read: {identity: /id, match: '(a)(b)'}}"},
            "platform.commands.identify.read.match: has one group at most, the identity; write",
        ),
        (
            {"identify": "{run: [x, '{app}'], read: {identity: id}}"},
            "platform.commands.identify.read.identity: String should match pattern '^/'",
        ),
        (
            {"identify": "{run: [x], timeout_s: 0}"},
            "platform.commands.identify.timeout_s: Input should be greater than 0",
        ),
        ({"identify": "[]"}, "platform.commands.identify.run: List should have at least 1 item"),
        (
            {"roll_back": "[x, '${env:DEPLOY_TOKEN}']"},
            "platform.commands.roll_back.run.1: process lists would show it; give it by way of",
        ),
    ],
)
def test_commands_that_cannot_be(tmp_path: Path, commands: dict[str, str], expected: str) -> None:
    [problem] = problems(written(tmp_path, **commands))
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    "commands",
    [
        {"identify": "[x, '{{version}}', '{.items[*]}', '{range .items[*]}']"},
        {"identify": "{run: [x, '{app}'], read: {identity: '/*/id', match: 'a{2}(?:b)(c)'}}"},
        {"identify": "{run: [x], read: {identity: '/{service}/id'}}"},
        {"identify": "{run: [x], read: {identity: /id, match: '/{service}@(.*)'}}"},
        {"roll_back": "[x, '${env:CLUSTER}']"},
        {"confirm": "{run: [x], expect: {/of: 'Rollback to {reference}', /ok: true, /n: null}}"},
    ],
)
def test_commands_that_can_be(tmp_path: Path, commands: dict[str, str]) -> None:
    assert parse(written(tmp_path, **commands)).platform is not None
