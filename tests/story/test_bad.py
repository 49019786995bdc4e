"""Bad releases go: NO_GO, the good one comes back, and that it did is read, not believed.

The quick ones here; `make soak` deploys the whole catalogue.
"""

import os
from fnmatch import fnmatchcase

import pytest

from harness.ledger import Event
from harness.model import Outcome
from harness.records import read
from tests.story.releases import BAD, Bad, release_id
from tests.story.site import REFUSED, Site, action_of, exchanged

ALL = os.environ.get("STORY_BAD") == "all"
DEPLOYED = [name for name, bad in BAD.items() if ALL or bad.is_quick]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_release_can_be_made(bad: Bad) -> None:
    changed = exchanged(bad.file, bad.find, bad.replace)
    if bad.file.endswith(".py"):
        compile(changed, bad.file, "exec")


def test_bad_releases_are_of_ten_kinds_at_least() -> None:
    assert len({(bad.file, bad.replace) for bad in BAD.values()}) == len(BAD) >= 10


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DEPLOYED)
def test_a_bad_release_is_refused_and_the_good_one_serves_again(site: Site, name: str) -> None:
    bad, release, good = BAD[name], release_id(name), site.good()
    site.deploy(release, site.write(release, bad.file, bad.find, bad.replace))
    assert {told for each in site.platform().values() for told, _ in each} == {release}

    done, run = site.gate(release, *bad.options)

    assert done.code == REFUSED, done
    assert action_of(run) == ("NO_GO", "rolled_back_verified", good)
    site.must_serve(good)
    failed = {each.id for each in read(run).results if each.outcome is Outcome.FAIL}
    noticed_by = bad.noticed_by.split()
    assert any(fnmatchcase(id_, pattern) for id_ in failed for pattern in noticed_by), failed
    begun = [Event.ROLLBACK_BEGUN, Event.ROLLBACK_ENDED]
    assert site.events(release) == [Event.DEPLOYED, Event.NO_GO, *begun]
    ended = site.entries(release)[-1]
    assert (ended.target, ended.action) == (good, "rolled_back_verified")
