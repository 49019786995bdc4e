"""The client's cryptography is the contract's."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ContractViolation, UsageError
from suites.keyarc import cryptography
from suites.keyarc.cryptography import Cost, LockedKeys
from suites.keyarc.keyring import Keyring, share

# Made by other code than ours: hash-wasm's Argon2id, and Node's crypto for the rest.
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors.json").read_text())
CHEAP = Cost(time=1, memory_kib=64, parallelism=1)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["email"])
def test_keys_are_those_that_other_code_derives(vector: dict[str, Any]) -> None:
    cost = Cost(**vector["cost"])
    master = cryptography.master_key(vector["email"], vector["password"], cost)
    assert master.hex() == vector["master_key_hex"]
    assert cryptography.auth_hash(master, vector["password"]) == vector["auth_hash"]
    assert cryptography.decrypt(master, vector["encrypted"]).decode() == vector["plaintext"]


def test_the_cost_of_the_contract_is_the_default_and_is_in_the_vectors() -> None:
    assert Cost() == Cost(time=3, memory_kib=65_536, parallelism=4)
    assert not Cost().lowered
    assert Cost(**VECTORS[0]["cost"]) == Cost()


def test_encryption_is_never_twice_the_same_and_comes_back() -> None:
    key = cryptography.new_key()
    first, second = (cryptography.encrypt(key, b"value") for _ in range(2))
    assert first != second
    assert len(base64.b64decode(first)) == 12 + len(b"value") + 16
    assert {cryptography.decrypt(key, each) for each in (first, second)} == {b"value"}


@pytest.mark.parametrize("position", [0, 11, 12, 20, -1])
def test_one_changed_bit_is_noticed(position: int) -> None:
    key = cryptography.new_key()
    whole = bytearray(base64.b64decode(cryptography.encrypt(key, b"0123456789")))
    whole[position] ^= 1
    with pytest.raises(ContractViolation):
        cryptography.decrypt(key, base64.b64encode(whole).decode())


def test_another_key_does_not_open_it() -> None:
    encrypted = cryptography.encrypt(cryptography.new_key(), b"value")
    with pytest.raises(ContractViolation):
        cryptography.decrypt(cryptography.new_key(), encrypted)


def test_an_account_locks_its_keys_and_opens_them_again() -> None:
    master = cryptography.master_key("ada@example.org", "password", CHEAP)
    keyring = Keyring.new()
    locked = keyring.lock(master)
    opened = Keyring.unlock(master, locked)
    assert opened.vault_key == keyring.vault_key
    assert opened.private_key.private_numbers() == keyring.private_key.private_numbers()
    with pytest.raises(ContractViolation):
        Keyring.unlock(cryptography.new_key(), locked)


def test_keys_that_were_swapped_are_noticed() -> None:
    master = cryptography.new_key()
    locked = Keyring.new().lock(master)
    vault, private = locked.encrypted_vault_key, locked.encrypted_private_key
    for keys in (
        replace(locked, encrypted_vault_key=private),
        replace(locked, encrypted_private_key=vault),
    ):
        with pytest.raises(ContractViolation, match="the keys of the account"):
            Keyring.unlock(master, keys)


def test_a_team_key_is_opened_by_the_member_alone() -> None:
    ada, grace = Keyring.new(), Keyring.new()
    public_key = ada.lock(cryptography.new_key()).public_key
    team_key = cryptography.new_key()
    shared = share(team_key, public_key)
    assert len(base64.b64decode(shared)) == 256
    assert ada.open_team_key(shared) == team_key
    with pytest.raises(ContractViolation):
        grace.open_team_key(shared)
    with pytest.raises(ContractViolation):
        share(team_key, base64.b64encode(b"no key").decode())


def test_random_keys_have_the_lengths_of_real_ones() -> None:
    real = Keyring.new().lock(cryptography.new_key())
    random = LockedKeys.random()
    for name, value in real.wire().items():
        # A private key is a few bytes shorter when some of its numbers begin with zeros.
        assert abs(len(value) - len(random.wire()[name])) <= 16, name


@pytest.mark.parametrize(
    ("text", "cost"), [("1.64.1", CHEAP), ("3.65536.4", Cost()), (None, Cost()), ("", Cost())]
)
def test_the_environment_may_lower_the_cost(text: str | None, cost: Cost) -> None:
    variables = {} if text is None else {"KEYARC_ARGON2_COST": text}
    assert Cost.of_environment(variables) == cost
    assert str(cost) == (text or "3.65536.4")


@pytest.mark.parametrize(
    "text", ["cheap", "1.64", "1.64.1.1", "0.64.1", "1.7.1", "1.64.0", "1.-8.1"]
)
def test_a_cost_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="cost"):
        Cost.of_environment({"KEYARC_ARGON2_COST": text})
