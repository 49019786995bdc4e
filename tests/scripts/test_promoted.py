"""`promoted`: to production goes what has earned GO in staging, by the very digests of that GO."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli._ledger import Opened
from harness.cli._release import shown
from harness.deployment import Artifact
from harness.ledger import Entry, Event
from harness.ledger.file import FileLedger, open_ledger
from tests.harness.cli.command import keyarc_verify

SCRIPT = Path(__file__).parents[2] / ".github" / "scripts" / "promoted"
SERVICES = ("auth", "account", "keys", "gateway", "frontend")
DONE, USAGE, REFUSED = 0, 2, 20


def vector(digit: str = "a", services: tuple[str, ...] = SERVICES) -> dict[str, Artifact]:
    digest = f"sha256:{digit * 64}"
    return {
        name: Artifact(identity=digest, reference=f"ghcr.io/some/keyarc-{name}@{digest}")
        for name in services
    }


def noted(event: Event, release: str = "r1", **more: Any) -> Entry:
    given = {"vector": vector(), **more} if event is Event.GO else more
    return Entry(
        event=event, environment="staging", release=release, at="2027-01-01T00:00:00.000Z", **given
    )


GO = noted(Event.GO)
BACK = noted(Event.ROLLBACK_BEGUN, target="r0", vector=vector("b"))
BACK_AGAIN = noted(Event.ROLLBACK_BEGUN, release="r2", target="r1", vector=vector())


def kept(folder: Path, *entries: Entry) -> FileLedger:
    ledger = open_ledger({"path": str(folder / ".keyarc-verify" / "ledger")}, "staging")
    for entry in entries:
        ledger.append(entry)
    return ledger


def promoted(story: str, *words: str) -> "Ended":
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *words],
        input=story,
        capture_output=True,
        text=True,
        check=False,
    )


Ended = subprocess.CompletedProcess[str]
Ask = Callable[..., Ended]


@pytest.fixture
def judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Asks it about r1, of a ledger with these entries."""

    def ask(*entries: Entry) -> Ended:
        shown("r1", Opened("staging", kept(tmp_path, *entries)), "json")
        return promoted(capsys.readouterr().out, "--release", "r1")

    return ask


@pytest.mark.parametrize(
    "entries",
    [
        (noted(Event.DEPLOYED), GO),
        (noted(Event.NO_GO), GO),
        (noted(Event.FORGOTTEN, why="x"), GO),
        (BACK, GO),
        # Deployed once more, and judged by nobody since: its GO stands.
        (GO, noted(Event.DEPLOYED)),
        (GO, noted(Event.NO_GO, release="r2"), BACK_AGAIN),
    ],
)
def test_what_earned_go_is_promoted_by_its_digests(judged: Ask, entries: tuple[Entry, ...]) -> None:
    done = judged(*entries)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert json.loads(done.stdout) == {name: one.reference for name, one in vector().items()}


def test_of_two_gos_the_last_one_counts(judged: Ask) -> None:
    done = judged(noted(Event.GO, vector=vector("b")), GO)
    assert "b" * 64 not in done.stdout
    assert json.loads(done.stdout)["keys"] == vector()["keys"].reference


def but(changes: Mapping[str, Any]) -> Entry:
    """A GO whose gateway was something else."""
    return noted(Event.GO, vector={**vector(), "gateway": replace(vector()["gateway"], **changes)})


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((noted(Event.DEPLOYED),), "nobody has judged it in staging"),
        ((GO, noted(Event.NO_GO)), "it has no GO in staging that still counts: it got NO_GO, at "),
        ((GO, noted(Event.FORGOTTEN, why="x")), "still counts: it was forgotten, at "),
        ((GO, BACK), "still counts: it was left by a rollback, at "),
        ((noted(Event.GO, release="r0"), noted(Event.DEPLOYED)), "nobody has judged it"),
        (
            (noted(Event.GO, vector=vector(services=SERVICES[:4])),),
            "its GO is not one of auth, account, keys, gateway, frontend, but of: account, auth,",
        ),
        ((noted(Event.GO, vector={}),), "but of: none"),
        ((noted(Event.GO, vector=vector(services=(*SERVICES, "edge"))),), "but of: account, "),
        ((but({"reference": "ghcr.io/some/keyarc-gateway:latest"}),), "its gateway is not pinned"),
        ((but({"reference": ""}),), "its gateway is not pinned by a digest: 'nothing'"),
        ((but({"identity": "v1"}),), "its gateway is not pinned"),
        ((but({"identity": "v1", "reference": "some/gateway@v1"}),), "its gateway is not pinned"),
        (
            (but({"reference": vector("b")["gateway"].reference}),),
            f"keyarc-gateway@sha256:{'b' * 64}', of 'sha256:{'a' * 64}'",
        ),
        ((but({"reference": f"--evil@sha256:{'a' * 64}"}),), "its gateway is not pinned"),
    ],
)
def test_what_has_not_earned_it_is_refused_with_the_reason(
    judged: Ask, entries: tuple[Entry, ...], why: str
) -> None:
    done = judged(*entries)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.startswith("promoted: not to be promoted: r1: ")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("story", "why"),
    [
        ("", "nothing was given of it"),
        ("[]", "nobody has judged it"),
        ("<html>", "what was given is not what `keyarc-verify release show"),
        ("{}", "what was given is not what"),
        ("[1]", "what was given is not what"),
        ('[{"release": "r1"}]', "what was given is not what"),
        (
            '[{"release": "r1", "version": 2, "environment": "staging"}]',
            "written by a newer keyarc-verify",
        ),
        ('[{"release": "r1", "version": 1, "environment": "dev"}]', "the ledger of dev, not of"),
    ],
)
def test_what_is_no_ledger_of_staging_promotes_nothing(story: str, why: str) -> None:
    done = promoted(story, "--release", "r1")
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert why in done.stderr


def test_the_release_has_to_be_named() -> None:
    done = promoted("[]")
    assert (done.returncode, "--release" in done.stderr) == (USAGE, True)


def test_it_reads_what_the_command_prints(tmp_path: Path) -> None:
    (tmp_path / "staging.yaml").write_text(
        "name: staging\nservices: {a: {url: 'http://127.0.0.1:9'}}\n"
    )
    kept(tmp_path, noted(Event.NO_GO, release="r0"), GO, BACK_AGAIN)
    words = ("release", "show", "r1", "--env", "staging.yaml", "--format", "json")
    told = keyarc_verify(tmp_path, *words)
    assert told.code == DONE, told
    assert promoted(told.out, "--release", "r1").returncode == DONE
    other = keyarc_verify(tmp_path, *words[:2], "r0", *words[3:])
    assert promoted(other.out, "--release", "r0").returncode == REFUSED
