"""The directory of a stack, and who may take it away when."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness.stack.state import StateDirectory


def test_the_lock_is_the_last_to_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds it gone makes the directory anew, where nothing must vanish any more."""
    directory = StateDirectory(tmp_path / ".keyarc-verify" / "here")
    directory.make()
    assert directory.try_hold()
    directory.log_file("one").write_text("one")
    directory.write_state({})
    (directory.runtime / "data").write_text("data")
    gone: list[str] = []
    unlink, rmdir = os.unlink, os.rmdir

    def unlinked(path: Any, **options: Any) -> None:
        gone.append(Path(path).name)
        unlink(path, **options)

    def emptied(path: Any, **options: Any) -> None:
        gone.append(Path(path).name)
        rmdir(path, **options)

    monkeypatch.setattr(os, "unlink", unlinked)
    monkeypatch.setattr(os, "rmdir", emptied)
    directory.remove()
    assert not directory.path.exists()
    assert not directory.runtime.exists()
    assert {"one.log", "logs", "state.json", "data", ".gitignore"} < set(gone)
    assert gone[gone.index("lock") :] == ["lock", "here", ".keyarc-verify"]
