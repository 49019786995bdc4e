"""Who did what to a secret: complete, in order, and for those alone who may see the secret."""

from uuid import UUID

from harness.check import expect
from suites.journeys.crew import Crew, changed, kept
from suites.keyarc.person import Person, present
from suites.keyarc.stored import AuditEntry
from suites.keyarc.visit import Visit


def trail(person: Person, secret_id: UUID) -> list[AuditEntry]:
    """A secret's whole history, read page by page."""
    found: list[AuditEntry] = []
    cursor: str | None = None
    while True:
        page = person.keys.audit(secret_id=secret_id, limit=2, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_a_life_is_told_in_order(owner: Person) -> None:
    """Created, viewed, changed, viewed, deleted: so it stands there, also after the end."""
    secret = kept(owner)
    owner.keys.secret(secret.id)
    second = owner.keys.update(secret.id, changed(owner), if_match=secret.etag)
    owner.keys.secret(second.id)
    owner.keys.delete(secret.id)
    entries = trail(owner, secret.id)
    expected = ["create", "view", "update", "view", "delete"]
    expect("actions", expected=expected, came=[entry.action for entry in entries])
    expect("who", expected={owner.id}, came={entry.actor_id for entry in entries})
    times = [entry.created_at for entry in entries]
    expect("times, in order", expected=sorted(times), came=times)


def test_it_tells_who_of_the_team_it_was(crew: Crew, admin: Person, member: Person) -> None:
    """A team's secret is shared when it is created; each entry names who did it."""
    crew.admit(admin, "admin")
    crew.admit(member)
    ours = crew.keep(by=admin)
    member.keys.secret(ours.id)
    admin.keys.update(ours.id, changed(admin), if_match=ours.etag)
    crew.owner.keys.delete(ours.id)
    expected = [
        ("create", admin.id),
        ("share", admin.id),
        ("view", member.id),
        ("update", admin.id),
        ("delete", crew.owner.id),
    ]
    came = [(entry.action, entry.actor_id) for entry in trail(member, ours.id)]
    expect("the history, as a member sees it", expected=expected, came=came)


def test_what_was_refused_is_no_part_of_it(crew: Crew, member: Person, other: Person) -> None:
    """An attempt that changes nothing leaves no entry."""
    crew.admit(member)
    ours = crew.keep()
    member.keys.update.refused(403, ours.id, changed(member), if_match=ours.etag)
    member.keys.delete.refused(403, ours.id)
    other.keys.secret.refused(404, ours.id)
    crew.owner.keys.update.refused(412, ours.id, changed(member), if_match='"another"')
    came = [entry.action for entry in trail(crew.owner, ours.id)]
    expect("actions", expected=["create", "share"], came=came)


def test_lists_are_no_views(owner: Person) -> None:
    """Only what shows the ciphertext is a view."""
    secret = kept(owner)
    owner.keys.secrets(limit=100)
    came = [entry.action for entry in trail(owner, secret.id)]
    owner.keys.delete(secret.id)
    expect("actions", expected=["create"], came=came)


def test_it_is_none_of_anybody_elses_business(owner: Person, other: Person) -> None:
    """Somebody else's history is one that does not exist, also once the secret is gone."""
    secret = kept(owner)
    other.keys.audit.refused(404, secret_id=secret.id)
    owner.keys.delete(secret.id)
    other.keys.audit.refused(404, secret_id=secret.id)


def test_who_has_gone_is_nobody(visit: Visit, crew: Crew) -> None:
    """A deleted user's token is refused everywhere at once; what they did for a team stays, and
    names nobody any more."""
    with present(visit, quick=True) as leaver:
        crew.admit(leaver, "admin")
        ours = crew.keep(by=leaver)
        own = kept(leaver)
        leaver.leave()
        leaver.account.profile.refused(401)
        leaver.keys.secrets.refused(401)
        leaver.keys.secret.refused(401, own.id)
        leaver.auth.refresh.refused(401)
        crew.owner.account.search.refused(404, email=leaver.identity.email)
    expect("who is left", expected={crew.owner.id: "owner"}, came=crew.roles())
    came = [(entry.action, entry.actor_id) for entry in trail(crew.owner, ours.id)]
    expect("the history", expected=[("create", None), ("share", None)], came=came)
