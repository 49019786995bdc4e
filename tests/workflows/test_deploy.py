"""deploy.yml: what goes where, and only what was verified before."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Artifact
from harness.ledger import Entry, Event
from harness.records import plain
from tests.workflows.act import STAND_INS, Repository, Run

DIGESTS = {
    name: f"ghcr.io/o/keyarc-{name}@sha256:{str(number) * 64}"
    for number, name in enumerate(("frontend", "auth", "gateway", "account", "keys"))
}
# In the place of build.yml, which needs a registry.
BUILD = f"""
on:
  workflow_call:
    outputs:
      images: {{value: "${{{{ jobs.built.outputs.images }}}}"}}
      release: {{value: "${{{{ jobs.built.outputs.release }}}}"}}
jobs:
  built:
    runs-on: ubuntu-latest
    outputs:
      images: ${{{{ steps.said.outputs.images }}}}
      release: ${{{{ steps.said.outputs.release }}}}
    steps:
      - id: said
        run: |
          echo 'images={json.dumps(DIGESTS)}' >>"$GITHUB_OUTPUT"
          echo 'release=r2' >>"$GITHUB_OUTPUT"
"""
DEPLOY = """#!/bin/sh
[ "$5" = --images ] && jq --compact-output --arg env "$2" --arg release "$4" \
    '{env: $env, release: $release, images: .}' "$6" >>"$PLAY_DEPLOYED"
"""


def entry(event: Event, release: str) -> Any:
    """Of staging's ledger, as `release show` prints it."""
    vector = {
        name: Artifact(identity=image.partition("@")[2], reference=image)
        for name, image in DIGESTS.items()
    }
    noted = Entry(
        event=event,
        environment="staging",
        release=release,
        at="2026-01-01T00:00:00.000Z",
        vector=vector,
    )
    return plain(noted)


def deploy(
    folder: Path,
    event: dict[str, Any],
    *,
    name: str = "push",
    gate: dict[str, Any],
    ledger: Sequence[Event] = (),
) -> tuple[Run, list[dict[str, Any]], list[list[str]]]:
    repository = Repository(folder / "repository")
    repository.write(".github/workflows/build.yml", BUILD)
    repository.write("environments/deploy.sh", DEPLOY, executable=True)
    for script in ("install", "promoted"):
        text = (STAND_INS.parents[2] / ".github/scripts" / script).read_text()
        repository.write(f".github/scripts/{script}", text, executable=True)
    repository.write("event.json", json.dumps(event))
    deployed, calls = folder / "deployed", folder / "calls"
    deployed.touch()
    calls.touch()
    # A tag is promoted as the commit that it is on.
    release = event.get("inputs", {}).get("release") or repository.commit()
    env = {
        "KEYARC_VERIFY": str(STAND_INS / "keyarc-verify"),
        "PLAY": json.dumps(
            {"gate": gate, "release": {"prints": [entry(each, release) for each in ledger]}}
        ),
        "PLAY_CALLS": str(calls),
        "PLAY_DEPLOYED": str(deployed),
    }
    run = repository.run("deploy.yml", name, env=env, event=repository.path / "event.json")
    return (
        run,
        [json.loads(line) for line in deployed.read_text().splitlines()],
        [json.loads(line) for line in calls.read_text().splitlines()],
    )


PUSH = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}


def test_main_goes_to_dev_and_then_to_staging(tmp_path: Path) -> None:
    run, deployed, calls = deploy(tmp_path, PUSH, gate={"verdict": "GO", "code": 0})
    assert run.code == 0, run.log
    assert [one["env"] for one in deployed] == ["dev", "staging"]
    assert all(one["release"] == "r2" and one["images"] == DIGESTS for one in deployed)
    assert [call[2] for call in calls if call[0] == "gate"] == ["dev", "staging"]


def test_what_is_no_go_in_dev_comes_no_further(tmp_path: Path) -> None:
    gate = {"verdict": "HOLD", "code": 20}
    run, deployed, _ = deploy(tmp_path, PUSH, gate=gate)
    assert run.code != 0
    assert [one["env"] for one in deployed] == ["dev"]


def test_a_release_branch_goes_to_test_alone(tmp_path: Path) -> None:
    event = {"ref": "refs/heads/release/1.2", "repository": {"default_branch": "main"}}
    run, deployed, _ = deploy(tmp_path, event, gate={"verdict": "GO", "code": 0})
    assert run.code == 0, run.log
    assert [one["env"] for one in deployed] == ["test"]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("push", {"ref": "refs/tags/v1.2.3", "repository": {"default_branch": "main"}}),
        ("workflow_dispatch", {"ref": "refs/heads/main", "inputs": {"release": "r1"}}),
    ],
    ids=["tag", "by hand"],
)
def test_production_gets_the_very_digests_that_staging_verified(
    tmp_path: Path, name: str, event: dict[str, Any]
) -> None:
    gate = {"verdict": "GO", "code": 0}
    run, deployed, calls = deploy(tmp_path, event, name=name, gate=gate, ledger=[Event.GO])
    assert run.code == 0, run.log
    assert [(one["env"], one["images"]) for one in deployed] == [("production", DIGESTS)]
    assert calls[0][:5] == ["release", "show", calls[0][2], "--env", "staging"]


@pytest.mark.parametrize("ledger", [[], [Event.DEPLOYED], [Event.GO, Event.NO_GO]], ids=str)
def test_what_has_no_go_in_staging_does_not_get_there(tmp_path: Path, ledger: list[Event]) -> None:
    event = {"ref": "refs/heads/main", "inputs": {"release": "r1"}}
    gate = {"verdict": "GO", "code": 0}
    run, deployed, _ = deploy(tmp_path, event, name="workflow_dispatch", gate=gate, ledger=ledger)
    assert run.code != 0
    assert run.jobs == {"promote": False}
    assert deployed == []
