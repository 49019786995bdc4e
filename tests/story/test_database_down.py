"""The database goes away while a release is at the gate: that no release can mend."""

from pathlib import Path

import psutil
import pytest

from harness.ledger import Event
from tests.story.site import REFUSED, action_of, site_up


@pytest.mark.timeout(300)
def test_a_database_that_is_down_rolls_nothing_back(tmp_path: Path) -> None:
    with site_up(tmp_path) as site:
        site.deploy("good-2", site.write_good("good-2"))
        before = site.platform()
        state = site.state.read()
        assert state is not None
        pid = next(each["pid"] for each in state["processes"] if each["name"] == "postgres")
        postgres = psutil.Process(pid)
        postgres.kill()
        postgres.wait(timeout=20)

        done, run = site.gate("good-2", "--ready-timeout", "3s")

        assert done.code == REFUSED, done
        assert action_of(run) == ("NO_GO", "held", "good-1")
        assert (
            "every service that needs postgres reports it down, and it is: a rollback mends nothing"
        ) in done.out
        assert site.platform() == before
        assert site.events("good-2") == [Event.DEPLOYED, Event.NO_GO]
