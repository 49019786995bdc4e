"""The ledger in a file: its place, its owner, and what becomes of a damaged one."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from harness.errors import LedgerError, UsageError
from harness.ledger import Event, _disk
from harness.ledger._line import line_of
from harness.ledger.file import FileLedger, open_ledger
from harness.stack.state import default_directory
from tests.harness.ledger.noted import noted


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ledger() -> FileLedger:
    return open_ledger({}, "some")


def written(*lines: str) -> FileLedger:
    """A ledger whose file holds this."""
    found = ledger()
    found.file.parent.mkdir(parents=True)
    found.file.write_text("".join(lines))
    return found


def line(release: str = "one") -> str:
    return line_of(noted(release=release)) + "\n"


def test_entries_come_back_in_their_order() -> None:
    told = [noted(Event.DEPLOYED), noted(Event.GO), noted(Event.NO_GO, "two")]
    for entry in told:
        ledger().append(entry)
    assert ledger().entries() == told


def test_reading_makes_nothing(tmp_path: Path) -> None:
    assert ledger().entries() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, ".keyarc-verify/ledger/some.jsonl"),
        ({"path": "kept/here"}, "kept/here/some.jsonl"),
        ({"path": "kept/all.jsonl"}, "kept/all.jsonl"),
    ],
)
def test_it_is_where_it_is_said_to_be(settings: dict[str, str], place: str, tmp_path: Path) -> None:
    open_ledger(settings, "some").append(noted())
    assert (tmp_path / place).is_file()
    assert str(open_ledger(settings, "some")) == str(tmp_path / place)


@pytest.mark.parametrize(("settings", "why"), [({"file": "x"}, "'file'"), ({"path": ""}, "empty")])
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=f"ledger.settings.*{why}"):
        open_ledger(settings, "some")


def test_no_stack_is_kept_where_it_is() -> None:
    """The end of a stack removes all of its directory."""
    ledger().append(noted())
    with pytest.raises(UsageError, match="cannot be called ledger"):
        default_directory(ledger().file.parent.name)


def test_only_its_owner_can_read_it() -> None:
    old = os.umask(0)
    try:
        ledger().append(noted())
    finally:
        os.umask(old)
    file = ledger().file
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parents[1])]
    assert modes == [0o600, 0o700, 0o700]


def test_what_a_killed_writer_left_is_passed_over_and_kept_aside() -> None:
    found = written(line("one"), line("two")[:50])
    assert [entry.release for entry in found.entries()] == ["one"]
    found.append(noted(release="three"))
    assert [entry.release for entry in found.entries()] == ["one", "three"]
    aside = found.file.with_name("some.jsonl.torn-1")
    assert aside.read_text() == line("two")[:50]
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600


def test_bytes_that_are_no_text_are_kept_aside_as_they_are() -> None:
    found = written(line())
    torn = b"\x00\xff{\r \x00"
    with found.file.open("ab") as stream:
        stream.write(torn)
    found.append(noted(release="two"))
    assert found.file.with_name("some.jsonl.torn-1").read_bytes() == torn
    assert len(found.entries()) == 2


def test_an_earlier_torn_part_is_not_overwritten() -> None:
    found = written(line("two")[:50])
    first = found.file.with_name("some.jsonl.torn-1")
    first.write_text("earlier")
    found.append(noted())
    assert first.read_text() == "earlier"
    assert found.file.with_name("some.jsonl.torn-2").read_text() == line("two")[:50]
    assert found.file.read_text() == line()


def test_a_last_line_that_lacks_its_end_alone_counts() -> None:
    found = written(line("one"), line("two").rstrip("\n"))
    assert [entry.release for entry in found.entries()] == ["one", "two"]
    found.append(noted(release="three"))
    assert found.file.read_text() == line("one") + line("two") + line("three")
    assert [path.name for path in found.file.parent.iterdir()] == ["some.jsonl"]


NEWER = json.dumps({**json.loads(line()), "version": 2})


@pytest.mark.parametrize(
    ("damage", "number", "why"),
    [
        ([line(), line()[:60] + "\n", line()], 2, "is not JSON"),
        ([line()[:-30] + line()], 1, "is not JSON"),
        ([line(), "\n", line()], 2, "is empty"),
        ([line(), line(), '{"event": "go"}\n'], 3, "is no entry: environment"),
        ([line(), '{"event": "go"}'], 2, "is no entry: environment"),
        ([NEWER + "\n", line()], 1, "a newer keyarc-verify: its version is 2"),
        ([line(), NEWER], 2, "a newer keyarc-verify: its version is 2"),
        ([line(), line().replace('"some"', '"other"')], 2, "is of the environment 'other'"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_written(
    damage: list[str], number: int, why: str
) -> None:
    found = written(*damage)
    before = found.file.read_bytes()
    for action in (found.entries, lambda: found.append(noted())):
        with pytest.raises(LedgerError, match=rf"some\.jsonl, line {number}: .*{why}"):
            action()
    assert found.file.read_bytes() == before
    assert [path.name for path in found.file.parent.iterdir()] == ["some.jsonl"]


def test_an_entry_of_another_environment_is_not_taken() -> None:
    with pytest.raises(LedgerError, match="is of the environment 'other', not of 'some'"):
        ledger().append(noted(environment="other"))
    assert not ledger().file.exists()


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(LedgerError, match="at: not a time in UTC"):
        ledger().append(noted(at="now"))
    assert not ledger().file.exists()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_told_at_once(make: "type[Path]", tmp_path: Path) -> None:
    found = open_ledger({"path": "x.jsonl"}, "some")
    make(tmp_path / "x.jsonl")
    for action in (found.entries, lambda: found.append(noted())):
        with pytest.raises(LedgerError, match=r"x\.jsonl (is no file|cannot be written: Is a dir)"):
            action()


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    found = open_ledger({"path": "kept"}, "some")
    with pytest.raises(LedgerError, match="cannot be written: Not a directory"):
        found.append(noted())
    with pytest.raises(LedgerError, match="cannot be read: Not a directory"):
        found.entries()


def test_an_append_that_fails_half_way_leaves_the_file_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = written(line())
    real = os.write

    def half(number: int, data: bytes) -> int:
        return real(number, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(LedgerError, match="cannot be written: No space left on device"):
        found.append(noted(release="two"))
    assert found.file.read_text() == line()


def test_it_is_on_the_disk_when_an_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not told to a test by reading: a crash of the machine would take it."""
    synced: list[Path] = []
    real = os.fsync

    def sync(number: int) -> None:
        synced.append(Path(f"/proc/self/fd/{number}").readlink())
        real(number)

    monkeypatch.setattr(os, "fsync", sync)
    file = ledger().file
    ledger().append(noted())
    # Each directory that was made, in the one above it; the line; the file, in its directory.
    assert synced == [tmp_path, file.parents[1], file, file.parent]
    synced.clear()
    ledger().append(noted())
    assert synced == [file]


def test_who_holds_the_lock_for_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(line())
    monkeypatch.setattr(_disk, "LOCK_LIMIT_S", 0.0)
    with _disk.made_for_appending(found.file):
        for action in (found.entries, lambda: found.append(noted())):
            with pytest.raises(LedgerError, match="locked by another process"):
                action()
    assert found.entries() == [noted()]


def test_readers_do_not_keep_each_other_out() -> None:
    found = written(line())
    with _disk.existing(found.file):
        assert found.entries() == [noted()]


def test_a_reader_waits_for_a_writer_to_finish() -> None:
    found = written(line())
    seen: list[int] = []
    with _disk.made_for_appending(found.file) as locked:
        reader = threading.Thread(target=lambda: seen.append(len(found.entries())))
        reader.start()
        locked.append(line("two").encode()[:30])
        locked.append(line("two").encode()[30:])
    reader.join()
    assert seen == [2]


def test_a_file_that_was_removed_meanwhile_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(line())
    real, left = _disk._lock, [found.file]

    def lock(file: Path, number: int, kind: int) -> None:
        real(file, number, kind)
        while left:
            left.pop().unlink()

    monkeypatch.setattr(_disk, "_lock", lock)
    found.append(noted(release="two"))
    assert [entry.release for entry in found.entries()] == ["two"]
