"""`release`: what the ledger of an environment says of its releases."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Artifact, Database
from harness.ledger import Entry, Event
from harness.ledger.file import FileLedger, open_ledger
from harness.ledger.github import open_ledger as on_github
from harness.model import Action
from tests.harness.cli.command import Done, keyarc_verify
from tests.harness.cli.test_disk import bound_by_permissions, limited_to
from tests.harness.ledger.stand_in import COMMIT, REPOSITORY, TOKEN, standing_in

FILE = """
name: some
variables: {SEED: what nothing here needs}
services: {a: {url: 'http://127.0.0.1:9'}}
"""
EVIDENCE = "e" * 64


def day(number: int) -> str:
    return f"2027-01-{number:02}T09:30:00.000Z"


def noted(event: Event, release: str, number: int, **more: Any) -> Entry:
    if event is Event.GO:
        artifact = Artifact(identity=f"sha256:{release * 8}", reference=f"registry/a:{release}")
        database = Database(revision="7", oldest_compatible="5")
        more = {"vector": {"a": artifact}, "database": database, "evidence": EVIDENCE, **more}
    return Entry(event=event, environment="some", release=release, at=day(number), **more)


STORY = [
    noted(Event.GO, "one", 1),
    noted(Event.GO, "two", 2, run_id="run-2"),
    noted(Event.DEPLOYED, "three", 3),
    noted(Event.NO_GO, "three", 4, why="a is broken"),
    noted(Event.ROLLBACK_BEGUN, "three", 5, target="two"),
    noted(Event.ROLLBACK_ENDED, "three", 6, target="two", action=Action.ROLLED_BACK_VERIFIED),
    noted(Event.DEPLOYED, "four", 7),
]


def kept(folder: Path, *entries: Entry, more: str = "") -> FileLedger:
    (folder / "some.yaml").write_text(FILE + more)
    ledger = open_ledger({"path": str(folder / ".keyarc-verify" / "ledger")}, "some")
    for entry in entries:
        ledger.append(entry)
    return ledger


def release(folder: Path, *arguments: str, **options: Any) -> Done:
    return keyarc_verify(folder, "release", *arguments, "--env", "some.yaml", **options)


def test_list_shows_the_newest_first_and_what_a_rollback_would_go_to(tmp_path: Path) -> None:
    ledger = kept(tmp_path, *STORY)
    done = release(tmp_path, "list")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"four   not judged  {day(7)}  some",
        f"three  NO_GO       {day(4)}  some  rollback to two: rolled back verified",
        f"two    GO          {day(2)}  some  rollback target",
        f"one    GO          {day(1)}  some",
        "",
        "were four to be left now, a rollback would go to two",
        f"({ledger.file})",
    ]


def test_list_tells_of_a_rollback_that_has_no_end(tmp_path: Path) -> None:
    kept(tmp_path, *STORY[:5])
    assert "rollback to two: not ended\n" in release(tmp_path, "list").out


def test_what_runs_is_no_rollback_target(tmp_path: Path) -> None:
    kept(tmp_path, *STORY[:1])
    out = release(tmp_path, "list").out
    assert "rollback target" not in out
    assert "a rollback has nothing to go back to now" in out


def test_list_is_json_too(tmp_path: Path) -> None:
    kept(tmp_path, *STORY)
    done = release(tmp_path, "list", "--format", "json")
    four, three, two, one = json.loads(done.out)
    assert two == {
        "release": "two",
        "standing": "go",
        "environment": "some",
        "at": day(2),
        "run_id": "run-2",
        "evidence": EVIDENCE,
        "rollback": [],
        "is_rollback_target": True,
    }
    assert (four["standing"], three["standing"], one["standing"]) == (None, "no_go", "go")
    assert [entry["event"] for entry in three["rollback"]] == ["rollback_begun", "rollback_ended"]
    assert [each["is_rollback_target"] for each in (four, three, one)] == [False] * 3


def test_rehearsals_have_a_ledger_of_their_own(tmp_path: Path) -> None:
    kept(tmp_path, *STORY)
    assert "is empty" in release(tmp_path, "list", "--rehearse").out
    settings = {"path": str(tmp_path / ".keyarc-verify" / "ledger" / "rehearsed")}
    open_ledger(settings, "some").append(noted(Event.GO, "tried", 1))
    done = release(tmp_path, "forget", "tried", "--why", "x", "--rehearse")
    assert (done.code, done.err) == (0, "")
    assert "tried  forgotten " in release(tmp_path, "list", "--rehearse").out
    assert "tried" not in release(tmp_path, "list").out


def test_an_empty_ledger_says_so(tmp_path: Path) -> None:
    kept(tmp_path)
    done = release(tmp_path, "list")
    assert done.code == 0
    assert done.out.startswith(
        "the ledger of some is empty: no release has been judged there yet\n"
    )
    done = release(tmp_path, "list", "--format", "json")
    assert (done.code, json.loads(done.out)) == (0, [])
    assert not (tmp_path / ".keyarc-verify").exists()


def test_show_tells_all_of_a_release(tmp_path: Path) -> None:
    kept(tmp_path, *STORY)
    done = release(tmp_path, "show", "two")
    assert done.out.splitlines()[:5] == [
        f"{day(2)}  go  two",
        "  run       run-2",
        "  artifact  a sha256:twotwotwotwotwotwotwotwo registry/a:two",
        "  database  revision 7, serves code from 5 on",
        f"  evidence  {EVIDENCE}",
    ]
    # And of the rollback that went to it.
    assert f"{day(6)}  rollback ended  three\n  target    two\n" in done.out
    assert done.code == 0


def test_show_is_json_too(tmp_path: Path) -> None:
    kept(tmp_path, *STORY)
    [go] = json.loads(release(tmp_path, "show", "one", "--format", "json").out)
    assert (go["event"], go["vector"]["a"]["reference"]) == ("go", "registry/a:one")
    assert (go["database"]["revision"], go["evidence"]) == ("7", EVIDENCE)


def test_a_deploy_that_begins_is_noted_and_is_what_runs_as_far_as_the_ledger_knows(
    tmp_path: Path,
) -> None:
    ledger = kept(tmp_path, *STORY)
    done = release(tmp_path, "deployed", "five")
    assert (done.code, done.err) == (0, "")
    assert done.out == "the ledger of some knows that a deploy of five begins\n"
    entries = ledger.entries()
    assert (entries[:-1], entries[-1].event, entries[-1].release) == (STORY, "deployed", "five")
    assert "were five to be left now, a rollback would go to two" in release(tmp_path, "list").out
    again = release(tmp_path, "deployed", "five", "--format", "json")
    assert json.loads(again.out)["event"] == "deployed"
    assert len(ledger.entries()) == len(STORY) + 2


def test_forget_takes_the_target_away_and_says_what_is_left(tmp_path: Path) -> None:
    ledger = kept(tmp_path, *STORY)
    done = release(tmp_path, "forget", "two", "--why", " it leaks ")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "two is forgotten: no rollback goes to it until it earns GO again",
        "were four to be left now, a rollback would go to one",
    ]
    entries = ledger.entries()
    assert entries[:-1] == STORY
    assert (entries[-1].event, entries[-1].why) == (Event.FORGOTTEN, "it leaks")
    assert "two    forgotten " in release(tmp_path, "list").out


def test_forget_says_when_nothing_is_left_to_go_back_to(tmp_path: Path) -> None:
    kept(tmp_path, *STORY[:1], STORY[2])
    done = release(tmp_path, "forget", "one", "--why", "it leaks", "--format", "json")
    assert json.loads(done.out)["event"] == "forgotten"
    assert "a rollback has nothing to go back to now" in release(tmp_path, "list").out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show", "gone"), "knows no release 'gone'; known: four, three, two, one"),
        (("forget", "gone", "--why", "x"), "knows no release 'gone'; known: four, three"),
        (("show", "\x1b[31m"), r"knows no release '\x1b[31m'"),
        (("forget", "one", "--why", "  "), "--why is empty"),
        (("forget", "one"), "--why"),
        (("deployed", "a b"), "letters, digits and . _ + - are meant"),
        (("deployed", "five", "--format", "xml"), "unknown format 'xml'"),
        (("list", "--format", "xml"), "unknown format 'xml'; known: json, text"),
        (("show", "one", "--format", "xml"), "unknown format 'xml'"),
        (("forget", "one", "--why", "x", "--format", "xml"), "unknown format 'xml'"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    ledger = kept(tmp_path, *STORY)
    done = release(tmp_path, *arguments)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert "Traceback" not in done.err
    assert ledger.entries() == STORY


def test_a_release_is_forgotten_once(tmp_path: Path) -> None:
    ledger = kept(tmp_path, *STORY, noted(Event.FORGOTTEN, "one", 8, why="it leaks"))
    done = release(tmp_path, "forget", "one", "--why", "again")
    assert done.code == 2
    assert f"one is forgotten already, since {day(8)}: it leaks" in done.err
    assert len(ledger.entries()) == len(STORY) + 1


@pytest.mark.parametrize(
    "command",
    [("list",), ("show", "one"), ("deployed", "five"), ("forget", "one", "--why", "x")],
)
def test_a_damaged_ledger_is_named_with_its_line_and_left_alone(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ledger = kept(tmp_path, *STORY[:2])
    damaged = ledger.file.read_text().replace('"go"', '"gone"', 1)
    ledger.file.write_text(damaged)
    done = release(tmp_path, *command)
    assert (done.code, done.out) == (20, "")
    assert f"{ledger.file}, line 1: is no entry: event: " in done.err
    assert ledger.file.read_text() == damaged


def test_what_an_entry_says_cannot_steer_a_terminal(tmp_path: Path) -> None:
    kept(tmp_path, noted(Event.FORGOTTEN, "one\x1b[31m", 1, why="\x1b]0;x\x07\n"))
    for command in (("list",), ("show", "one\x1b[31m"), ("list", "--format", "json")):
        done = release(tmp_path, *command)
        assert (done.code, "\x1b" in done.out) == (0, False)
        assert "one\\" in done.out
    for wrong in (("show", "gone"), ("forget", "one\x1b[31m", "--why", "again")):
        refused = release(tmp_path, *wrong)
        assert (refused.code, "\x1b" in refused.err) == (2, False)
        assert "one\\" in refused.err


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    """A real short write: the process may write so much of the line, and no more."""
    ledger = kept(tmp_path, *STORY)
    before = ledger.file.read_bytes()
    done = release(
        tmp_path,
        "forget",
        "one",
        "--why",
        "x",
        prepare=limited_to(len(before) + 50),
        variables={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.code, done.out) == (20, "")
    assert f"{ledger.file} cannot be written: No space left on device" in done.err
    assert ledger.file.read_bytes() == before


def test_a_ledger_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    ledger = kept(tmp_path, *STORY)
    ledger.file.chmod(0o400)
    done = release(tmp_path, "forget", "one", "--why", "x", prepare=bound_by_permissions)
    assert (done.code, done.out) == (20, "")
    assert f"{ledger.file} cannot be written: Permission denied" in done.err
    assert ledger.entries() == STORY


LEDGER = """
ledger:
  name: github
  settings: {{repository: {repository}, token: '${{env:LEDGER_TOKEN}}', api_url: '{url}'}}
"""


def test_a_variable_that_the_ledger_needs_is_told_and_no_other(tmp_path: Path) -> None:
    kept(tmp_path, more=LEDGER.format(repository=REPOSITORY, url="http://127.0.0.1:9"))
    done = release(tmp_path, "list")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "keyarc-verify: the ledger of some cannot be opened from here; nothing was sent",
        "  not set:",
        "    LEDGER_TOKEN  ledger.settings.token needs it",
        "  needed: set the variable",
    ]


def test_a_reference_that_nothing_stands_behind_is_told(tmp_path: Path) -> None:
    kept(tmp_path, more="ledger: {settings: {path: '${stack:place}'}}\n")
    done = release(tmp_path, "list")
    assert (done.code, done.out) == (2, "")
    assert (
        "ledger.settings.path: ${stack:place} has no value unless a local stack is up" in done.err
    )


def test_a_ledger_on_github_is_used_like_any_other(tmp_path: Path) -> None:
    with standing_in() as github:
        kept(tmp_path, more=LEDGER.format(repository=REPOSITORY, url=github.url))
        variables = {"LEDGER_TOKEN": TOKEN, "GITHUB_SHA": COMMIT}
        assert "is empty" in release(tmp_path, "list", variables=variables).out
        settings = {"repository": REPOSITORY, "token": TOKEN, "api_url": github.url, "ref": "main"}
        on_github(settings, "some").append(STORY[0])
        done = release(tmp_path, "forget", "one", "--why", "it leaks", variables=variables)
        assert (done.code, done.err) == (0, "")
        done = release(tmp_path, "list", variables=variables)
        assert "one  forgotten " in done.out
        assert f"(the deployments of {REPOSITORY})\n" in done.out
        refused = release(
            tmp_path, "list", variables={**variables, "LEDGER_TOKEN": "ghp_other-4711"}
        )
        assert (refused.code, refused.out) == (20, "")
        assert "the token is not accepted" in refused.err
        assert "ghp_other-4711" not in refused.err
        assert [each["ref"] for each in github.deployments] == ["main", COMMIT]
