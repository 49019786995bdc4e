"""A repository that is not ours uses the composite action, with an environment file of its own.

What it verifies is the local stack. keyarc-verify is installed by the action itself, from the
source that the action is part of.
"""

import os
import re
import signal
from pathlib import Path

import pytest

from harness.stack.state import running_references
from tests.workflows.act import COMMIT, Repository, Run, program
from tests.workflows.stack import VERIFY, copied_and_up, verify

WORKFLOW = f"""
on: push
jobs:
  deployed:
    runs-on: ubuntu-latest
    permissions: {{}}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - id: gate
        uses: keyarc/keyarc-verify/.github/actions/verify@{COMMIT} # v0.1.0
        with:
          env: deploy/shop.yaml
          release: "42"
"""
# All that a stranger writes: where the system answers, and where it tells its release.
ENVIRONMENT = """\
name: shop
tls: {{ca_file: "{ca_file}"}}
services:
  door:
    url: {url}/auth
  hall:
    url: {url}/api
"""


def run(repository: Repository, **env: str) -> Run:
    found = repository.run("deployed.yml", env=env)
    assert "verdict" in found.outputs.get("deployed", {}), found.log
    return found


@pytest.mark.timeout(400)
def test_its_verdict_is_go_and_then_what_it_has_become(tmp_path: Path) -> None:
    program()
    with copied_and_up(tmp_path / "keyarc", "42") as keyarc:
        state_dir = keyarc / ".keyarc-verify/local"
        references = running_references(state_dir)
        assert references is not None
        environment = ENVIRONMENT.format(
            ca_file=references["stack:ca_file"], url=references["stack:edge.url"]
        )
        repository = Repository(tmp_path / "shop", installs=True)
        repository.write(".github/workflows/deployed.yml", WORKFLOW)
        repository.write("deploy/shop.yaml", environment)

        good = run(repository)
        assert good.outputs["deployed"]["verdict"] == "GO", good.log
        assert (good.code, good.outputs["deployed"]["action"]) == (0, "kept")
        evidence = repository.artifacts / "keyarc-verify-evidence"
        assert {"verdict.json", "action.json"} <= {file.name for file in evidence.iterdir()}

        told = verify(keyarc, "status", "--env", "local").stdout
        [account] = [line for line in told.splitlines() if line.startswith("account")]
        os.kill(int(re.findall(r" (\d{2,}) ", account)[0]), signal.SIGKILL)
        bad = run(repository, KEYARC_VERIFY=str(VERIFY))
        assert bad.outputs["deployed"]["verdict"] == "NO_GO", bad.log
        assert (bad.code, bad.outputs["deployed"]["action"]) == (1, "blocked")
