"""The examples of docs/pipeline.md agree with the workflow and the action that they call."""

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.environment import find, parse

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/pipeline.md"
GATE = ".github/workflows/gate.yml"
ACTION = ".github/actions/verify"
USES = re.compile(r"OWNER/keyarc-verify/([\w./-]+)@COMMIT")


def examples() -> list[Any]:
    blocks = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def calls(of: Any) -> list[dict[str, Any]]:
    """All that has a `uses`, however deep."""
    if isinstance(of, dict):
        own = [of] if "uses" in of else []
        return own + [each for value in of.values() for each in calls(value)]
    return [each for value in of for each in calls(value)] if isinstance(of, list) else []


def declared(path: str) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    """Inputs, outputs and secrets of what can be called."""
    file = ROOT / path
    read = yaml.safe_load((file / "action.yml" if file.is_dir() else file).read_text())
    # YAML reads `on` as true.
    call = read if file.is_dir() else read[True]["workflow_call"]
    return call["inputs"], call["outputs"], {*call.get("secrets", {})}


def called(path: str) -> dict[str, Any]:
    found = [each for each in calls(examples()) if USES.fullmatch(each["uses"])]
    (only,) = [each for each in found if path in each["uses"]]
    return only


@pytest.mark.parametrize("path", [GATE, ACTION])
def test_an_example_gives_what_is_taken_and_all_that_is_needed(path: str) -> None:
    inputs, _, secrets = declared(path)
    given = called(path)
    assert {*given["with"]} <= {*inputs}
    assert {name for name, each in inputs.items() if each.get("required")} <= {*given["with"]}
    assert {*given.get("secrets", {})} <= secrets


@pytest.mark.parametrize("path", [GATE, ACTION])
def test_every_output_that_is_named_is_there(path: str) -> None:
    _, outputs, _ = declared(path)
    assert "verdict" in outputs
    named = re.search(r"^Outputs of both: (.*)\.$", DOCUMENT.read_text(), re.MULTILINE)
    assert named
    assert {*re.findall(r"\w+", named[1])} == {*outputs}


def test_the_table_has_every_input_of_the_action_and_what_holds_without_it() -> None:
    inputs, _, _ = declared(ACTION)
    rows = re.findall(r"^\| (`.*?`) \| .* \| (.*) \|$", DOCUMENT.read_text(), re.MULTILINE)
    table = {name: told for names, told in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert {*inputs} <= {*table}
    for name in ("mode", "rollback", "rehearse", "fail"):
        assert f"`{inputs[name]['default']}`" == table[name]


def test_the_called_gate_may_do_what_its_jobs_need() -> None:
    """A called workflow gets no more permissions than its caller's job has."""
    granted = called(GATE)["permissions"]
    for job in yaml.safe_load((ROOT / GATE).read_text())["jobs"].values():
        for scope, access in (job.get("permissions") or {}).items():
            assert granted.get(scope) in (access, "write"), scope


def test_the_environment_file_is_one(tmp_path: Path) -> None:
    (example,) = [each for each in examples() if isinstance(each, dict) and "services" in each]
    file = tmp_path / "staging.yaml"
    file.write_text(yaml.safe_dump(example))
    assert "staging" == parse(find(str(file))).name
