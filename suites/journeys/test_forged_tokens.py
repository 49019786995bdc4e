"""Tokens that auth did not issue are none, whoever made them."""

from collections.abc import Callable

import pytest

from harness.check import expect
from suites.journeys.callers import refused_everywhere, signing_key, taken_everywhere
from suites.keyarc.forgery import (
    ANOTHER_KEY,
    FORGERIES,
    KEY,
    Forgery,
    by_another_key,
    claims,
    signed,
    tampered,
    unsigned,
)
from suites.keyarc.person import Person
from suites.keyarc.problem import words
from suites.keyarc.visit import Visit

NEEDED = ("sub", "email", "iss", "aud", "iat", "exp", "auth_time", "jti")
# What no claim of that name can be.
WRONG: dict[str, list[object]] = {
    "sub": ["nobody", "", 7, None, ["a"]],
    "email": [None],
    "iss": ["", "KeyArc-Auth", ["another"], None],
    "aud": ["", "DEV", [], None],
    "iat": ["now", None],
    "exp": ["never", None, 0, -1],
    "auth_time": ["yesterday", None, [1]],
}

needs_key = pytest.mark.needs(KEY)


@pytest.fixture
def key(visit: Visit) -> str:
    return signing_key(visit)


@pytest.mark.parametrize(
    "forgery",
    [
        pytest.param(f, id=f.name, marks=[pytest.mark.needs(f.need)] if f.need else [])
        for f in FORGERIES
    ],
)
def test_what_nobody_issued_is_refused(visit: Visit, owner: Person, forgery: Forgery) -> None:
    """A token that auth did not issue, or no longer stands by, opens nothing and renews nothing."""
    token = forgery.make(owner.token, signing_key(visit) if forgery.need else "")
    came = [words(each) for each in refused_everywhere(visit, token)]
    expect("the same words", expected=[came[0]] * len(came), came=came)


@needs_key
def test_a_token_signed_as_the_real_one_is_taken(visit: Visit, owner: Person, key: str) -> None:
    """The key that forgeries are made with is the services' own: what they refuse is the claim."""
    taken_everywhere(owner.with_token(signed(claims(owner.token), key)))


@needs_key
@pytest.mark.parametrize("claim", NEEDED)
def test_a_claim_that_is_missing_is_missed(
    visit: Visit, owner: Person, key: str, claim: str
) -> None:
    """A token without one of its claims is none, whoever signed it."""
    refused_everywhere(
        visit, signed({n: v for n, v in claims(owner.token).items() if n != claim}, key)
    )


@needs_key
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param(claim, value, id=f"{claim} {value!r}")
        for claim, values in WRONG.items()
        for value in values
    ],
)
def test_a_claim_of_another_kind_is_none(
    visit: Visit, owner: Person, key: str, claim: str, value: object
) -> None:
    """A claim that is not of its kind makes no token, and no trouble either."""
    refused_everywhere(visit, signed(claims(owner.token) | {claim: value}, key))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS512", "RS256"])
def test_no_algorithm_but_one_is_taken(visit: Visit, owner: Person, name: str) -> None:
    """A token does not choose how it is checked."""
    refused_everywhere(visit, unsigned(owner.token, name))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token.rpartition(".")[0], id="two parts"),
        pytest.param(lambda token: token.rpartition(".")[0] + ".", id="no signature"),
        pytest.param(lambda token: f"{token}.{token}", id="six parts"),
        pytest.param(lambda token: token[::-1], id="backwards"),
        pytest.param(lambda token: token.swapcase(), id="in the other case"),
        pytest.param(lambda token: ".", id="a dot"),
        pytest.param(lambda token: "x" * 8000, id="very long"),
        pytest.param(lambda token: f"{token} {token}", id="twice"),
    ],
)
def test_what_is_no_token_is_refused(
    visit: Visit, owner: Person, change: Callable[[str], str]
) -> None:
    """What is no token is refused as one that is not valid."""
    refused_everywhere(visit, change(owner.token))


def test_a_token_is_not_rewritten_for_another_user(
    visit: Visit, owner: Person, other: Person
) -> None:
    """Nobody becomes another user by writing their id into a token of their own."""
    changes = {"sub": str(owner.id), "email": owner.identity.email}
    refused_everywhere(visit, tampered(other.token, **changes))
    refused_everywhere(visit, signed(claims(other.token) | changes, ANOTHER_KEY))


def test_a_long_life_is_no_help(visit: Visit, owner: Person) -> None:
    """A token that would never expire is refused as any other that somebody else has signed."""
    refused_everywhere(visit, signed(claims(owner.token) | {"exp": 2**40}, ANOTHER_KEY))
    refused_everywhere(visit, by_another_key(owner.token))
