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
      deploy: environments/deploy.sh
"""


def release(repository: Repository, name: str) -> tuple[str | None, str | None]:
    repository.write(".github/workflows/caller.yml", CALLER.format(release=name))
    run = repository.run("caller.yml", env={"KEYARC_VERIFY": str(VERIFY)})
    told = run.outputs.get("result", {})
    assert "verdict" in told, run.log
    assert (run.code == 0) == (told["verdict"] == "GO"), run.log
    return told["verdict"], told["action"]


@pytest.mark.timeout(400)
def test_a_good_release_stays_and_a_bad_one_is_rolled_back(tmp_path: Path) -> None:
    program()
    with copied_and_up(tmp_path / "repository", "first") as folder:
        repository = Repository(folder)
        assert release(repository, "good") == ("GO", "kept")

        demo = parse(PROJECT / "environments/local.yaml").demo
        assert demo is not None
        file = folder / demo.file
        assert demo.find in file.read_text()
        file.write_text(file.read_text().replace(demo.find, demo.replace))
        assert release(repository, "bad") == ("NO_GO", "rolled_back_verified")

        seen = verify(folder, "smoke", "--env", "local", "--release", "good")
        assert seen.returncode == 0, seen.stdout
