"""Each step of the client's cryptography, beside known answers that others have published.

Where a step of ours cannot be given a published case, since its salt is made of the email or its
rounds are the contract's, another implementation stands in between: it gives the published answers,
and ours gives what it does.
"""

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from harness.errors import ContractViolation
from suites.keyarc.cryptography import Cost, auth_hash, decrypt, encrypt, master_key
from suites.keyarc.keyring import Keyring, share

PUBLISHED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "published.json").read_text()
)
OAEP = PUBLISHED["rsa_oaep"]
LOW = Cost(time=1, memory_kib=64, parallelism=1)
# Case, length, and characters of one to four bytes, composed and not.
PEOPLE = [
    ("ada@example.org", "password"),
    ("ADA@Example.ORG", "password"),
    ("a@b.c", ""),
    (f"{'x' * 242}@example.org", " " * 3 + "p" * 300),
    ("grace+tag@example.org", "p\u00e4ssw\u00f6rd \u2713 \U0001f511"),
    ("grace+tag@example.org", "pa\u0308sswo\u0308rd \u2713 \U0001f511"),
    ("nul@example.org", "before\0after"),
]


def cases(name: str, which: str = "cases") -> list[dict[str, Any]]:
    return [dict(case) for case in PUBLISHED[name][which]]


def about(case: dict[str, Any]) -> str:
    return str(case.get("about", case.get("text", "")))


def sealed(case: dict[str, str]) -> str:
    """A ciphertext in the contract's layout: nonce, ciphertext and tag, in base64."""
    whole = case["nonce"] + case["ciphertext"] + case["tag"]
    return base64.b64encode(bytes.fromhex(whole)).decode()


def openssl_argon2id(password: str, salt: bytes, cost: Cost) -> bytes:
    return Argon2id(
        salt=salt,
        length=32,
        iterations=cost.time,
        lanes=cost.parallelism,
        memory_cost=cost.memory_kib,
    ).derive(password.encode())


def pbkdf2(password: bytes, salt: bytes, rounds: int, length: int) -> bytes:
    """RFC 8018, 5.2, as it is written there."""
    key = b""
    for number in range(1, -(-length // 32) + 1):
        block = total = hmac.digest(password, salt + number.to_bytes(4, "big"), "sha256")
        for _ in range(rounds - 1):
            block = hmac.digest(password, block, "sha256")
            total = bytes(a ^ b for a, b in zip(total, block, strict=True))
        key += total
    return key[:length]


@pytest.mark.parametrize("case", cases("sha256"), ids=about)
def test_the_salt_is_sha_256(case: dict[str, str]) -> None:
    # Of an email; as that salt is not shown, the hash is looked at alone.
    assert hashlib.sha256(case["text"].encode()).hexdigest() == case["digest"]


def test_the_other_argon2id_gives_the_published_tag() -> None:
    (case,) = cases("argon2id")
    other = Argon2id(
        salt=bytes.fromhex(case["salt"]),
        length=32,
        iterations=case["time"],
        lanes=case["parallelism"],
        memory_cost=case["memory_kib"],
        ad=bytes.fromhex(case["ad"]),
        secret=bytes.fromhex(case["secret"]),
    )
    assert other.derive(bytes.fromhex(case["password"])).hex() == case["tag"]


@pytest.mark.parametrize(("email", "password"), PEOPLE)
def test_a_master_key_is_the_other_argon2ids(email: str, password: str) -> None:
    salt = hashlib.sha256(email.lower().encode("ascii")).digest()
    for cost in (LOW, Cost(time=2, memory_kib=256, parallelism=4)):
        assert master_key(email, password, cost) == openssl_argon2id(password, salt, cost)


def test_a_master_key_at_the_contracts_cost_is_the_other_argon2ids() -> None:
    email, password = PEOPLE[4]
    salt = hashlib.sha256(email.encode()).digest()
    assert master_key(email, password, Cost()) == openssl_argon2id(password, salt, Cost())


def test_each_input_of_a_master_key_matters() -> None:
    keys = {master_key(email, password, LOW) for email, password in PEOPLE}
    # But for the case of an email.
    assert len(keys) == len(PEOPLE) - 1
    assert (
        len({master_key(*PEOPLE[0], cost) for cost in (LOW, Cost(2, 64, 1), Cost(1, 72, 1))}) == 3
    )


@pytest.mark.parametrize("case", cases("pbkdf2"), ids=lambda case: f"{case['rounds']} rounds")
def test_the_other_pbkdf2_gives_the_published_keys(case: dict[str, Any]) -> None:
    length = 64 if case["rounds"] == 1 else 32  # one block of two, where it takes long
    key = pbkdf2(case["password"].encode(), case["salt"].encode(), case["rounds"], length)
    assert key.hex() == case["key"][: 2 * length]


@pytest.mark.parametrize("password", ["", "password", PEOPLE[4][1]])
def test_an_auth_hash_is_the_other_pbkdf2s(password: str) -> None:
    master = bytes(range(32))
    other = pbkdf2(master, password.encode(), 100_000, 32)
    assert auth_hash(master, password) == base64.b64encode(other).decode()


@pytest.mark.parametrize("case", cases("aes_256_gcm"), ids=about)
def test_what_is_encrypted_is_the_published_ciphertext(
    case: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, plaintext = bytes.fromhex(case["key"]), bytes.fromhex(case["plaintext"])
    monkeypatch.setattr(secrets, "token_bytes", lambda count: bytes.fromhex(case["nonce"])[:count])
    assert encrypt(key, plaintext) == sealed(case)
    assert decrypt(key, sealed(case)) == plaintext


@pytest.mark.parametrize("case", cases("aes_256_gcm_refused"), ids=about)
def test_a_wrong_tag_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(ContractViolation, match="what was stored comes back"):
        decrypt(bytes.fromhex(case["key"]), sealed(case))


@pytest.mark.parametrize("length", [0, 11, 12, 27, 28, 59])
def test_what_was_cut_off_is_refused(length: int) -> None:
    whole = base64.b64decode(encrypt(bytes(32), bytes(32)))
    assert len(whole) == 60
    with pytest.raises(ContractViolation):
        decrypt(bytes(32), base64.b64encode(whole[:length]).decode())


@pytest.fixture(scope="module")
def published() -> Keyring:
    """An account whose keys were opened as a login opens them, with the published private key."""
    master = bytes(range(32))
    locked = Keyring.new().lock(master)
    private_key = encrypt(master, bytes.fromhex(OAEP["private_key_pkcs8"]))
    return Keyring.unlock(
        master, type(locked)(locked.encrypted_vault_key, private_key, locked.public_key)
    )


def test_a_private_key_is_wrapped_as_the_published_pkcs8(published: Keyring) -> None:
    master = bytes(32)
    locked = published.lock(master)
    assert decrypt(master, locked.encrypted_private_key).hex() == OAEP["private_key_pkcs8"]
    assert decrypt(master, locked.encrypted_vault_key) == published.vault_key


def test_a_public_key_is_the_published_one_as_spki(published: Keyring) -> None:
    # RFC 5280, 4.1; RFC 3279, 2.3.1: rsaEncryption, no parameters; modulus and exponent.
    head = "30820122300d06092a864886f70d01010105000382010f003082010a02820101"
    spki = f"{head}{OAEP['modulus']}0203010001"
    public_key = published.lock(bytes(32)).public_key
    assert base64.b64decode(public_key, validate=True).hex() == spki


@pytest.mark.parametrize("case", cases("rsa_oaep"), ids=about)
def test_a_published_team_key_is_opened(published: Keyring, case: dict[str, str]) -> None:
    encrypted = base64.b64encode(bytes.fromhex(case["ciphertext"])).decode()
    assert published.open_team_key(encrypted).hex() == case["message"]


@pytest.mark.parametrize("case", cases("rsa_oaep", "refused"), ids=about)
def test_a_team_key_that_is_none_is_refused(published: Keyring, case: dict[str, str]) -> None:
    encrypted = base64.b64encode(bytes.fromhex(case["ciphertext"])).decode()
    with pytest.raises(ContractViolation, match="the team key"):
        published.open_team_key(encrypted)


@pytest.mark.parametrize("position", [0, 128, 255])
def test_one_changed_bit_of_a_team_key_is_noticed(published: Keyring, position: int) -> None:
    whole = bytearray(base64.b64decode(share(bytes(32), published.lock(bytes(32)).public_key)))
    whole[position] ^= 1
    with pytest.raises(ContractViolation, match="the team key"):
        published.open_team_key(base64.b64encode(whole).decode())
