"""`with-variables`: what a pipeline's one secret becomes."""

from pathlib import Path

import pytest

from tests.workflows.steps import SCRIPTS, Step, step

SHOWN = ["sh", "-c", 'echo "$SHOP_TOKEN,$EMPTY,${VERIFY_VARIABLES-none}"; exit 7']


def run(folder: Path, secret: str, **env: str) -> Step:
    env = {"VERIFY_VARIABLES": secret, **env}
    return step(SCRIPTS / "with-variables", folder, env=env, arguments=SHOWN)


def test_each_line_is_a_variable_and_its_value_is_masked(tmp_path: Path) -> None:
    found = run(tmp_path, "# of the shop\n\nSHOP_TOKEN=a=b%c\r\nEMPTY=\n")
    assert found.said.splitlines() == ["::add-mask::a=b%25c", "a=b%c,,none"]
    assert found.code == 7


def test_without_the_secret_the_command_runs_as_it_is(tmp_path: Path) -> None:
    assert run(tmp_path, "").said == ",,none\n"


def test_nothing_is_said_of_it_outside_of_a_workflow(tmp_path: Path) -> None:
    assert run(tmp_path, "SHOP_TOKEN=x", GITHUB_ACTIONS="").said == "x,,none\n"


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("SHOP_TOKEN", "line 1 is not NAME=value"),
        ("A=1\nshop=hush-hush", "line 2 is not NAME=value"),
        ("A=1\nA=hush-hush", "line 2: A is there twice"),
        ("PATH=hush-hush", "line 1: PATH cannot be set here"),
        ("GITHUB_OUTPUT=hush-hush", "line 1: GITHUB_OUTPUT cannot be set here"),
        ("LD_PRELOAD=hush-hush", "line 1: LD_PRELOAD cannot be set here"),
        ("PYTHONPATH=hush-hush", "line 1: PYTHONPATH cannot be set here"),
    ],
)
def test_a_line_that_is_none_is_told_by_its_number(tmp_path: Path, secret: str, told: str) -> None:
    found = run(tmp_path, secret)
    assert found.code == 2
    assert told in found.said
    assert "hush" not in found.said


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = step(SCRIPTS / "with-variables", tmp_path, env={}, arguments=["no-such-program"])
    assert (2, "no-such-program: No such file or directory\n") == (found.code, found.said)
