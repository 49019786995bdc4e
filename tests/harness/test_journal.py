import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.environment import Environment
from harness.errors import RecordsError
from harness.journal import (
    JOURNAL,
    Journal,
    goes_on,
    how_to_remove,
    journals,
    left_in,
    place_of,
    read,
    taken,
)
from tests.harness.cli.command import ROOT

HEAD = '{"run_id": "r", "environment": "some"}\n'
ENTRY = '{"event": "created", "kind": "user", "name": "a", "at": "2026-01-02T03:04:05Z"}\n'


def journal(folder: Path) -> Journal:
    return Journal(folder, "r", "some")


def written(folder: Path, text: str) -> Path:
    (folder / JOURNAL).write_text(text)
    return folder / JOURNAL


def test_what_is_left_is_what_was_made_and_not_removed(tmp_path: Path) -> None:
    own = journal(tmp_path)
    own.created("user", "a@b.example")
    own.created("user", "c@d.example")
    own.removed("user", "a@b.example")
    assert own.left() == left_in(tmp_path) == ["user c@d.example"]
    account = read(tmp_path / JOURNAL)
    assert (account.run_id, account.environment) == ("r", "some")


def test_the_first_line_says_whose_it_is_and_where(tmp_path: Path) -> None:
    journal(tmp_path).created("user", "a")
    first, *entries = map(json.loads, (tmp_path / JOURNAL).read_text().splitlines())
    assert first == {"run_id": "r", "environment": "some"}
    assert [(e["event"], e["kind"], e["name"]) for e in entries] == [("created", "user", "a")]


def test_several_processes_write_to_one(tmp_path: Path) -> None:
    one, other = journal(tmp_path), journal(tmp_path)
    one.created("user", "a")
    other.created("user", "b")
    one.removed("user", "a")
    assert left_in(tmp_path) == ["user b"]


def test_what_cannot_be_noted_must_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"cannot write .*gone/journal\.jsonl: No such file"):
        journal(tmp_path / "gone").created("user", "a@b.example")


def test_a_run_that_made_nothing_has_no_journal(tmp_path: Path) -> None:
    journal(tmp_path).close()
    assert (left_in(tmp_path), journals(tmp_path)) == ([], [])


def test_a_line_that_was_cut_off_tells_nothing_and_the_rest_counts(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + ENTRY + ENTRY[:30])
    assert left_in(tmp_path) == ["user a"]
    with taken(file) as own:
        assert own is not None
        own.removed(read(file).left[0])
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("not json\n", 1),
        ("[]\n", 1),
        (ENTRY, 1),
        (HEAD + '{"event": "created"}\n' + ENTRY, 2),
        (HEAD + ENTRY.replace("created", "burnt"), 2),
        (HEAD + ENTRY.replace("2026-01-02T03:04:05Z", "yesterday"), 2),
        (HEAD + ENTRY.replace("05Z", "05"), 2),
        (HEAD + ENTRY + HEAD.replace("some", "other"), 3),
        (HEAD + "\udcff\n", 2),
    ],
)
def test_anything_else_that_is_wrong_is_named(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / JOURNAL).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordsError, match=rf"journal\.jsonl: line {line} is none of a journal"):
        read(tmp_path / JOURNAL)


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).mkdir()
    with pytest.raises(RecordsError, match=r"cannot read .*journal\.jsonl: Is a directory"):
        read(tmp_path / JOURNAL)


def test_whoever_writes_holds_it_for_as_long_as_they_live(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from harness.journal import Journal\n"
        "Journal(Path(sys.argv[1]), 'r', 'some').created('user', 'a'); print(flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert goes_on(tmp_path / JOURNAL)
        with taken(tmp_path / JOURNAL) as own:
            assert own is None
        process.kill()
        process.wait()
        assert not goes_on(tmp_path / JOURNAL)
        with taken(tmp_path / JOURNAL) as own:
            assert own is not None


def test_a_journal_that_is_closed_is_for_whoever_wants_it(tmp_path: Path) -> None:
    own = journal(tmp_path)
    own.created("user", "a")
    assert goes_on(tmp_path / JOURNAL)
    own.close()
    assert not goes_on(tmp_path / JOURNAL)


def test_looking_whether_a_run_goes_on_holds_up_nobody(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD)
    assert not goes_on(file)
    with file.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_is_rehearsed_is_not_in_the_environment_itself() -> None:
    tree = {"name": "staging", "services": {"a": {"url": "https://a.example"}}}
    there = Environment.model_validate(tree)
    here = Environment.model_validate({**tree, "network": {"loopback_only": True}})
    assert (place_of(there), place_of(here)) == ("staging", "staging on this machine")


def test_the_cure_names_the_run_where_it_is_not_in_the_usual_place(tmp_path: Path) -> None:
    usual = how_to_remove("a b", Path("reports/runs/r"))
    assert usual == "`keyarc-verify sweep --env 'a b' --older-than 0s` removes it"
    assert how_to_remove("a", tmp_path).endswith(f"--older-than 0s --runs {tmp_path}` removes it")
