"""Whatever is pinned is kept up to date: Dependabot knows of every folder that names versions."""

import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import yaml

ROOT = Path(__file__).parents[1]
UPDATES = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
# What stands in a folder, and which of Dependabot's ecosystems it is for.
MANIFESTS = {
    "pyproject.toml": "pip",
    "requirements.in": "pip",
    "package.json": "npm",
    "Dockerfile": "docker",
    "*.yml": "github-actions",
}


def known() -> set[tuple[str, str]]:
    return {
        (each["package-ecosystem"], folder) for each in UPDATES for folder in each["directories"]
    }


def wanted(file: PurePath, text: str) -> Iterator[tuple[str, str]]:
    """What a file of the project needs Dependabot to look at."""
    folder = f"/{file.parent}".rstrip(".").replace("/.github/workflows", "/")
    for pattern, ecosystem in MANIFESTS.items():
        is_kept_up = ecosystem != "github-actions" or (
            file.parts[0] == ".github" and "uses: " in text
        )
        if fnmatchcase(file.name, pattern) and is_kept_up:
            yield ecosystem, folder


def files() -> list[PurePath]:
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [PurePath(line) for line in told.stdout.splitlines() if (ROOT / line).is_file()]


def test_every_folder_with_a_version_in_it_is_known() -> None:
    found = {
        each
        for file in files()
        if any(fnmatchcase(file.name, pattern) for pattern in MANIFESTS)
        for each in wanted(file, (ROOT / file).read_text())
    }
    assert found == known()


def test_updates_wait_and_come_together() -> None:
    for each in UPDATES:
        assert each["schedule"] == {"interval": "weekly"}
        assert each["cooldown"]["default-days"] >= 7
        assert [group["patterns"] for group in each["groups"].values()] == [["*"]]


def test_a_forgotten_folder_is_found() -> None:
    assert set(wanted(PurePath("new/Dockerfile"), "")) == {("docker", "/new")}
    assert set(wanted(PurePath("pyproject.toml"), "")) == {("pip", "/")}
    action = PurePath(".github/actions/new/action.yml")
    pinned = f"uses: actions/checkout@{'a' * 40}"
    assert set(wanted(action, pinned)) == {("github-actions", "/.github/actions/new")}
    assert set(wanted(action, "run: make")) == set()
