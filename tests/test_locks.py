"""What is asked for is what is pinned: `make lock` was run after the last change."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def asked_in(file: Path) -> list[str]:
    """The requirements of a `.in` file."""
    lines = (line.split("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


BUILD = asked_in(ROOT / ".ci" / "build-requirements.in")
LOCKS = {
    "requirements.lock": [*PROJECT["dependencies"], *BUILD],
    "requirements-all.lock": [*PROJECT["dependencies"], *EXTRAS, *BUILD],
} | {
    str(file.with_suffix(".lock").relative_to(ROOT)): asked_in(file)
    for file in [*ROOT.glob(".ci/*.d/requirements.in"), *ROOT.glob("services/requirements.in")]
}


def unmet(asked: list[str], lock: str) -> list[str]:
    """The requirements that a lock file has no version for."""
    pinned = {canonicalize_name(name): version for name, version in PIN.findall(lock)}
    found = []
    for each in map(Requirement, asked):
        version = pinned.get(canonicalize_name(each.name))
        if version is None or not each.specifier.contains(version):
            found.append(f"{each}: {version or 'nothing'} is pinned")
    return found


@pytest.mark.parametrize(("lock", "asked"), LOCKS.items(), ids=LOCKS)
def test_what_is_pinned_is_what_is_asked_for(lock: str, asked: list[str]) -> None:
    assert asked != []
    assert unmet(asked, (ROOT / lock).read_text()) == [], "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_pinned_has_its_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for pin in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in pin
    assert "://" not in text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("one>=2", "one>=2: 1.5 is pinned"),
        ("one<1", "one<1: 1.5 is pinned"),
        ("two", "two: nothing is pinned"),
    ],
)
def test_a_lock_that_is_behind_is_found(asked: str, said: str) -> None:
    assert unmet([asked], "one==1.5 \\\n    --hash=sha256:0\n") == [said]


def test_other_spellings_of_a_name_are_that_name() -> None:
    assert unmet(["One.Two[extra]>=1"], "one-two==1.5 ; python_version < '3.14' \\\n") == []
