"""`Idempotency-Key` at every `POST` of account and keys: done once, and answered alike."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from harness.check import expect
from suites.journeys.crew import Crew
from suites.keyarc.cryptography import blob
from suites.keyarc.person import Person
from suites.keyarc.stored import NewFolder
from suites.keyarc.waiting import at_once

AT_ONCE = 5


@dataclass(frozen=True)
class Stage:
    """Who asks, for which team, about whom."""

    crew: Crew
    newcomer: Person

    @property
    def asker(self) -> Person:
        return self.crew.owner


@dataclass(frozen=True)
class Post:
    """A request that makes something.

    Attributes:
        ask: Asks with a body that tells its name, and a key.
        made: The names of what there is by now; of a member, their role.
    """

    ask: Callable[[Stage, str, str | None], httpx.Response]
    made: Callable[[Stage], list[str]]


SEALED = blob(228)


def _secret(stage: Stage, name: str, key: str | None) -> httpx.Response:
    draft = stage.crew.draft(name=name, encrypted_value=SEALED)
    return stage.asker.keys.create.answer(draft, idempotency_key=key)


def _folder(stage: Stage, name: str, key: str | None) -> httpx.Response:
    owner: dict[str, Any] = {"owner_type": "team", "owner_id": stage.crew.id}
    draft = NewFolder(name=stage.asker.named(name), **owner)
    return stage.asker.keys.create_folder.answer(draft, idempotency_key=key)


def _team(stage: Stage, name: str, key: str | None) -> httpx.Response:
    return stage.asker.account.create_team.answer(
        # Another test's teams have the run's name too.
        name=f"{stage.crew.id} {stage.asker.named(name)}",
        encrypted_team_key=SEALED,
        idempotency_key=key,
    )


def _member(stage: Stage, name: str, key: str | None) -> httpx.Response:
    return stage.asker.account.add_member.answer(
        stage.crew.id,
        user=stage.newcomer.id,
        role="admin" if name == "second" else "member",
        encrypted_team_key=SEALED,
        idempotency_key=key,
    )


def _teams(stage: Stage) -> list[UUID]:
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = stage.asker.account.teams(limit=100, cursor=cursor)
        found += [each.team_id for each in page.items if each.name.startswith(str(stage.crew.id))]
        cursor = page.next_cursor
        if cursor is None:
            return found


POSTS = {
    "a secret": Post(
        _secret,
        lambda s: [each.name for each in s.asker.keys.secrets(team_id=s.crew.id).items],
    ),
    "a folder": Post(
        _folder,
        lambda s: [each.name for each in s.asker.keys.folders(team_id=s.crew.id).items],
    ),
    "a team": Post(_team, lambda s: list(map(str, _teams(s)))),
    "a member": Post(
        _member, lambda s: [role for id_, role in s.crew.roles().items() if id_ == s.newcomer.id]
    ),
}


@pytest.fixture
def stage(crew: Crew, newcomer: Person) -> Iterator[Stage]:
    stage = Stage(crew, newcomer)
    yield stage
    for team in _teams(stage):
        crew.owner.account.delete_team(team)


@pytest.mark.parametrize("what", POSTS)
def test_it_is_answered_alike_and_done_once(stage: Stage, what: str) -> None:
    """The same key and body: the same status, body and ETag, byte for byte, and one is made."""
    post, key = POSTS[what], str(uuid4())
    first, again = (post.ask(stage, "first", key) for _ in range(2))
    expect("the answer", expected=201, came=first.status_code)
    for name in ("status_code", "content"):
        expect(name, expected=getattr(first, name), came=getattr(again, name))
    expect("ETag", expected=first.headers.get("etag"), came=again.headers.get("etag"))
    expect("what was made", expected=1, came=len(post.made(stage)))


@pytest.mark.parametrize("what", POSTS)
def test_another_body_is_a_mistake(stage: Stage, what: str) -> None:
    """The same key with another body is refused, and makes nothing."""
    post, key = POSTS[what], str(uuid4())
    expect("the first", expected=201, came=post.ask(stage, "first", key).status_code)
    before = post.made(stage)
    expect("the second", expected=422, came=post.ask(stage, "second", key).status_code)
    expect("what was made", expected=before, came=post.made(stage))


@pytest.mark.parametrize("what", POSTS)
def test_many_at_once_make_one(stage: Stage, what: str) -> None:
    """While the first is in flight the others are told so; all else is the first answer again."""
    post, key = POSTS[what], str(uuid4())
    came = at_once(*[lambda: post.ask(stage, "first", key)] * AT_ONCE)
    statuses = Counter(answer.status_code for answer in came)
    expect("statuses beside 201 and 409", expected=set(), came=statuses.keys() - {201, 409})
    expect("one was answered", expected=True, came=statuses[201] >= 1)
    bodies = {answer.content for answer in came if answer.status_code == 201}
    expect("different answers", expected=1, came=len(bodies))
    expect("what was made", expected=1, came=len(post.made(stage)))


def test_one_key_at_several_paths_is_several(stage: Stage) -> None:
    """A key belongs to a path: what makes a folder with it says nothing about a secret."""
    key = str(uuid4())
    for what, post in POSTS.items():
        expect(what, expected=201, came=post.ask(stage, "first", key).status_code)
        expect(f"{what}, made", expected=1, came=len(post.made(stage)))


@pytest.mark.parametrize("what", POSTS)
@pytest.mark.parametrize("key", ["", "k" * 129, "tab\there"], ids=["empty", "too long", "a tab"])
def test_a_key_that_is_none_is_refused(stage: Stage, what: str, key: str) -> None:
    """A key has 1 to 128 printable characters; with any other nothing is made."""
    post = POSTS[what]
    before = post.made(stage)
    expect("the answer", expected=422, came=post.ask(stage, "first", key).status_code)
    expect("what was made", expected=before, came=post.made(stage))


@pytest.mark.parametrize("what", POSTS)
def test_without_a_key_nothing_is_remembered(stage: Stage, what: str) -> None:
    """Whoever gives no key asks twice: for two, or for what is a conflict by now."""
    post = POSTS[what]
    statuses = [post.ask(stage, "first", None).status_code for _ in range(2)]
    expected = [201, 409] if what == "a member" else [201, 201]
    expect("the answers", expected=expected, came=statuses)
    expect("what was made", expected=expected.count(201), came=len(post.made(stage)))
