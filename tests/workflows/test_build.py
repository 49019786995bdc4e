"""The jobs of build.yml as a caller sees them, run by `act`: what is built, kept, tagged, and told.

Registry, docker and GitHub's actions are stand-ins; commits, scripts and the graph are real.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scripts.registry import SERVICES, Registry
from tests.scripts.repository import Repository
from tests.workflows.act import PROJECT, program

LIMIT_S = 240.0
CALLER = """
on: push
jobs:
  images:
    uses: ./.github/workflows/build.yml
    permissions: {contents: read, packages: write, id-token: write, attestations: write}
  then:
    needs: images
    runs-on: ubuntu-latest
    steps:
      - env:
          IMAGES: ${{ needs.images.outputs.images }}
          RELEASE: ${{ needs.images.outputs.release }}
        run: echo "$RELEASE $IMAGES" >"$TOLD"
"""
STAND_INS = {
    "actions/checkout": 'tar -cC "$REPOSITORY" . | tar -x',
    "actions/upload-artifact": 'mkdir -p "$ARTIFACTS" && cp "$PATH_IN" "$ARTIFACTS"',
    "actions/download-artifact": 'mkdir -p "$PATH_IN" && cp "$ARTIFACTS"/* "$PATH_IN"',
    "docker/build-push-action": """
        [ "$TARGET" != "$BROKEN" ] || exit 1
        name=$(sed 's/.*name=\\([^,]*\\),.*/\\1/' <<<"$OUTPUTS")
        digest=sha256:$(echo "$TARGET $RANDOM" | sha256sum | cut -c 1-64)
        file=$(sed 's#/#%#g' <<<"$name@$digest")
        echo "$digest" >"$REGISTRY/$file"
        echo "digest=$digest" >>"$GITHUB_OUTPUT"
    """,
}
ACTION = """
name: stand-in
description: Stands in for an action of GitHub's.
inputs: {path: {default: ""}, target: {default: ""}, outputs: {default: ""}}
outputs:
  digest: {value: "${{ steps.run.outputs.digest }}"}
runs:
  using: composite
  steps:
    - id: run
      shell: bash
      env:
        PATH_IN: ${{ inputs.path }}
        TARGET: ${{ inputs.target }}
        OUTPUTS: ${{ inputs.outputs }}
      run: |
"""


@dataclass(frozen=True, slots=True)
class Built:
    """A run: which images were built, and what the caller was told; None where it was not."""

    built: set[str]
    images: dict[str, str] | None
    release: str | None
    log: str


class Pipeline:
    """A repository with build.yml, a registry, and who runs the one and fills the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.images = Registry(folder / "registry")
        self.images.prefix = "ghcr.io/nektos"  # act's, where a repository is nowhere else
        github = [".github/workflows/build.yml", *_scripts(), "services/Dockerfile"]
        tree = {name: (PROJECT / name).read_text() for name in github}
        services = {f"services/{service}/app.py": "" for service in SERVICES}
        version = {"harness/__init__.py": '__version__ = "0.1.0"\n'}
        self.repository = Repository(
            folder / "repository",
            {**tree, **services, **version, ".github/workflows/caller.yml": CALLER},
        )
        uses = re.findall(r"uses: (\S+@[0-9a-f]{40})", tree[".github/workflows/build.yml"])
        self._stand_ins = {each: self._stand_in(each) for each in set(uses)}

    def run(self, broken: str = "none") -> Built:
        told = self._folder / "told"
        told.unlink(missing_ok=True)
        shutil.rmtree(self._folder / "artifacts", ignore_errors=True)
        before = set((self._folder / "registry").iterdir())
        for script in (self.repository.path / ".github/scripts").iterdir():
            script.chmod(0o755)
        env = {
            "ARTIFACTS": str(self._folder / "artifacts"),
            "BROKEN": broken,
            "REGISTRY": str(self._folder / "registry"),
            "REPOSITORY": str(self.repository.path),
            "TOLD": str(told),
        }
        words = [program(), "push", "-W", ".github/workflows/caller.yml", "--no-cache-server"]
        words += ["-P", "ubuntu-latest=-self-hosted", "--concurrent-jobs=2"]
        words += [f"--env={name}={value}" for name, value in env.items()]
        words += [f"--local-repository={name}={path}" for name, path in self._stand_ins.items()]
        ended = subprocess.run(
            words,
            cwd=self.repository.path,
            env={
                **os.environ,
                "PATH": f"{PROJECT / 'tests/scripts/stand_ins'}:{os.environ['PATH']}",
                "XDG_CACHE_HOME": str(self._folder / "cache"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        new = {file.name for file in set((self._folder / "registry").iterdir()) - before}
        built = {service for service in SERVICES if any(f"keyarc-{service}@" in n for n in new)}
        release, _, images = told.read_text().partition(" ") if told.exists() else ("", "", "null")
        return Built(built, json.loads(images), release or None, ended.stdout)

    def _stand_in(self, uses: str) -> Path:
        action = uses.partition("@")[0]
        folder = self._folder / "stand-ins" / action
        folder.mkdir(parents=True)
        lines = STAND_INS.get(action, "true").strip().splitlines()
        script = "".join(f"        {line.strip()}\n" for line in lines)
        (folder / "action.yml").write_text(ACTION + script)
        return folder


def _scripts() -> list[str]:
    files = (PROJECT / ".github/scripts").iterdir()
    return [str(file.relative_to(PROJECT)) for file in files if file.is_file()]


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    program()
    return Pipeline(tmp_path)


def test_each_commit_has_all_images_and_only_what_changed_is_built(pipeline: Pipeline) -> None:
    first = pipeline.run()
    assert first.built == set(SERVICES), first.log
    assert first.images is not None
    assert first.release == pipeline.repository.first

    (second,) = pipeline.repository.commits([{"services/gateway/app.py": "a = 1\n"}])
    changed = pipeline.run()
    assert changed.built == {"gateway"}, changed.log
    assert changed.images is not None
    assert changed.release == second
    assert {s for s in SERVICES if changed.images[s] != first.images[s]} == {"gateway"}

    (third,) = pipeline.repository.commits([{"README.md": "Words.\n"}])
    kept = pipeline.run()
    assert (kept.built, kept.images) == (set(), changed.images), kept.log
    for service in SERVICES:
        assert pipeline.images.has(service, second) == changed.images[service]
        assert pipeline.images.has(service, third) == changed.images[service]


def test_where_one_image_cannot_be_built_there_is_no_release(pipeline: Pipeline) -> None:
    ended = pipeline.run(broken="keys")
    assert ended.built == set(SERVICES) - {"keys"}, ended.log
    assert (ended.images, ended.release) == (None, None)
    assert pipeline.images.has("auth", pipeline.repository.first) is None
