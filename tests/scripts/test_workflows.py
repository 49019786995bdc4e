"""What build, release, security, nightly and load say themselves: shell steps, and graphs."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scripts.registry import SERVICES
from tests.scripts.step import PLAIN, PROJECT

COMMIT = "c" * 40
NAMES = ("build", "release", "security", "nightly", "load")
WORKFLOWS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((PROJECT / f".github/workflows/{name}.yml").read_text()) for name in NAMES
}


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = WORKFLOWS[name]["jobs"]
    return found


def script(name: str, job: str, containing: str) -> str:
    """The one shell step of a job with these words."""
    texts = [each["run"] for each in jobs(name)[job]["steps"] if containing in each.get("run", "")]
    assert len(texts) == 1
    return str(texts[0])


def shell(folder: Path, text: str, **env: str) -> tuple[int, str, dict[str, str]]:
    """Runs it as a runner does; the code, what it said, its outputs."""
    output = folder / "output"
    output.write_text("")
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=folder,
        env={**PLAIN, "GITHUB_OUTPUT": str(output), "GITHUB_REPOSITORY": "o/r", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    lines = output.read_text().splitlines()
    return ended.returncode, ended.stdout, dict(line.split("=", 1) for line in lines)


@pytest.fixture
def gh(tmp_path: Path) -> dict[str, str]:
    """A stand-in of GitHub's command `gh`, which notes its words; its code is GH_CODE."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gh").write_text(
        '#!/bin/sh\nprintf "%s\\n" "$*" >>"$GH_CALLS"\nexit "${GH_CODE:-0}"\n'
    )
    (folder / "gh").chmod(0o755)
    path = f"{folder}:{PLAIN['PATH']}"
    return {"PATH": path, "GH_CALLS": str(tmp_path / "calls"), "TAG": "v0.2.0", "COMMIT": COMMIT}


@pytest.mark.parametrize("starts", ["true", "false"])
def test_the_tag_is_made_on_the_commit_that_was_checked(
    tmp_path: Path, gh: dict[str, str], starts: str
) -> None:
    code, _, outputs = shell(tmp_path, script("release", "tag", "gh api"), STARTS=starts, **gh)
    assert (code, outputs) == (0, {"starts": starts})
    fields = f"--raw-field ref=refs/tags/v0.2.0 --raw-field sha={COMMIT}"
    assert Path(gh["GH_CALLS"]).read_text() == f"api repos/o/r/git/refs --silent {fields}\n"


def test_a_tag_that_cannot_be_made_says_who_can(tmp_path: Path, gh: dict[str, str]) -> None:
    text = script("release", "tag", "gh api")
    code, said, outputs = shell(tmp_path, text, STARTS="false", GH_CODE="1", **gh)
    assert (code, outputs) == (20, {})
    assert said.startswith("::error::v0.2.0 could not be made: a release manager can push it")


def test_a_release_has_the_distributions_and_the_notes(tmp_path: Path, gh: dict[str, str]) -> None:
    (tmp_path / "dist").mkdir()
    for name in ("a.whl", "b.tar.gz"):
        (tmp_path / "dist" / name).touch()
    assert shell(tmp_path, script("release", "publish", "gh release"), **gh)[0] == 0
    assert Path(gh["GH_CALLS"]).read_text() == (
        "release create v0.2.0 dist/a.whl dist/b.tar.gz --repo o/r --verify-tag "
        "--title v0.2.0 --notes-file notes.md\n"
    )


def test_the_deployment_is_started_at_the_tag(tmp_path: Path, gh: dict[str, str]) -> None:
    assert shell(tmp_path, script("release", "deploy", "gh workflow"), **gh)[0] == 0
    assert Path(gh["GH_CALLS"]).read_text() == "workflow run deploy.yml --repo o/r --ref v0.2.0\n"


def test_what_a_tag_starts_is_not_started_twice() -> None:
    """With a token of a release manager the tag starts this workflow and deploy.yml by itself."""
    graph = jobs("release")
    assert graph["tag"]["if"] == "${{ github.event_name == 'workflow_dispatch' }}"
    assert "needs.tag.outputs.starts != 'true'" in graph["publish"]["if"]
    assert graph["publish"]["if"].startswith("${{ !failure() && !cancelled() && ")
    assert "needs.tag.outputs.starts == 'false'" in graph["deploy"]["if"]


@pytest.mark.parametrize(
    ("published", "image"),
    [
        ("", "keyarc-verify/image-auth"),
        (json.dumps({"auth": "ghcr.io/o/keyarc-auth@sha256:1"}), "ghcr.io/o/keyarc-auth@sha256:1"),
    ],
)
def test_what_is_scanned_is_what_was_built_or_what_is_published(
    tmp_path: Path, published: str, image: str
) -> None:
    text = script("security", "image", "jq")
    code, _, outputs = shell(tmp_path, text, SERVICE="auth", PUBLISHED=published)
    assert (code, outputs) == (0, {"image": image})


def test_the_name_of_an_image_goes_on_as_its_file(tmp_path: Path) -> None:
    text = script("build", "build", "$IMAGE")
    env = {"SERVICE": "auth", "IMAGE": "ghcr.io/o/keyarc-auth@sha256:1"}
    assert shell(tmp_path, text, RUNNER_TEMP=os.fspath(tmp_path), **env)[0] == 0
    assert (tmp_path / "auth").read_text() == "ghcr.io/o/keyarc-auth@sha256:1\n"


def test_every_service_is_scanned() -> None:
    matrix = jobs("security")["image"]["strategy"]["matrix"]
    assert set(matrix["service"]) == set(SERVICES)


@pytest.mark.parametrize(("name", "last"), [("security", "security"), ("nightly", "result")])
def test_the_last_job_knows_of_every_other_and_always_runs(name: str, last: str) -> None:
    graph = jobs(name)
    assert set(graph[last]["needs"]) == graph.keys() - {last}
    assert graph[last]["if"] == "${{ always() }}"


def test_findings_are_reported_though_the_part_that_found_them_failed() -> None:
    graph = jobs("nightly")
    assert graph["findings"]["if"] == "${{ always() }}"
    parts = graph["fuzz"]["strategy"]["matrix"]["part"]
    (report,) = [each for each in graph["findings"]["steps"] if "env" in each]
    (fuzz,) = [each for each in graph["fuzz"]["steps"] if "FUZZ_SHARD" in each.get("env", {})]
    assert report["env"]["SHARDS"] == str(len(parts))
    assert fuzz["env"]["FUZZ_SHARD"].endswith(f"/{len(parts)}")
    assert parts == list(range(1, len(parts) + 1))


@pytest.mark.parametrize("name", ["nightly", "load"])
def test_nothing_that_is_deployed_is_fuzzed_or_loaded(name: str) -> None:
    text = (PROJECT / f".github/workflows/{name}.yml").read_text()
    assert set(re.findall(r"(?:--env[ =]|LOAD_ENV: )(\S+)", text)) == {"ci"}
    assert "VERIFY_VARIABLES" not in text
    assert not any("environment" in job for job in jobs(name).values())


# Who may change what, beside reading: a new line here is a decision.
WRITES = {
    ("build", "build"): {"packages", "id-token", "attestations"},
    ("build", "images"): {"packages"},
    ("release", "images"): {"packages"},
    ("release", "tag"): {"contents"},
    ("release", "publish"): {"contents", "id-token", "attestations"},
    ("release", "deploy"): {"actions"},
    ("security", "code"): {"security-events"},
    ("nightly", "findings"): {"issues"},
}


def test_jobs_may_write_what_they_need_and_no_more() -> None:
    found = {
        (name, job): {scope for scope, level in each["permissions"].items() if level == "write"}
        for name in NAMES
        for job, each in jobs(name).items()
    }
    assert {key: scopes for key, scopes in found.items() if scopes} == WRITES


def test_what_scans_holds_no_token_that_can_change_anything() -> None:
    users = [
        (name, job)
        for name in NAMES
        for job, each in jobs(name).items()
        if any("trivy-action" in step.get("uses", "") for step in each["steps"])
    ]
    assert users == [("security", "image")]
    assert not {*users} & WRITES.keys()
