"""`demo`: the whole story, for real, and nothing of it left but the evidence."""

import json
import shutil
from pathlib import Path

import pytest

from harness.environment.yaml_tree import read_tree
from harness.records import read
from tests.harness.cli.command import ROOT, keyarc_verify, write_environment
from tests.harness.cli.releasing import ENVIRONMENT, Shop
from tests.harness.stack.conftest import Sandbox

LOCAL = ROOT / "environments" / "local.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command is given: `demo` deploys what is there."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "services", tmp_path / "services", ignore=ignored)
    return tmp_path


def shop(folder: Path, **demo: str) -> None:
    """`some.yaml`: a small system, of one file, and its defect."""
    Shop(folder)
    well = {"file": "shop.py", "find": "if is_well else", "replace": "if not is_well else"}
    about = "In it, health says the contrary of what is so."
    tree = {**ENVIRONMENT, "demo": {"about": about, **well, **demo}}
    (folder / "some.yaml").write_text(json.dumps(tree))


@pytest.mark.timeout(300)
def test_the_story_is_told_and_leaves_nothing_but_evidence(folder: Path) -> None:
    demo = Sandbox(folder, "demo").start("demo")
    out, err = demo.communicate(timeout=240)
    assert demo.returncode == 0, (out, err)
    lines = out.splitlines()
    verdicts = [line.split()[0] for line in lines if "checks passed in" in line]
    assert verdicts == ["GO", "NO_GO"]
    assert "    instances say that they run: good-1" in lines
    assert lines[-1].startswith("All of it for real, in ")
    left = Sandbox(folder, "demo")
    assert left.left() == []
    kept = {path.name for path in (folder / ".keyarc-verify").rglob("*") if path.is_file()}
    assert kept <= {".gitignore", "demo.lock"}
    actions = [read(run).consequence for run in sorted((folder / "reports" / "runs").iterdir())]
    assert [each.action for each in actions if each] == ["kept", "rolled_back_verified"]


def test_any_system_can_be_demonstrated(tmp_path: Path) -> None:
    shop(tmp_path)
    done = Sandbox(tmp_path, "demo").run("demo", "--env", "some.yaml")
    assert done.code == 0, done
    assert Sandbox(tmp_path, "demo").left() == []


def test_a_defect_that_no_check_notices_is_no_end_of_the_story(tmp_path: Path) -> None:
    shop(tmp_path, replace="if is_well  else")
    done = Sandbox(tmp_path, "demo").run("demo", "--env", "some.yaml")
    assert done.code == 20, done
    assert "`gate` ended with 0, not 10" in done.err
    assert Sandbox(tmp_path, "demo").left() == []


@pytest.mark.parametrize("demo", [{"find": "not there"}, {"find": "await"}, {"file": "other.py"}])
def test_a_defect_that_does_not_fit_is_told_before_anything_is_started(
    tmp_path: Path, demo: dict[str, str]
) -> None:
    shop(tmp_path, **demo)
    done = keyarc_verify(tmp_path, "demo", "--env", "some.yaml")
    file = demo.get("file", "shop.py")
    assert (done.code, done.out) == (2, "")
    assert f"demo.find: it has to stand in {file} exactly once" in done.err


def test_services_that_are_not_here_are_told_before_anything_is_started(tmp_path: Path) -> None:
    done = keyarc_verify(tmp_path, "demo")
    assert (done.code, done.out) == (2, "")
    assert "there is no 'services' in it" in done.err


def test_an_environment_without_a_demo_has_no_story(tmp_path: Path) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    done = keyarc_verify(tmp_path, "demo", "--env", "some.yaml")
    assert (done.code, done.out) == (2, "")
    assert "it has no `demo` beside a `stack`" in done.err


def test_the_defect_of_the_demonstration_can_be_planted() -> None:
    tree, _ = read_tree(LOCAL)
    assert isinstance(tree, dict)
    demo = tree["demo"]
    assert (ROOT / demo["file"]).read_text().count(demo["find"]) == 1
