"""Every linter of `make check` finds what was planted for it, and looks at every file of its kind.

`make check` runs this, with the linters at hand; elsewhere it is skipped.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.planted import DEFECTS, Defect

ROOT = Path(__file__).parents[2]
LINTERS = {each.linter for each in DEFECTS}
needs_linters = pytest.mark.skipif(
    os.environ.get("KEYARC_VERIFY_TOOLS") != "required", reason="`make check` runs this"
)


@dataclass(frozen=True)
class Done:
    """A run of `.ci/tools`."""

    code: int
    text: str


def tools(tree: Path, environment: Mapping[str, str] = os.environ) -> Done:
    done = subprocess.run(
        [ROOT / ".ci" / "tools", tree], capture_output=True, text=True, env=environment
    )
    return Done(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """What is said of a tree with all defects in it."""
    tree = tmp_path_factory.mktemp("planted")
    for each in DEFECTS:
        file = tree / each.path
        file.parent.mkdir(parents=True, exist_ok=True)
        if each.text:
            file.write_text(each.text)
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    return tools(tree)


@needs_linters
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: f"{each.linter}:{each.path}")
def test_a_planted_defect_is_found(planted: Done, defect: Defect) -> None:
    said = _paragraphs(planted.text, defect.linter)
    assert any(defect.complaint in each and defect.path in each for each in said), planted.text


@needs_linters
def test_a_defect_of_any_linter_fails_the_run(planted: Done) -> None:
    (last,) = (line for line in planted.text.splitlines() if line.startswith("tools: failed: "))
    assert set(last.removeprefix("tools: failed: ").split()) == LINTERS
    assert planted.code == 1


@needs_linters
def test_a_linter_that_finds_no_file_has_failed(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    done = tools(tmp_path)
    assert done.code == 1
    for linter in LINTERS:
        assert f"{linter}: found no file to look at" in done.text


def test_without_node_one_is_told_what_to_install(tmp_path: Path) -> None:
    for name in ("bash", "git", "dirname", "cut"):
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)
    done = tools(tmp_path, {"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert done.code == 1
    assert done.text == (
        "tools: Node.js 20 or newer is needed: https://nodejs.org, or Debian's package nodejs\n"
    )


def _paragraphs(text: str, linter: str) -> list[str]:
    """What a linter said, finding by finding: of some, several lines, an empty one after them."""
    lines = [
        line.removeprefix(f"{linter}:") for line in text.splitlines() if line.startswith(linter)
    ]
    return "\n".join(line.rstrip() for line in lines).split("\n\n") + lines
