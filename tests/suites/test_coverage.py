"""The contract's tables are those of the services' documents; what a run has seen is counted."""

import json
from pathlib import Path

import pytest

from harness.environment import Environment, find, parse
from harness.errors import ContractViolation
from harness.model import Exchange
from suites.journeys import observations
from suites.journeys.actions import ACTIONS
from suites.journeys.coverage import Coverage, nothing_is_missing, pages
from suites.journeys.observations import Seen, keep, kept, observe, observe_all, observe_cell
from suites.journeys.permissions import actions, matrix
from suites.keyarc.contract import DEVIATIONS, OTHER, answers, endpoint
from tests.harness.cli.command import ROOT

PUBLIC, PRIVATE = ("auth", "gateway", "frontend"), ("account", "keys")
HERE = Environment.model_validate(
    {
        "name": "here",
        "services": {
            "auth": {"url": "https://one.test/auth"},
            "gateway": {"url": "https://one.test/api", "also_at": ["https://api.one.test"]},
        },
    }
)
ALL_MEANS = parse(find("local")).to_look_at()


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "_new", set())
    monkeypatch.setattr(observations, "_kept", set())


def documented(service: str) -> set[tuple[str, str, str, int]]:
    """What a service's own document says."""
    tree = json.loads((ROOT / "services" / service / "openapi.json").read_text())
    return {
        (service, method.upper(), path, int(status))
        for path, item in tree["paths"].items()
        for method, operation in item.items()
        for status in operation["responses"]
    }


def in_the_table(service: str) -> set[tuple[str, str, str, int]]:
    return {
        (each.service, each.method, each.path, each.status)
        for each in answers()
        if each.service == service and each.method != OTHER
    }


@pytest.mark.parametrize("service", PUBLIC)
def test_the_table_is_what_is_documented(service: str) -> None:
    deviations = {deviation for deviation in DEVIATIONS if deviation[0] == service}
    assert documented(service) ^ in_the_table(service) == deviations


@pytest.mark.parametrize("service", PRIVATE)
def test_what_private_services_answer_comes_through_the_gateway(service: str) -> None:
    shown = {entry[1:] for entry in in_the_table("gateway")}
    own = {entry[1:] for entry in documented(service) if not entry[2].startswith("/health")}
    assert own
    assert own <= shown


def test_every_path_refuses_other_methods() -> None:
    paths = {(each.service, each.path) for each in answers()}
    assert {(a.service, a.path) for a in answers() if (a.method, a.status) == (OTHER, 405)} == paths


def test_no_row_is_there_twice() -> None:
    assert len(set(answers())) == len(answers())
    assert len(set(map(str, matrix()))) == len(matrix())


def test_every_action_of_the_matrix_can_be_asked_for() -> None:
    assert actions() == list(ACTIONS)


def test_a_path_without_parameters_wins() -> None:
    path = "/keys/secrets/expiring"
    assert endpoint("gateway", "GET", path) == ("GET", path)
    one = "/keys/secrets/{secret_id}"
    assert endpoint("gateway", "GET", "/keys/secrets/5f0c6d0e") == ("GET", one)
    assert endpoint("gateway", "PATCH", "/keys/secrets/5f0c6d0e") == (OTHER, one)
    assert endpoint("gateway", "GET", "/keys/secrets/5f0c6d0e/more") is None


def everything() -> frozenset[Seen]:
    return Coverage(HERE, frozenset()).possible


def test_nothing_observed_is_never_enough() -> None:
    coverage = Coverage(HERE, frozenset())
    for entries in (coverage.service("auth"), list(coverage.cells.values())):
        with pytest.raises(ContractViolation, match="something was seen"):
            nothing_is_missing(entries)
        with pytest.raises(ContractViolation, match="something was seen"):
            nothing_is_missing([])


def test_an_answer_never_seen_is_named() -> None:
    gone = ("answer", "gateway", "PUT", "/keys/secrets/{secret_id}", "428")
    coverage = Coverage(HERE, everything() - {gone})
    with pytest.raises(ContractViolation, match="never seen") as raised:
        nothing_is_missing(coverage.service("gateway"))
    assert raised.value.came == "['PUT /keys/secrets/{secret_id} 428']"
    nothing_is_missing(coverage.service("auth"))


def test_a_cell_never_tried_is_named() -> None:
    coverage = Coverage(HERE, everything() - {("cell", "member", "rename team")})
    with pytest.raises(ContractViolation) as raised:
        nothing_is_missing(list(coverage.cells.values()))
    assert raised.value.came == "['member may not rename team']"


def test_what_needs_means_that_are_not_there_is_not_missed() -> None:
    needy = {("answer", "auth", "POST", "/login", "429"), ("cell", "an expired token", "view team")}
    seen = everything() - needy
    for environment, is_missed in ((HERE, False), (ALL_MEANS, True)):
        coverage = Coverage(environment, seen)
        entries = [*coverage.answers.values(), *coverage.cells.values()]
        missed = {entry.key for entry in entries if entry.is_missing}
        assert missed == (needy if is_missed else set())


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://one.test/auth/health", ("auth", "GET", "/health")),
        ("https://api.one.test/health?x=1", ("gateway", "GET", "/health")),
        (
            "https://one.test/api/account/teams/7?limit=1",
            ("gateway", "GET", "/account/teams/{team_id}"),
        ),
        # Of a stack that the environment does not tell of, the path has to do.
        ("http://127.0.0.1:5/api/keys/audit", ("gateway", "GET", "/keys/audit")),
    ],
)
def test_an_exchange_is_the_row_that_it_is_about(
    url: str, seen: tuple[str, ...], tmp_path: Path
) -> None:
    observe_all([Exchange(method="GET", url=url, status=200)], HERE)
    keep(tmp_path)
    assert kept(tmp_path) == {("answer", *seen, "200")}


def test_what_is_in_no_table_is_no_observation(tmp_path: Path) -> None:
    exchanges = [
        Exchange(method="GET", url="https://one.test/elsewhere", status=200),
        Exchange(method="GET", url="https://one.test/api/health", error="no answer"),
    ]
    observe_all(exchanges, HERE)
    keep(tmp_path)
    assert kept(tmp_path) == frozenset()
    assert not list(tmp_path.iterdir())


def test_processes_write_into_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observe("auth", "POST", "/login", 200)
    keep(tmp_path)
    keep(tmp_path)
    monkeypatch.setattr(observations, "_kept", set())  # Another process.
    observe_cell("member", "view team")
    observe("auth", "POST", "/login", 200)
    keep(tmp_path)
    assert kept(tmp_path) == {
        ("answer", "auth", "POST", "/login", "200"),
        ("cell", "member", "view team"),
    }


def test_the_pages_show_what_is_missing(tmp_path: Path) -> None:
    strange = ("answer", "auth", "POST", "/login", "418")
    gone = ("answer", "auth", "POST", "/login", "401")
    tree, text = pages(Coverage(HERE, (everything() - {gone}) | {strange}))
    told = json.loads(tree)
    [missing] = [one for one in told["answers"] if not one["seen"] and not one["out_of_reach"]]
    assert missing["what"] == list(gone[1:])
    assert told["in_no_table"] == [list(strange[1:])]
    assert "**missing**" in text
    assert "auth POST /login 418" in text
