"""Good releases stay, one after the other. A few here; `make soak` deploys fifty."""

import os

import pytest

from harness.ledger import Event
from tests.story.site import SERVICES, Site

RELEASES = int(os.environ.get("STORY_GOOD", "2"))


@pytest.mark.timeout(120 + 40 * RELEASES)
def test_every_good_release_earns_go_and_is_remembered_as_what_it_was(site: Site) -> None:
    releases = [f"good-{number}" for number in range(1, RELEASES + 1)]
    for release in releases[1:]:  # the first one is there
        site.earns_go(release)
        site.must_serve(release)
    entries = [entry for entry in site.ledger.entries() if entry.event is Event.GO]
    assert [entry.release for entry in entries] == releases
    vectors = {tuple((name, entry.vector[name].identity) for name in SERVICES) for entry in entries}
    assert len(vectors) == RELEASES
    assert all(entry.database is not None and entry.evidence for entry in entries)
