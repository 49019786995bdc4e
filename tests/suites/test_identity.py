"""Test users are known again by their email and the seed."""

import base64
import re

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from suites.keyarc.cryptography import Cost
from suites.keyarc.identity import LOOPBACK_SEED, Identities, is_on_this_machine

SEED = "a seed that the tests use"
RUN = "20260102T030405Z-9f3a1c"
CHEAP = Cost(time=1, memory_kib=64, parallelism=1)


@pytest.mark.parametrize("cost", [None, CHEAP, Cost()])
def test_the_email_and_the_seed_give_the_user_again(cost: Cost | None) -> None:
    identity = Identities(SEED).new(RUN, cost)
    assert Identities(SEED).again(identity.email) == identity


@pytest.mark.parametrize("cost", [None, CHEAP])
def test_the_auth_hash_is_32_bytes_and_stays_the_same(cost: Cost | None) -> None:
    identity = Identities(SEED).new(RUN, cost)
    assert len(base64.b64decode(identity.auth_hash())) == 32
    assert Identities(SEED).again(identity.email).auth_hash() == identity.auth_hash()


def test_no_two_users_are_alike() -> None:
    identities = [Identities(SEED).new(RUN) for _ in range(100)]
    assert len({identity.email for identity in identities}) == 100
    assert len({identity.auth_hash() for identity in identities}) == 100


def test_a_test_user_is_recognised_by_the_email_and_fits_the_contract() -> None:
    email = Identities(SEED).new(RUN, Cost()).email
    assert re.fullmatch(
        r"verify-20260102t030405z-9f3a1c-[0-9a-f]{10}-[0-9a-f]{6}-3\.65536\.4@keyarc-verify\.test",
        email,
    )
    assert len(email.partition("@")[0]) <= 64


def test_the_password_shows_nowhere() -> None:
    identity = Identities(SEED).new(RUN)
    assert identity.password not in repr(identity)
    assert identity.password not in identity.email
    assert Identities(SEED + "!").new(RUN).password != identity.password


def test_another_seed_is_noticed() -> None:
    email = Identities(SEED).new(RUN).email
    with pytest.raises(UsageError, match="another seed; set KEYARC_IDENTITY_SEED"):
        Identities(SEED + "!").again(email)


@pytest.mark.parametrize("email", ["ada@example.org", "verify-1@keyarc-verify.test", ""])
def test_a_stranger_is_no_test_user(email: str) -> None:
    with pytest.raises(UsageError, match="no test user"):
        Identities(SEED).again(email)


def test_the_seed_comes_of_the_environment() -> None:
    email = Identities(SEED).new(RUN).email
    given = Identities.of_environment({"KEYARC_IDENTITY_SEED": SEED}, loopback=False)
    assert given.again(email).email == email


def test_only_a_system_of_this_machine_needs_no_seed() -> None:
    email = Identities(LOOPBACK_SEED).new(RUN).email
    assert Identities.of_environment({}, loopback=True).again(email).email == email
    with pytest.raises(UsageError, match="KEYARC_IDENTITY_SEED is not set"):
        Identities.of_environment({}, loopback=False)


@pytest.mark.parametrize(
    ("public", "private", "expected"),
    [
        ("https://localhost:8443", "http://account:8080", True),
        ("https://127.0.0.1", "http://127.0.0.1:1", True),
        ("https://example.org", "http://127.0.0.1:1", False),
    ],
)
def test_where_a_system_is_its_public_services_tell(
    public: str, private: str, expected: bool
) -> None:
    services = {"web": {"url": public}, "hidden": {"url": private, "visibility": "private"}}
    environment = Environment.model_validate({"name": "some", "services": services})
    assert is_on_this_machine(environment) is expected


def test_a_short_seed_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match="at least 16 bytes") as raised:
        Identities.of_environment({"KEYARC_IDENTITY_SEED": "short-seed"}, loopback=True)
    assert "short-seed" not in str(raised.value)
