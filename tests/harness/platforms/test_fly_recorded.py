"""What the stand-in of `flyctl` does is what the real one did; so does the real one, where it is.

The real one here is whichever is on the PATH, so that a newer one that differs is seen.
"""

from pathlib import Path

import pytest

from tests.harness.platforms.flyctl_runs import RUNS, Run, recorded, run
from tests.harness.platforms.flying import real_flyctl, stand_in_flyctl

REAL = real_flyctl()
# What the platform `fly` goes by, beside JSON and codes.
TELLING = (
    "image found:",
    "could not find image",
    "no access token available",
    "You must be authenticated",
    "Could not find App",
    "deploys to this app are not possible now",
    "release command failed - aborting deployment",
)


def essence(one: Run) -> tuple[object, ...]:
    told = [words for words in TELLING if words in one.out + one.err]
    return one.code, one.printed, told, one.sure, one.digests, one.told, one.ran


@pytest.mark.parametrize("which", ["stand-in", *(["real"] if REAL else [])])
@pytest.mark.parametrize("name", RUNS)
def test_flyctl_does_what_was_recorded(name: str, which: str, tmp_path: Path) -> None:
    program = REAL if REAL and which == "real" else stand_in_flyctl(tmp_path)
    assert essence(recorded(name)) == essence(run(name, tmp_path, program))


def test_the_real_flyctl_succeeds_over_what_was_not_done() -> None:
    """Why an exit code is never believed: each of these ended with 0."""
    ends = {name: recorded(name) for name in ("deploy idle", "deploy half", "deploy back")}
    assert {0} == {one.code for one in ends.values()}
    good = recorded("deploy").digests
    assert all(one.digests != good for one in ends.values())
    assert 0 == recorded("deploy without machines").code


def test_asking_for_an_image_deploys_nothing() -> None:
    asked = recorded("image there").asked
    assert asked
    assert not any("machines" in one or "releases" in one for one in asked)
