"""Each target holds its service and what that imports: no more, no less."""

import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.images.sources import ROOT, TARGETS, files

TEXT = (ROOT / "services" / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text()


@dataclass
class Stage:
    """One `FROM`: what it is based on, and its instructions."""

    parent: str
    steps: list[list[str]] = field(default_factory=list)

    def all(self, name: str) -> list[list[str]]:
        return [words[1:] for words in self.steps if words[0] == name]


def stages(text: str) -> dict[str, Stage]:
    found: dict[str, Stage] = {}
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        words = line.split() if line.startswith(("RUN", "CMD")) else shlex.split(line)
        if words and words[0] == "FROM":
            found[words[3]] = Stage(words[1])
        elif words and found:
            [*found.values()][-1].steps.append(words)
    return found


def lineage(found: dict[str, Stage], target: str) -> list[Stage]:
    """A stage and all that it is based on."""
    stage = found.get(target)
    return [stage, *lineage(found, stage.parent)] if stage else []


def is_sent(path: str, ignored: str) -> bool:
    """Whether a file reaches the builder: the last rule that fits decides."""
    sent = True
    for rule in ignored.split("\n"):
        pattern = rule.removeprefix("!")
        if not rule or rule.startswith("#"):
            continue
        whole = [path, *(str(parent) for parent in Path(path).parents)]
        if any(fnmatch(each, pattern) or fnmatch(f"/{each}", pattern[2:]) for each in whole):
            sent = rule.startswith("!")
    return sent


def copied(text: str, ignored: str, target: str) -> set[str]:
    """The files of the tree that end up in a target's image."""
    found = set()
    for stage in lineage(stages(text), target):
        for words in stage.all("COPY"):
            if not words[0].startswith("--from="):
                for source in words[:-1]:
                    path = ROOT / source
                    inside = path.rglob("*") if path.is_dir() else [path]
                    found |= {str(file.relative_to(ROOT)) for file in inside if file.is_file()}
    return {path for path in found if is_sent(path, ignored)}


@pytest.mark.parametrize("target", TARGETS)
def test_target_holds_its_service_and_what_that_imports(target: str) -> None:
    assert copied(TEXT, IGNORED, target) == files(target)


def test_a_module_too_few_or_too_many_is_found() -> None:
    assert copied(TEXT.replace("services/hop.py ", ""), IGNORED, "edge") != files("edge")
    more = TEXT.replace(
        "COPY services/edge ", "COPY services/auth services/auth\nCOPY services/edge "
    )
    assert copied(more, IGNORED, "edge") != files("edge")


def test_nothing_else_of_the_tree_reaches_the_builder() -> None:
    assert IGNORED.splitlines()[1] == "*"
    for path in (".env", ".git/config", "harness/gate.py", "services/auth/openapi.json"):
        assert not is_sent(path, IGNORED)
    for path in ("services/requirements.lock", "services/gateway/openapi.json"):
        assert is_sent(path, IGNORED)


@pytest.mark.parametrize("target", TARGETS)
def test_target_runs_its_service_as_nobody_in_particular(target: str) -> None:
    stage = stages(TEXT)[target]
    assert stage.all("USER") == [["10001:10001"]]
    assert stage.all("CMD") == [['["python",', '"-m",', '"services.server",', f'"{target}"]']]
    labels = dict(word.split("=", 1) for words in stage.all("LABEL") for word in words)
    assert labels == {
        "org.opencontainers.image.title": f"keyarc-{target}",
        "org.opencontainers.image.revision": "$COMMIT",
        "org.opencontainers.image.version": "$VERSION",
        "org.opencontainers.image.source": "$SOURCE",
    }


@pytest.mark.parametrize("target", TARGETS)
def test_what_each_build_says_anew_comes_last(target: str) -> None:
    # Else a new commit would build everything after it again.
    assert [words[0] for words in stages(TEXT)[target].steps][-2:] == ["ARG", "LABEL"]


def test_dependencies_come_before_code() -> None:
    (copies,) = [stage for name, stage in stages(TEXT).items() if name == "dependencies"]
    assert copies.all("COPY")[1:] == [["services/requirements.lock", "/"]]
    runtime = [words[0] for words in stages(TEXT)["runtime"].all("COPY")]
    assert runtime[0] == "--from=dependencies"


def test_the_older_builder_understands_it() -> None:
    assert not re.search(r"RUN --|COPY --(?!from=)|<<|^# syntax", TEXT, re.MULTILINE)


def test_no_address_is_built_in() -> None:
    assert "://" not in TEXT
