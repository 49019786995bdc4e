"""Rate limits and their reset; tokens that expire; clients that fall silent."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import httpx
import pytest

from harness.check import expect, step
from harness.errors import NoData
from harness.exchange import tls_context
from suites.journeys.apart import WINDOW_S, Apart
from suites.journeys.asking import Guest, Question, question
from suites.journeys.observations import observe
from suites.journeys.refusals import refused
from suites.journeys.silence import silenced
from suites.journeys.tries import Try, as_limited, as_long_as, refused_in_time, until_it_lifts
from suites.keyarc.auth import Auth
from suites.keyarc.contract import answers
from suites.keyarc.cryptography import LockedKeys, blob
from suites.keyarc.forgery import claims
from suites.keyarc.waiting import at_once, waiting

pytestmark = [
    pytest.mark.needs("stack"),
    pytest.mark.xdist_group("apart"),
    pytest.mark.usefixtures("given_up"),
]

# Loopback has many addresses: each is a client of its own.
ADDRESSES = (f"127.0.9.{last}" for last in range(1, 255))


@contextmanager
def client(apart: Apart, address: str, **headers: str) -> Iterator[httpx.Client]:
    """auth, asked from this address, with whatever comes back."""
    environment = apart.visit.environment
    verify = tls_context(environment.tls.ca_file)
    transport = httpx.HTTPTransport(verify=verify, local_address=address, trust_env=False)

    def seen(response: httpx.Response) -> None:
        asked = response.request
        observe("auth", asked.method, asked.url.path.removeprefix("/auth"), response.status_code)

    with httpx.Client(
        base_url=environment.services["auth"].url,
        transport=transport,
        headers=headers,
        event_hooks={"response": [seen]},
    ) as made:
        yield made


def test_the_sixth_login_of_a_client_is_refused_until_the_first_is_over(
    apart: Apart, guest: Guest
) -> None:
    """Five logins are taken, right or wrong; more are 429, right or wrong, as often as one tries,
    until the time of `Retry-After` is over, and then they work."""
    with client(apart, next(ADDRESSES)) as asked:
        right = partial(Auth(asked).login.answer, email=guest.email, auth_hash=guest.auth_hash)
        wrong = partial(Auth(asked).login.answer, email=guest.email, auth_hash="A" * 43 + "=")
        taken = [Try.of(login) for login in (wrong, right, wrong, right, right)]
        statuses = [each.response.status_code for each in taken]
        expect("five logins", expected=[401, 200, 401, 200, 200], came=statuses)
        counts_until_s = taken[0].sent_s + WINDOW_S
        refused_in_time(Try.of(wrong), counts_until_s)
        then = until_it_lifts(right, counts_until_s)
        refused(then[0].response, 429, apart.innards)
        as_limited(taken, then, WINDOW_S)
        expect("the login after that", expected=200, came=then[-1].response.status_code)


def test_a_limit_is_of_one_address_which_a_client_cannot_choose(apart: Apart, guest: Guest) -> None:
    """Who is at their limit stays there whatever address they claim; others do not suffer."""
    here, there = next(ADDRESSES), next(ADDRESSES)
    login = {"email": guest.email, "auth_hash": guest.auth_hash}
    claims = {"Fly-Client-IP": there, "X-Forwarded-For": there, "X-Real-IP": there}
    with client(apart, here, **claims) as claiming, client(apart, there) as other:
        began_s = time.monotonic()
        statuses = [Auth(claiming).login.answer(**login).status_code for _ in range(6)]
        if time.monotonic() - began_s >= WINDOW_S:
            raise NoData("six logins took longer than the limit lasts")
        expect("six logins", expected=[200] * 5 + [429], came=statuses)
        came = Auth(other).login.answer(**login).status_code
        expect("the login from the address that was claimed", expected=200, came=came)


def test_the_eleventh_signup_of_a_client_is_refused(apart: Apart, guest: Guest) -> None:
    """Ten signups are taken, whatever comes of them; the next one is 429."""
    with client(apart, next(ADDRESSES)) as asked:
        signup, keys = Auth(asked).signup.answer, LockedKeys.random()
        began_s = time.monotonic()
        answered = [
            signup(email=guest.email, auth_hash=guest.auth_hash, keys=keys) for _ in range(11)
        ]
        if time.monotonic() - began_s >= WINDOW_S:
            raise NoData("eleven signups took longer than the limit lasts")
    statuses = [each.status_code for each in answered]
    expect("eleven signups", expected=[409] * 10 + [429], came=statuses)
    refused(answered[-1], 429, apart.innards)


def test_who_asks_for_many_emails_is_refused(apart: Apart, guest: Guest) -> None:
    """Searching for users and adding them tells who is registered: both count, and together they
    are 429 past the limit, for this user alone."""
    curious = apart.guest()
    team = curious.account.create_team(name="crew", encrypted_team_key=blob(228)).team_id
    found = f"/account/users/search?email={guest.email}"
    member = {"user_id": str(guest.id), "role": "member", "encrypted_team_key": blob(228)}
    search = partial(ask, apart, curious, "GET", found)
    add = partial(ask, apart, curious, "POST", f"/account/teams/{team}/members", member)
    began_s = time.monotonic()
    statuses = [each().status_code for each in (search, search, add, search, search)]
    expect("within the limit", expected=[200, 200, 201, 200, 200], came=statuses)
    more = [add(), search()]
    if time.monotonic() - began_s >= WINDOW_S:
        raise NoData("seven questions took longer than the limit lasts")
    for response in more:
        refused(response, 429, apart.innards)
    expect("another user", expected=200, came=ask(apart, guest, "GET", found).status_code)


def test_the_other_limits_lift_by_their_own_word_too(apart: Apart, guest: Guest) -> None:
    """Who signs up or searches too often may again when the time of `Retry-After` is over."""
    curious, keys = apart.guest(), LockedKeys.random()
    found = f"/account/users/search?email={guest.email}"
    search = partial(ask, apart, curious, "GET", found)
    with client(apart, next(ADDRESSES)) as asked:
        again = Auth(asked).signup.answer
        signup = partial(again, email=guest.email, auth_hash=guest.auth_hash, keys=keys)
        last = at_once(partial(lifted, search, 5), partial(lifted, signup, 10))
    expect("a search and a signup after that", expected=[200, 409], came=last)


def lifted(ask: Callable[[], httpx.Response], attempts: int) -> int:
    """Judges a limit of so many attempts; gives the status of the first one after it."""
    taken = [Try.of(ask) for _ in range(attempts)]
    then = until_it_lifts(ask, taken[0].sent_s + WINDOW_S)
    as_limited(taken, then, WINDOW_S)
    return then[-1].response.status_code


def ask(apart: Apart, guest: Guest, method: str, path: str, json: object = None) -> httpx.Response:
    """One request to the gateway, and what came."""
    told = {"Authorization": f"Bearer {guest.token}"}
    (heard,) = apart.hear([Question("gateway", method, path, told, json)])
    return heard.response


def test_a_token_ends_when_its_time_is_over(apart: Apart, guest: Guest) -> None:
    """A token works until the time it names, and nowhere after that; one that was renewed before
    lives longer."""
    auth = apart.visit.targets["auth"].at(apart.references["stack:brief.url"])
    entrance = waiting(auth, apart.visit.loop)
    session = Auth(entrance).login(email=guest.email, auth_hash=guest.auth_hash)
    expect("expires_in", expected=WINDOW_S, came=session.expires_in)
    old = replace(guest, token=session.access_token)
    tries = [Try.of(old.account.profile.answer)]
    # Times are whole seconds: a token of the same second would live no longer.
    while time.time() < made_at(old) + 1:
        time.sleep(0.02)
    new = replace(guest, token=Auth(entrance, old.token).refresh().access_token)
    while tries[-1].sent_s <= ends_s(old):
        tries.append(Try.of(old.account.profile.answer))
    as_long_as(tries, ends_s(old))
    as_long_as([Try.of(new.account.profile.answer)], ends_s(new))
    old.keys.secrets.refused(401)
    Auth(entrance, old.token).refresh.refused(401)


def made_at(guest: Guest) -> float:
    return float(str(claims(guest.token)["iat"]))


def ends_s(guest: Guest) -> float:
    """On the clock of tries."""
    return float(str(claims(guest.token)["exp"])) - time.time() + time.monotonic()


def test_a_client_that_falls_silent_is_408(apart: Apart, guest: Guest) -> None:
    """Whatever is to be sent, whoever stops in the middle of it is not waited for."""
    rows = [each for each in answers() if each.service == "gateway" and each.status == 408]
    for asked, response in silenced(apart, [question(each, guest) for each in rows]):
        with step(str(asked)):
            refused(response, 408, apart.innards)
