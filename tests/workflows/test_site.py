"""gate.yml over a real system: KeyArc's stack here, deployed to, judged, brought back."""

from pathlib import Path

import pytest

from harness.environment import parse
from tests.workflows.act import PROJECT, Repository, program
from tests.workflows.stack import VERIFY, copied_and_up, verify

CALLER = """
on: push
jobs:
  site:
    uses: $/.github/workflows/gate.yml
    permissions: {{contents: read, deployments: write}}
    with:
      env: local
      release: {release}
      deploy: deploy-here.sh
"""
# A stack of this machine takes its releases from a directory.
DEPLOY = '#!/bin/sh\nexec environments/deploy.sh "$@" --from .\n'


def release(repository: Repository, name: str, verdict: str, action: str) -> None:
    """Brings one to the stack, and through the graph."""
    repository.write(".github/workflows/caller.yml", CALLER.format(release=name))
    # The stack is of this machine, and every job of the graph speaks with it.
    env = {"KEYARC_VERIFY": str(VERIFY), "STAND_IN_STATE": str(repository.path / ".keyarc-verify")}
    run = repository.run("caller.yml", env=env)
    assert {"verdict": verdict, "action": action} == run.outputs.get("result"), run.log
    assert (run.code == 0) == (verdict == "GO"), run.log


@pytest.mark.timeout(400)
def test_a_good_release_stays_and_a_bad_one_is_rolled_back(tmp_path: Path) -> None:
    program()
    with copied_and_up(tmp_path / "repository", "first") as folder:
        repository = Repository(folder)
        repository.write("deploy-here.sh", DEPLOY, executable=True)
        release(repository, "good", "GO", "kept")

        demo = parse(PROJECT / "environments/local.yaml").demo
        assert demo is not None
        file = folder / demo.file
        assert demo.find in file.read_text()
        file.write_text(file.read_text().replace(demo.find, demo.replace))
        release(repository, "bad", "NO_GO", "rolled_back_verified")

        seen = verify(folder, "smoke", "--env", "local", "--release", "good")
        assert seen.returncode == 0, seen.stdout
