"""What the wheel holds beside modules: without it, the command that it installs could do little."""

import subprocess
import zipfile
from pathlib import Path

from tests.scripts.step import PLAIN, PROJECT, SCRIPTS


def test_the_wheel_has_all_that_is_read_at_run_time(tmp_path: Path) -> None:
    words = (SCRIPTS / "distributions", tmp_path)
    subprocess.run(words, env=PLAIN, capture_output=True, check=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    patterns = (
        "environments/*.yaml",
        "environments/*.json",
        "reports/*.css",
        "reports/*.json",
        "services/*/openapi.json",
        "services/frontend/static/**/*.*",
        "services/migrations/*.py",
        "services/migrations/versions/*.py",
    )
    files = [file for pattern in patterns for file in PROJECT.glob(pattern)]
    assert len(files) > 20
    assert {str(file.relative_to(PROJECT)) for file in files} <= held


def test_without_a_wheel_of_that_version_nothing_is_tried(tmp_path: Path) -> None:
    words = (SCRIPTS / "try-wheel", tmp_path, Path("9.9.9"))
    ended = subprocess.run(words, env=PLAIN, capture_output=True, text=True, check=False)
    assert ended.returncode == 20
    assert "there is no" in ended.stderr
