"""Whatever users do to what they share: in the database, nothing is left of what has gone."""

from contextlib import ExitStack
from functools import partial

import pytest

from harness.check import expect
from suites.journeys.chance import chance, rounds
from suites.journeys.consistency import must_be_consistent
from suites.journeys.history import Life
from suites.journeys.world import World
from suites.keyarc.database import Database
from suites.keyarc.person import present
from suites.keyarc.visit import Visit
from suites.keyarc.waiting import at_once

pytestmark = pytest.mark.needs("database")
PEOPLE, WHO_LEAVES = 4, 2
DEEDS_A_ROUND = 2


def test_a_history_leaves_no_orphan(visit: Visit, database: Database) -> None:
    """After a random history of several users at once, what is left of it is all there: every
    foreign key leads somewhere, every team has an owner, every folder lies below the root; and of
    who and what was deleted, nothing is left."""
    with ExitStack() as stack:
        entered = at_once(*[lambda: stack.enter_context(present(visit, quick=True))] * PEOPLE)
        world = World(entered)
        lives = [Life(each, world, chance(f"life {n}")) for n, each in enumerate(entered)]
        at_once(*(life.settle for life in lives))
        at_once(*(partial(life.live, DEEDS_A_ROUND * rounds()) for life in lives))
        must_be_consistent(database, world.made())
        expect("something was made", expected=True, came=len(world.ever) >= PEOPLE)
        lasting = Life(entered[-1], world, chance("last"))
        leavers = [life.leave for life in lives[:WHO_LEAVES]]
        at_once(*leavers, partial(lasting.live, DEEDS_A_ROUND))
        must_be_consistent(database, world.made())
