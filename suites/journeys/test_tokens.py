"""A login's tokens: renewed, expired, and left over."""

import time

import pytest

from harness.check import expect
from suites.journeys.callers import refused_everywhere, signing_key, taken_everywhere
from suites.keyarc.forgery import KEY, claims, expired, signed
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit

DAY_S = 24 * 60 * 60
CLAIMS = {"sub", "email", "iss", "aud", "iat", "exp", "auth_time", "jti"}

needs_key = pytest.mark.needs(KEY)


@pytest.fixture
def key(visit: Visit) -> str:
    return signing_key(visit)


def test_a_renewed_token_is_of_the_same_login(owner: Person) -> None:
    """A new token works, is for the same user, and does not make the login younger."""
    renewed = owner.auth.refresh().access_token
    expect("it is another one", expected=True, came=renewed != owner.token)
    profile = owner.with_token(renewed).account.profile()
    expect("whose it is", expected=owner.id, came=profile.user_id)
    old, new = claims(owner.token), claims(renewed)
    lasting = ("sub", "email", "iss", "aud", "auth_time")
    came = {name: new[name] for name in lasting}
    expect("what stays", expected={name: old[name] for name in lasting}, came=came)
    expect("jti is another one", expected=True, came=new["jti"] != old["jti"])


def test_a_renewed_token_can_be_renewed(owner: Person) -> None:
    """However often a token is renewed, its login stays as old as it is."""
    person = owner
    for _ in range(3):
        person = person.with_token(person.auth.refresh().access_token)
    came = claims(person.token)["auth_time"]
    expect("auth_time", expected=claims(owner.token)["auth_time"], came=came)
    taken_everywhere(person)


def test_a_token_says_no_more_than_it_must(owner: Person) -> None:
    """What a token tells of its holder is what the contract lists, and ends when it says."""
    said = claims(owner.token)
    expect("claims", expected=CLAIMS, came=set(said))
    expect("sub", expected=str(owner.id), came=said["sub"])
    renewed = owner.auth.refresh()
    told = claims(renewed.access_token)
    lasts_s = int(str(told["exp"])) - int(str(told["iat"]))
    expect("expires_in", expected=renewed.expires_in, came=lasts_s)


def test_the_old_token_goes_on_working(owner: Person) -> None:
    """Renewing takes nothing away: another window of the same user stays logged in."""
    owner.auth.refresh()
    owner.account.profile()


@needs_key
@pytest.mark.parametrize("age_s", [DAY_S - 120, DAY_S + 120], ids=["under a day", "over a day"])
def test_a_login_lasts_a_day(visit: Visit, owner: Person, key: str, age_s: int) -> None:
    """A token is renewed at most 24 hours after the login, however young it is itself."""
    auth_time = int(time.time()) - age_s
    person = owner.with_token(signed(claims(owner.token) | {"auth_time": auth_time}, key))
    person.account.profile()
    if age_s > DAY_S:
        person.auth.refresh.refused(401)
    else:
        renewed = claims(person.auth.refresh().access_token)
        expect("auth_time", expected=auth_time, came=renewed["auth_time"])


@needs_key
@pytest.mark.parametrize("ago_s", [2, 3600])
def test_what_has_expired_is_refused_everywhere(
    visit: Visit, owner: Person, key: str, ago_s: int
) -> None:
    """A token ends with its `exp`; nothing is granted after that, nor a new one for it."""
    now_s = int(time.time())
    token = signed(claims(owner.token) | {"iat": now_s - 7200, "exp": now_s - ago_s}, key)
    refused_everywhere(visit, token)
    refused_everywhere(visit, expired(owner.token, key))


def test_a_deleted_users_token_is_refused_everywhere_at_once(visit: Visit) -> None:
    """With the user go all their tokens, the renewed ones too, before any of them expires."""
    with present(visit, quick=True) as person:
        renewed = person.with_token(person.auth.refresh().access_token)
        taken_everywhere(renewed)
    for token in (person.token, renewed.token):
        refused_everywhere(visit, token)


@needs_key
def test_a_deleted_user_is_not_brought_back(visit: Visit, key: str) -> None:
    """Even what auth itself might have issued is of no use to who has been deleted."""
    with present(visit, quick=True) as person:
        pass
    refused_everywhere(visit, signed(claims(person.token) | {"exp": int(time.time()) + 3600}, key))
