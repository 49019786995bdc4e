"""Entries for tests, and texts that ask more of a store than most do."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.deployment import Artifact, Database
from harness.ledger import Entry, Event

ENVIRONMENT = "some"
AT = "2027-01-31T09:30:00.000Z"

# The same examples in every run, on a machine as slow as it may be.
seeded = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# Whatever a person or a platform can say; lone surrogates are no text.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
artifacts = st.builds(
    Artifact, identity=texts, reference=texts, release=st.none() | texts
)  # fmt: skip
databases = st.builds(Database, revision=texts, oldest_compatible=st.none() | texts)


def noted(event: Event = Event.GO, release: str = "one", **more: Any) -> Entry:
    """An entry; a GO has a vector of its release's own."""
    if event is Event.GO:
        more.setdefault("vector", {"a": Artifact(identity=f"sha256:{release}")})
    return Entry(
        **{"event": event, "environment": ENVIRONMENT, "release": release, "at": AT, **more}
    )


def entries() -> st.SearchStrategy[Entry]:
    """Any entry of `ENVIRONMENT`."""
    return st.builds(
        Entry,
        event=st.sampled_from(Event),
        environment=st.just(ENVIRONMENT),
        release=texts.filter(bool),
        at=st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        run_id=texts,
        vector=st.dictionaries(texts, artifacts, max_size=3),
        database=st.none() | databases,
        evidence=texts,
        target=st.none() | texts,
        action=st.none() | texts,
        why=texts,
    )
