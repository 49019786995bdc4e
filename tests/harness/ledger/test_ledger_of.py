"""From an environment file to its ledger; no secret on the way."""

from pathlib import Path

import pytest

from harness.environment import Environment, missing, parse, resolve, secrets_of
from harness.errors import EnvironmentFileError, UsageError
from harness.ledger import ledger_of
from harness.ledger.file import FileLedger
from harness.ledger.github import GitHubLedger

SERVICES = "services: {a: {url: 'http://127.0.0.1:9'}}\n"
SECRET = "ghp_canary-4711-4711"


def environment(folder: Path, ledger: str = "") -> Environment:
    file = folder / "some.yaml"
    file.write_text(f"name: some\n{SERVICES}{ledger and f'ledger: {ledger}'}\n")
    return parse(file)


def github(token: str) -> str:
    return f"{{name: github, settings: {{repository: a/b, token: '{token}'}}}}"


def test_it_is_a_file_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    assert isinstance(ledger_of(environment(tmp_path)), FileLedger)


def test_settings_reach_the_ledger(tmp_path: Path) -> None:
    opened = ledger_of(environment(tmp_path, "{settings: {path: /kept}}"))
    assert str(opened) == "/kept/some.jsonl"


def test_references_are_filled_in(tmp_path: Path) -> None:
    declared = environment(tmp_path, github("${env:LEDGER}"))
    assert [each.name for each in missing(declared, {})] == ["LEDGER"]
    opened = ledger_of(resolve(declared, {}, {"LEDGER": SECRET}))
    assert isinstance(opened, GitHubLedger)
    assert opened.token == SECRET
    assert SECRET not in repr(opened)


def test_an_unknown_ledger_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown ledger 'sql'; known: file, github"):
        ledger_of(environment(tmp_path, "{name: sql}"))


@pytest.mark.parametrize(
    "token",
    [
        SECRET,
        SECRET + "${env:A}",
        "${env:A}" + SECRET,
        "${generated:a}",
        "${env:A",
        "${env:A}${env:B}",
    ],
)
def test_a_token_that_stands_in_the_file_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(EnvironmentFileError, match=r"ledger\.settings\.token: a secret") as caught:
        environment(tmp_path, github(token))
    assert SECRET not in str(caught.value)


def test_the_token_is_among_what_must_not_be_written(tmp_path: Path) -> None:
    declared = environment(tmp_path, github("${env:LEDGER}"))
    resolved = resolve(declared, {}, {"LEDGER": SECRET})
    assert secrets_of(resolved, {}) == [SECRET]
