"""Runs workflows for real, but for GitHub: with `act`, on this machine, without Docker and network.

Stand-ins take the place of GitHub's own actions, and of what `$/` means: act does not know it yet,
so it becomes `keyarc/keyarc-verify/…@COMMIT`, which act is told to find in this project. Approvals,
concurrency groups and cancellation are GitHub's alone: act knows none of them.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

PROJECT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "stand_ins"
SELF = "keyarc/keyarc-verify"
COMMIT = "1" * 40
LIMIT_S = 240.0
_USES = re.compile(r"uses:\s*([\w.-]+/[\w.-]+)((?:/[\w.-]+)*)@([0-9a-f]{40})")
_STOOD_IN_FOR = {"actions/checkout", "actions/upload-artifact", "actions/download-artifact"}


def program() -> str:
    """Where act is; without it the test is skipped, or fails where `.ci/workflows` requires it."""
    found = os.environ.get("KEYARC_VERIFY_ACT") or shutil.which("act")
    if found:
        return found
    missing = "no `act` on the PATH, nor named by KEYARC_VERIFY_ACT; `.ci/workflows` builds it"
    if os.environ.get("KEYARC_VERIFY_WORKFLOWS") == "required":
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it.

    Attributes:
        jobs: Of each job that ran, by its id, whether it succeeded. One that was skipped is not
            there.
        outputs: What steps set, by job and name.
        log: All that was said.
    """

    jobs: Mapping[str, bool]
    outputs: Mapping[str, Mapping[str, str]]
    summaries: Mapping[str, str]
    log: str
    code: int


class Repository:
    """A repository whose workflows are run; it has a copy of this project's.

    Args:
        path: Where it is to be; what is beside it there is ours as well.
        installs: Whether keyarc-verify is installed by the actions, for which they need all of it.
    """

    def __init__(self, path: Path, *, installs: bool = False) -> None:
        self.path = path
        self._needs = ("",) if installs else (".github/", ".ci/")
        self.artifacts = path.parent / f"{path.name}-artifacts"
        workflows = path / ".github/workflows"
        workflows.mkdir(parents=True, exist_ok=True)
        for file in (PROJECT / ".github/workflows").glob("*.yml"):
            (workflows / file.name).write_text(as_act_knows_it(file.read_text()))

    def write(self, name: str, content: str, *, executable: bool = False) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_act_knows_it(content) if name.endswith(".yml") else content)
        if executable:
            file.chmod(0o755)
        return file

    def commit(self) -> str:
        """Everything in it, once; the commit's id."""
        if not (self.path / ".git").exists():
            for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "all"]):
                self._git(*words)
        return self._git("rev-parse", "HEAD")

    def run(
        self,
        workflow: str,
        name: str = "push",
        *,
        event: Path | None = None,
        only: tuple[str, ...] = (),
        env: dict[str, str],
        secrets: Mapping[str, str] = MappingProxyType({}),
        inputs: Mapping[str, str] = MappingProxyType({}),
    ) -> Run:
        """Runs one of its workflows to the end.

        Args:
            name: The event's; `event` is a file of what it says.
            only: act's options for a part of it: `--job`, `--matrix`.
        """
        self.commit()
        shutil.rmtree(self.artifacts, ignore_errors=True)
        words = [program(), name, "-W", f".github/workflows/{workflow}", "--json"]
        words += ["-P", "ubuntu-latest=-self-hosted", "--no-cache-server"]
        words += [*only, *(["--eventpath", str(event)] if event else [])]
        ours = {
            "STAND_IN_ARTIFACTS": str(self.artifacts),
            "STAND_IN_REPOSITORY": str(self.path),
        }
        words += (f"--env={key}={value}" for key, value in (ours | env).items())
        words += (f"--input={key}={value}" for key, value in inputs.items())
        words += (f"--secret={key}" for key in secrets)
        words += (f"--local-repository={key}={folder}" for key, folder in self._stand_ins())
        ended = subprocess.run(
            words,
            cwd=self.path,
            env={**os.environ, **secrets, "XDG_CACHE_HOME": str(self.path.parent / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return _read(ended.stdout, ended.returncode)

    def _git(self, *words: str) -> str:
        ended = subprocess.run(
            ["git", *words],
            cwd=self.path,
            env=_git_env(),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return ended.stdout.strip()

    def _stand_ins(self) -> Iterable[tuple[str, Path]]:
        """One for each action that any file names; the project itself for its own."""
        yield f"{SELF}@{COMMIT}", self._itself()
        files = [
            *self.path.glob(".github/workflows/*.yml"),
            *PROJECT.glob(".github/actions/*/*.yml"),
        ]
        found = {match.groups() for file in files for match in _USES.finditer(file.read_text())}
        for name, below, commit in sorted(found):
            if name == SELF:
                continue
            kind = name.partition("/")[2] if name in _STOOD_IN_FOR else "nothing"
            folder = self.path.parent / "stand-ins" / name
            if below or kind == "nothing":
                shutil.copytree(STAND_INS / kind, folder / below.lstrip("/"), dirs_exist_ok=True)
            yield f"{name}@{commit}", folder if below else STAND_INS / kind

    def _itself(self) -> Path:
        """What a runner would download of this project: act packs all that is in the folder."""
        folder = self.path.parent / "itself"
        if not folder.exists():
            for name in filter(lambda name: name.startswith(self._needs), project_files()):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, folder / name)
        return folder


def project_files() -> list[str]:
    """What is, or could be, committed."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


def as_act_knows_it(text: str) -> str:
    text = text.replace("uses: $/.github/workflows/", "uses: ./.github/workflows/")
    return re.sub(r"uses: \$/(\S+)", rf"uses: {SELF}/\1@{COMMIT}", text)


def _git_env() -> dict[str, str]:
    who = {
        f"GIT_{one}_{what}": "nobody"
        for one in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}


def _read(text: str, code: int) -> Run:
    """act prints an object a line, of which some say how a job ended."""
    jobs: dict[str, bool] = {}
    outputs: dict[str, dict[str, str]] = {}
    summaries: dict[str, str] = {}
    said = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        said.append(str(entry.get("msg", "")).rstrip("\n"))
        job = entry.get("jobID")
        if not job:
            continue
        if "jobResult" in entry:
            jobs[job] = entry["jobResult"] == "success"
        if entry.get("command") == "set-output":
            outputs.setdefault(job, {})[entry["name"]] = entry["arg"]
        if entry.get("command") == "summary":
            summaries[job] = summaries.get(job, "") + entry.get("content", "")
    return Run(jobs=jobs, outputs=outputs, summaries=summaries, log="\n".join(said), code=code)
