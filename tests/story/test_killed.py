"""The gate is killed while a bad release is before it, and started again: one release serves.

A few kills here; `make soak` kills thirty times. What happens in a round follows from its number,
which a failure shows.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from harness.ledger import Event
from harness.records import ACTION, MANIFEST, RESULTS, VERDICT
from harness.stack import control
from tests.harness.stack.conftest import ROOT, until
from tests.story.releases import BAD
from tests.story.site import REFUSED, Site, action_of, must_be_whole, sha256_of

KILLS = int(os.environ.get("STORY_KILLS", "2"))
SEED = 30
# In the environment of a gate, so that nothing that it starts can be overlooked.
MARK = "KEYARC_VERIFY_STORY"
WHOLE_S = 6.0


class Killed:
    """A gate that is killed, with all of its process group, at a moment of its life."""

    def __init__(self, site: Site, release: str) -> None:
        self.site, self.release, self.good = site, release, site.good()
        words, self.run = site.gate_words(release)
        self.said = site.path / f"said-{self.run.name}"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "harness", *words],
                cwd=site.path,
                env={**os.environ, "PYTHONPATH": str(ROOT), MARK: str(site.path)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def at(self, moment: Callable[["Killed"], object], pause_s: float) -> bool:
        """Kills it so long after a moment; whether it was there to be killed."""
        until(lambda: self.process.poll() is not None or moment(self), limit_s=120)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(pause_s)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait() == -signal.SIGKILL

    def has(self, *parts: str) -> bool:
        return self.run.joinpath(*parts).exists()

    def has_results(self) -> bool:
        return self.has(RESULTS) and (self.run / RESULTS).stat().st_size > 0

    def noted(self, event: Event) -> bool:
        return event in self.site.events(self.release)

    def replaced(self) -> int:
        """How many services run the good release again."""
        services = control.status(self.site.state.path)["services"].values()
        releases = [{each["release"] for each in service["instances"]} for service in services]
        return sum(self.good in found for found in releases)


MOMENTS: dict[str, Callable[[Killed], object]] = {
    "a rollback is noted": lambda gate: gate.noted(Event.ROLLBACK_BEGUN),
    "the verdict is written": lambda gate: gate.has(VERDICT),
    "one service is replaced": lambda gate: gate.replaced() >= 1,
    "the verdict is noted": lambda gate: gate.noted(Event.NO_GO),
    "the target is being verified": lambda gate: gate.has("rollback", MANIFEST),
    "it begins": lambda gate: True,
    "three services are replaced": lambda gate: gate.replaced() >= 3,
    "the run is declared": lambda gate: gate.has(MANIFEST),
    "the target is verified": lambda gate: gate.has("rollback", VERDICT),
    "the first result is there": lambda gate: gate.has_results(),
    "the end of the rollback is noted": lambda gate: gate.noted(Event.ROLLBACK_ENDED),
    "what was done is written": lambda gate: gate.has(ACTION),
}


def fate(number: int) -> list[tuple[str, float]]:
    """When the gates of a round are killed: after which moment, and so many seconds later."""
    chance = random.Random(SEED * 1000 + number)
    moment = list(MOMENTS)[number % len(MOMENTS)]
    kills = [(moment, chance.choice([0, chance.uniform(0, 0.5)]))]
    if chance.random() < 0.3:
        # The one that goes on with it is killed too.
        kills.append(("it begins", chance.uniform(0, WHOLE_S)))
    return kills


@pytest.mark.timeout(180 + 60 * KILLS)
def test_a_gate_that_is_killed_and_started_again_leaves_one_release(site: Site) -> None:
    killed = 0
    for number in range(2 * KILLS + 2):
        if killed >= KILLS:
            break
        try:
            killed += round_of_kills(site, number)
        except AssertionError as error:
            raise AssertionError(f"round {number}, {fate(number)}: {error}") from error
    assert killed >= KILLS
    must_be_valid(site)


def round_of_kills(site: Site, number: int) -> int:
    """How many gates of one bad release were killed; after them it is gone, and gone once."""
    bad, release, good = BAD["the page calls other services"], f"bad-{number}", site.good()
    site.deploy(release, site.write(release, bad.file, bad.find, bad.replace))
    killed = sum(Killed(site, release).at(MOMENTS[at], pause_s) for at, pause_s in fate(number))
    is_ended = Event.ROLLBACK_ENDED in site.events(release)

    done, run = site.gate(release)

    assert done.code == REFUSED, done
    assert action_of(run)[:2] == ("NO_GO", "held" if is_ended else "rolled_back_verified")
    site.must_serve(good)
    until(lambda: gates(site) == [])
    count = Counter(site.events(release))
    assert (count[Event.ROLLBACK_BEGUN], count[Event.ROLLBACK_ENDED]) == (1, 1)
    return killed


def must_be_valid(site: Site) -> None:
    """What is on record can be read, is what it was, and belongs together."""
    runs = [each for each in (site.path / "runs").rglob("*") if (each / MANIFEST).exists()]
    concluded = [run for run in runs if (run / VERDICT).exists()]
    for run in concluded:
        must_be_whole(run)
        if (run / ACTION).exists():
            action_of(run)
    verdicts = {sha256_of(run / VERDICT) for run in concluded}
    entries = site.ledger.entries()
    assert {entry.evidence for entry in entries if entry.evidence} <= verdicts
    ended = [entry for entry in entries if entry.event is Event.ROLLBACK_ENDED]
    assert {entry.action for entry in ended} == {"rolled_back_verified"}


def gates(site: Site) -> list[int]:
    """The processes that gates of this site have left."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == str(site.path):
                found.append(process.pid)
    return found
