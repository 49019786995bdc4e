"""What a Deployment of the ledger says to GitHub (a stand-in) and to people, and points at."""

import pytest

from harness.deployment import Artifact
from harness.errors import LedgerError
from harness.ledger import Entry, Event
from harness.ledger._deployment import LONGEST
from harness.model import Action
from tests.harness.ledger.noted import noted
from tests.harness.ledger.on_github import ledger, told
from tests.harness.ledger.stand_in import COMMIT, GitHub


def test_nothing_is_merged_and_no_commit_has_to_be_green(github: GitHub) -> None:
    ledger(github).append(noted())
    [create, _] = github.requests
    assert (create.body["auto_merge"], create.body["required_contexts"]) == (False, [])
    assert create.body["environment"] == "some"


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (noted(Event.DEPLOYED), "in_progress"),
        (noted(Event.GO), "success"),
        (noted(Event.NO_GO), "failure"),
        (noted(Event.ROLLBACK_BEGUN), "in_progress"),
        (noted(Event.ROLLBACK_ENDED, action=Action.ROLLED_BACK_VERIFIED), "success"),
        (noted(Event.ROLLBACK_ENDED, action=Action.ROLLBACK_FAILED), "failure"),
        (noted(Event.ROLLBACK_ENDED), "failure"),
        (noted(Event.FORGOTTEN), "inactive"),
    ],
)
def test_people_see_on_github_what_it_says(github: GitHub, entry: Entry, state: str) -> None:
    ledger(github).append(entry)
    [status] = github.statuses[1]
    assert (status["state"], status["auto_inactive"]) == (state, False)
    assert entry.release in status["description"]


def test_a_long_or_strange_reason_is_cut_for_people_and_kept_whole(github: GitHub) -> None:
    entry = noted(why="a\x1b[31m\n" + "😀" * 500, target="x" * 300)
    ledger(github).append(entry)
    shown = [github.deployments[0]["description"], github.statuses[1][0]["description"]]
    assert all(len(text) == 140 and text.isprintable() for text in shown)
    assert ledger(github).entries() == [entry]


def test_a_status_that_cannot_be_set_takes_nothing_away(github: GitHub) -> None:
    github.instead = [lambda request: None, told(403, {"message": "secondary rate limit"})]
    ledger(github).append(noted())
    assert (github.waited, github.statuses[1]) == ([], [])
    assert ledger(github).entries() == [noted()]


def test_a_large_vector_fits_and_a_larger_one_is_refused(github: GitHub) -> None:
    large = {f"service-{n}": Artifact(identity=f"sha256:{n:064}") for n in range(400)}
    ledger(github).append(noted(vector=large))
    assert ledger(github).entries() == [noted(vector=large)]
    with pytest.raises(LedgerError, match=f"characters; up to {LONGEST} fit"):
        ledger(github).append(noted(why="x" * LONGEST))
    assert len(github.deployments) == 1


def test_what_github_keeps_has_to_be_what_it_was_given(github: GitHub) -> None:
    github.instead = [told(201, {"id": 1, "payload": {"entry": "{}"}})]
    with pytest.raises(LedgerError, match="is not what it was given"):
        ledger(github).append(noted())


def refs(github: GitHub) -> list[str]:
    return [deployment["ref"] for deployment in github.deployments]


def test_it_points_at_the_release_where_that_is_a_commit(github: GitHub) -> None:
    ledger(github, ref="").append(noted(release=COMMIT))
    assert refs(github) == [COMMIT]


def test_it_points_at_what_the_settings_name_else_at_the_workflows_commit(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SHA", COMMIT)
    ledger(github).append(noted(release="a" * 40))
    ledger(github, ref="").append(noted())
    assert refs(github) == ["main", COMMIT]


def test_where_there_is_nothing_to_point_at_nothing_is_sent(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_SHA", raising=False)
    with pytest.raises(LedgerError, match=r"set ledger\.settings\.ref"):
        ledger(github, ref="").append(noted(release="2027-1"))
    assert github.requests == []


def test_a_ref_that_the_repository_lacks_is_told(github: GitHub) -> None:
    with pytest.raises(LedgerError, match=r"No ref found for: gone; set ledger\.settings\.ref"):
        ledger(github, ref="gone").append(noted())
