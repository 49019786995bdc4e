"""What `--help` and `--version` cost and show."""

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.cli.command import ROOT, keyarc_verify


def printed(folder: Path, argument: str, modules: set[str]) -> list[str]:
    """What a command prints, and last which of these modules it has loaded."""
    code = (
        f"import sys; sys.argv = ['keyarc-verify', {argument!r}]\n"
        "from harness.cli import main\n"
        "try: main()\n"
        f"finally: print(sorted({modules!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_version_needs_no_command_line_library(tmp_path: Path) -> None:
    lines = printed(tmp_path, "--version", {"typer", "pydantic", "httpx", "asyncio"})
    assert lines == ["keyarc-verify 0.1.0", "[]"]


def test_help_imports_nothing_that_only_commands_need(tmp_path: Path) -> None:
    heavy = {"pydantic", "httpx", "yaml", "psutil", "asyncio", "ssl", "harness.environment"}
    assert printed(tmp_path, "--help", heavy)[-1] == "[]"


def test_help_shows_commands_by_purpose(tmp_path: Path) -> None:
    out = keyarc_verify(tmp_path, "--help").out
    places = [
        out.index(part)
        for part in (
            "Verify ─",
            " smoke ",
            "Local stack ─",
            " up ",
            "Look around ─",
            " doctor ",
            " env ",
            " report ",
        )
    ]
    assert places == sorted(places)
    assert "─ Commands ─" not in out


def test_nothing_at_all_shows_help(tmp_path: Path) -> None:
    assert "smoke" in keyarc_verify(tmp_path).out + keyarc_verify(tmp_path).err
