"""The matrix is every fault at every place that it fits, and nothing that it does not."""

from typing import Any

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from harness.matrix.choice import Choice, choice
from harness.matrix.trial import pairs, trials
from tests.harness.matrix.shop import shop

ALL = frozenset({"links", "processes", "settings", "database", "disk"})


def chosen(environment: Environment, **more: Any) -> Choice:
    given = {"abilities": ALL, "only": None, "count_of_pairs": 0, "seed": 0, "in_production": False}
    return choice(environment, **{**given, **more})


def test_every_way_every_process_and_the_database_has_its_trials() -> None:
    ids = {trial.id for trial in trials(shop())}
    assert {i for i in ids if i.startswith("faults.refuse.")} == {
        "faults.refuse.page.api",
        "faults.refuse.api.store",
        "faults.refuse.api.db",
        "faults.refuse.store.db",
    }
    assert {i for i in ids if i.startswith("faults.answers_500.")} == {
        "faults.answers_500.page.api",
        "faults.answers_500.api.store",
    }
    # `help` is none of the stack's.
    assert {i for i in ids if i.startswith("faults.kill.")} == {
        f"faults.kill.{name}" for name in ("page", "api", "store", "db")
    }
    assert [i for i in ids if i.startswith("faults.read_only.")] == ["faults.read_only.db"]


def test_the_control_row_is_of_every_service() -> None:
    assert [trial.id for trial in trials(shop())][:4] == [
        f"faults.none.{name}" for name in ("page", "api", "store", "help")
    ]


def test_there_are_more_than_twenty_faults() -> None:
    names = {each.name for trial in trials(shop()) for each in trial.broken}
    assert len(names) >= 20


def test_pairs_are_the_same_for_a_seed_and_never_at_one_thing() -> None:
    every = trials(shop())
    first, again, other = pairs(every, 20, 1), pairs(every, 20, 1), pairs(every, 20, 2)
    assert first == again != other
    assert len(set(first)) == 20
    for pair in first:
        one, two = (each.place for each in pair.broken)
        assert not {one.service, one.dependency} & {two.service, two.dependency} - {None}


def test_parameters_of_the_file_are_taken() -> None:
    environment = shop(faults={"parameters": {"latency": {"delay_ms": 7}}})
    faults = [e.fault for t in trials(environment) for e in t.broken if e.name == "latency"]
    assert {fault.delay_ms for fault in faults} == {7}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"faults": {"parameters": {"latncy": {}}}}, "parameters: unknown fault 'latncy'"),
        ({"faults": {"parameters": {"latency": {"delay": 1}}}}, "faults.parameters.latency.delay:"),
        ({"policy": {"faults": ["kil"]}}, "policy.faults: unknown fault 'kil'; known: "),
        ({"checks": {"faults.kill.nobody": {"off": "because of this"}}}, "no trial has this id"),
    ],
)
def test_what_cannot_be_is_told(more: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        chosen(shop(**more))


def test_where_faults_are_not_allowed_none_runs_and_each_says_so() -> None:
    found = chosen(shop(policy={}))
    assert found.trials == ()
    assert {e.reason for e in found.excluded} == {
        "the environment does not allow faults (policy.faults)"
    }


def test_only_the_faults_that_the_file_names_run() -> None:
    found = chosen(shop(policy={"faults": ["kill"]}))
    assert {t.id.split(".")[1] for t in found.trials} == {"none", "kill"}
    assert "policy.faults does not name refuse" in {e.reason for e in found.excluded}


def test_production_needs_a_flag_as_well() -> None:
    production = shop(production=True, policy={"faults": True, "write": True})
    assert chosen(production).trials == ()
    assert chosen(production, in_production=True).trials


def test_what_a_place_cannot_do_is_not_run_and_says_so() -> None:
    found = chosen(shop(), abilities=ALL - {"links"})
    assert "faults.refuse.api.db" in {e.id for e in found.excluded}
    assert "faults.kill.api" in {t.id for t in found.trials}
    reasons = {e.reason for e in found.excluded if e.id == "faults.refuse.api.db"}
    assert reasons == {"needs the links of a stack: `keyarc-verify up --links`"}


def test_where_nothing_is_started_nothing_is_broken() -> None:
    (none,) = chosen(shop(stack=None)).excluded
    assert (none.id, none.reason) == ("faults", "needs a `stack` of this machine")


def test_a_selection_is_no_whole_matrix() -> None:
    found = chosen(shop(), only="faults.kill.*")
    assert {t.id.split(".")[1] for t in found.trials} == {"kill"}
    assert len(found.left_out) > 40


def test_an_advisory_trial_does_not_decide() -> None:
    why = {"advisory": "known since long ago", "until": "2999-01-01"}
    found = chosen(shop(checks={"faults.kill.api": why}))
    (declared,) = (d for d in found.declared if d.id == "faults.kill.api")
    assert not declared.required
