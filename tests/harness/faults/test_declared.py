"""What every fault declares; a file is tested by being there."""

import re

import pytest

from harness.environment import Environment, find, parse
from harness.faults import Fault, Place
from harness.matrix.trial import fault_class, places
from harness.registry import FAULTS

UNITS = re.compile(r"_(s|ms|bytes|kbytes_s)$")
ABILITIES = {"links", "processes", "settings", "database", "disk"}


@pytest.fixture(scope="module")
def local() -> Environment:
    return parse(find("local"))


@pytest.fixture(params=FAULTS.names())
def fault(request: pytest.FixtureRequest) -> Fault:
    return fault_class(request.param)()


def test_there_are_as_many_as_the_matrix_needs() -> None:
    assert len(FAULTS.names()) >= 20


def test_its_name_is_that_of_its_file(fault: Fault) -> None:
    words = type(fault).__module__.rpartition(".")[2].split("_")
    assert type(fault).__name__ == "".join(word.capitalize() for word in words)


def test_a_report_can_show_what_it_is(fault: Fault) -> None:
    sentence = " ".join((type(fault).__doc__ or "").split())
    assert sentence.endswith(".")
    assert 20 < len(sentence) < 200


def test_it_says_what_should_be_seen_and_what_it_needs(fault: Fault) -> None:
    kind = type(fault)
    assert kind.seen.health in ("fail", "pass", "any")
    assert kind.needs
    assert kind.needs <= ABILITIES
    if kind.seen.silent:
        assert kind.at in ("service", "process"), "a way that is broken answers nothing anyhow"
    if kind.seen.health == "fail":
        assert kind.seen.users != "fine", "what is called broken is missed by somebody"


def test_each_number_has_a_unit_a_range_and_a_description(fault: Fault) -> None:
    for name, field in type(fault).model_fields.items():
        assert field.description, name
        if field.annotation in (int, float):
            assert UNITS.search(name), f"{name}: in which unit?"
            assert len(field.metadata) == 2, f"{name}: from where to where?"


def test_it_has_a_place_in_the_local_environment(fault: Fault, local: Environment) -> None:
    assert [place for place in places(local, fault) if fault.fits(local, place)]


def test_what_has_to_be_given_is_told_where_it_is_not() -> None:
    older = fault_class("migration_missing")
    assert "`missing` and `back`" in str(older().lacks)
    assert "`missing` and `back`" in str(older.model_validate({"missing": "SELECT 1"}).lacks)
    assert older.model_validate({"missing": "SELECT 1", "back": "SELECT 1"}).lacks is None


@pytest.mark.parametrize(
    ("name", "service", "fits"),
    [
        ("wrong_secret", "gateway", True),
        ("wrong_secret", "frontend", False),
        ("setting_missing", "frontend", True),
        ("setting_missing", "stranger", False),
        ("slow_start", "keys", True),
        ("slow_start", "postgres", False),
    ],
)
def test_a_fault_is_only_where_there_is_something_to_break(
    local: Environment, name: str, service: str, fits: bool
) -> None:
    assert fault_class(name)().fits(local, Place(service)) is fits


@pytest.mark.parametrize("name", ["wrong_url", "tls_expired", "tls_wrong_host"])
def test_a_way_that_no_setting_names_is_none(local: Environment, name: str) -> None:
    fault = fault_class(name)()
    assert fault.fits(local, Place("gateway", "keys"))
    assert not fault.fits(local, Place("auth", "keys"))
