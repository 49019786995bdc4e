"""Commands that the documents name exist, with all of their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from harness.cli import application
from tests.documents import ROOT, code, documents

OURS = re.compile(r"(?:^|[\s`(])(?:\.venv/bin/)?(keyarc-verify(?:[ \t].*)?)$")
SCRIPT = re.compile(r"(?:^|[\s`(])((?:environments|\.ci|\.github)/[\w./-]+[ \t]+-.*)$")
MODULE = re.compile(r"(?:^|[\s`(])python -m ((?:services|suites|harness|tests|bench)[\w.]*)")
ENDS = ("|", "||", "&&", ";", ">", ">>", "#", "&")


def words(line: str) -> list[str]:
    """Those of one command, up to what a shell ends it at."""
    try:
        found = shlex.split(line, comments=True)
    except ValueError:
        found = line.split()
    end = next((n for n, word in enumerate(found) if word.startswith(ENDS)), len(found))
    # A loop's `; do` sticks to the word before it.
    return [word.rstrip(";") for word in found[:end]]


def unknown(text: str) -> Iterator[str]:
    """What the documents call and is not there."""
    for line in code(text):
        for found in OURS.findall(line):
            yield from unknown_to_us(words(found)[1:])
        for found in SCRIPT.findall(line):
            yield from unknown_to_script(*words(found))
        for module in MODULE.findall(line):
            path = ROOT / module.replace(".", "/")
            if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
                yield f"python -m {module}: no such module"


def unknown_to_us(given: list[str]) -> Iterator[str]:
    command = typer.main.get_command(application())
    called = f"keyarc-verify {' '.join(given)}"
    for word in given:
        options = {"--help", "-h"} | {each for param in command.params for each in param.opts}
        if word.startswith("-") and word.partition("=")[0] not in options:
            yield f"{called}: no option {word}"
        if isinstance(command, TyperGroup) and re.fullmatch(r"[a-z]+", word):
            if word not in command.commands:
                yield f"{called}: no command {word}"
                return
            command = command.commands[word]
            assert isinstance(command, TyperCommand | TyperGroup)


def unknown_to_script(script: str, *given: str) -> Iterator[str]:
    """An option counts as known where the script says it as a word."""
    path = ROOT / script
    if not path.is_file():
        yield f"{script}: no such script"
        return
    known = {*re.findall(r"--[a-z][a-z-]*", path.read_text())}
    for word in given:
        if word.startswith("--") and word.partition("=")[0] not in known:
            yield f"{script}: no option {word}"


@pytest.mark.parametrize("path", documents())
def test_commands_and_options_are_those_that_there_are(path: Path) -> None:
    assert [] == [*unknown(path.read_text())]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("`keyarc-verify gate --env x --releases y`", "no option --releases"),
        ("```console\n$ keyarc-verify gates --env x\n```", "no command gates"),
        ("```sh\n.venv/bin/keyarc-verify release lost 7\n```", "no command lost"),
        ("```sh\nkeyarc-verify rollback --env x \\\n    --bake 5m\n```", "no option --bake"),
        ("`environments/provision.sh --env x --undo`", "no option --undo"),
        ("```console\n$ .github/access/applied --check\n```", "no such script"),
        ("`python -m suites.keyarc.clean --env x`", "no such module"),
        ("`keyarc-verify gate --env staging --rollback` and `keyarc-verify --version`", ""),
        ("```sh\nkeyarc-verify report last --format junit | grep -c x # --none\n```", ""),
        ("`python -m services.migrations.state`, `.github/access/apply --check`", ""),
    ],
)
def test_a_wrong_command_is_seen(text: str, problem: str) -> None:
    found = "; ".join(unknown(text))
    assert problem in found
    assert bool(problem) == bool(found)
