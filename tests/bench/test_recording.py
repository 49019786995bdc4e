"""Those who repeat a run send what it sent, in the order in which it had to."""

from bench.recording import Chain, chains_of, longest, script
from harness.check import Check, Resource
from harness.model import Attempt, Exchange, Finding, Outcome, Result
from harness.network import Network
from harness.plan import Plan


async def of_a_user(user: str) -> None:
    """Needs the user."""


async def of_nobody() -> None:
    """Needs nothing."""


async def made() -> str:
    """A user."""
    return "user"


def exchange(path: str, at_ms: float, *, sends: str = "", brings: str = "") -> Exchange:
    return Exchange(
        method="POST",
        url=f"https://localhost:1{path}",
        request_body=sends,
        status=200,
        response_body=brings,
        started_ms=at_ms,
        duration_ms=10,
    )


def result(id_: str, *attempts: list[Exchange]) -> Result:
    finding = Finding(outcome=Outcome.PASS)
    return Result(
        id=id_,
        outcome=Outcome.PASS,
        attempts=tuple(
            Attempt(finding=finding, duration_ms=0, exchanges=tuple(one)) for one in attempts
        ),
    )


PLAN = Plan(
    checks=(
        Check(id="quick", service=None, function=of_nobody),
        Check(id="long", service=None, function=of_a_user),
    ),
    resources={"user": Resource(name="user", function=made)},
    declared=(),
)
LOGIN = exchange("/login", 0, brings='{"token": "a token of this run"}')
RESULTS = {
    "resource.user": result("resource.user", [LOGIN], [exchange("/leave", 0)]),
    "quick": result("quick", [exchange("/health", 0)]),
    "long": result(
        "long",
        [
            exchange("/one", 0, sends="a token of this run"),
            exchange("/beside", 5),
            exchange("/then", 20),
        ],
    ),
}


def chains() -> dict[str, Chain]:
    return {chain.name: chain for chain in chains_of(PLAN, RESULTS)}


def test_a_check_comes_after_its_resource_and_the_removal_after_all() -> None:
    after = {name: chain.after for name, chain in chains().items()}
    everything = ["user", "quick", "long"]
    assert after == {"user": [], "quick": [], "long": ["user"], "removal of user": everything}


def test_what_was_under_way_together_is_one_wave() -> None:
    waves = [[one.url.rpartition("/")[2] for one in wave] for wave in chains()["long"].waves]
    assert waves == [["one", "beside"], ["then"]]


def test_the_longest_path_keeps_the_user_and_leaves_out_what_is_beside_it() -> None:
    assert [chain.name for chain in longest(list(chains().values()))] == [
        "user",
        "long",
        "removal of user",
    ]


def test_the_longest_path_keeps_the_user_where_it_leads_past_it() -> None:
    slow = [exchange("/health", 20.0 * number) for number in range(9)]
    results = {**RESULTS, "quick": result("quick", slow)}
    path = longest(chains_of(PLAN, results))
    assert {chain.name: chain.after for chain in path} == {
        "user": [],
        "quick": [],
        "removal of user": ["user", "quick"],
    }


def test_a_value_that_an_answer_brought_is_noted_where_it_comes_from_and_where_it_goes() -> None:
    told = {one["name"]: one["waves"] for one in script(list(chains().values()), Network())}
    assert told["user"][0][0]["brings"] == [(["token"], "a token of this run")]
    assert told["long"][0][0]["uses"] == ["a token of this run"]
    assert told["long"][1][0]["uses"] == []
