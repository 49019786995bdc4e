"""The page's WebCrypto and the Python client do the same, step by step and in both directions."""

import base64
import json
import secrets
from typing import Any

import pytest
from playwright.sync_api import Page

from harness.errors import ContractViolation
from suites.keyarc import cryptography
from suites.keyarc.cryptography import Cost, LockedKeys
from suites.keyarc.keyring import Keyring, share
from tests.browser.conftest import VECTORS, Visits

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PUBLISHED = json.loads((VECTORS.parent / "published.json").read_text())
LENGTHS = [0, 1, 15, 16, 17, 32, 1218, 65_508]
# What the page does by itself for nobody: keys of a team are not in it yet.
OAEP = """
    const oaep = {name: "RSA-OAEP", hash: "SHA-256"};
    const page = await import("/cryptography.js");
    const bytes = page.fromBase64;
    const keyOf = (form, raw, use) => crypto.subtle.importKey(form, raw, oaep, true, [use]);
"""


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def run(page: Page, body: str, given: object) -> Any:
    """What JavaScript of the page's own modules makes of something."""
    return page.evaluate(f"async (given) => {{ {OAEP} {body} }}", given)


def decrypted_by(page: Page, key: bytes, encrypted: str) -> bytes | str:
    """What the page decrypts; its words where it refuses."""
    came = run(
        page,
        """return page.decrypt(bytes(given[0]), given[1]).then(
            (opened) => [page.toBase64(opened), ""], (error) => ["", String(error)])""",
        [text(key), encrypted],
    )
    return str(came[1]) or base64.b64decode(came[0])


def changed(encrypted: str, position: int) -> str:
    whole = bytearray(base64.b64decode(encrypted))
    whole[position] ^= 1
    return text(bytes(whole))


def test_keys_of_a_password_are_the_same(visits: Visits) -> None:
    page = visits.open().page
    for email, password in (
        ("Ada+Tag@Example.ORG", "  spaces, and a\0 in it "),
        ("grace@example.org", "pa\u0308sswo\u0308rd \U0001f511"),
    ):
        came = run(
            page,
            """const master = await page.masterKey(given[0], given[1]);
            return [page.toBase64(master), await page.authHash(master, given[1])];""",
            [email, password],
        )
        master = cryptography.master_key(email, password, Cost())
        assert came == [text(master), cryptography.auth_hash(master, password)]


def test_each_decrypts_what_the_other_has_encrypted(visits: Visits) -> None:
    page, key = visits.open().page, cryptography.new_key()
    for length in LENGTHS:
        plaintext = secrets.token_bytes(length)
        assert decrypted_by(page, key, cryptography.encrypt(key, plaintext)) == plaintext
        came = run(page, "return page.encrypt(...given.map(bytes))", [text(key), text(plaintext)])
        assert len(base64.b64decode(came, validate=True)) == 12 + length + 16
        assert cryptography.decrypt(key, came) == plaintext
    for case in PUBLISHED["aes_256_gcm"]["cases"]:
        whole = bytes.fromhex(case["nonce"] + case["ciphertext"] + case["tag"])
        opened = decrypted_by(page, bytes.fromhex(case["key"]), text(whole))
        assert opened == bytes.fromhex(case["plaintext"])


def test_both_refuse_what_was_changed(visits: Visits) -> None:
    page, key = visits.open().page, cryptography.new_key()
    encrypted = cryptography.encrypt(key, b"0123456789")
    whole = base64.b64decode(encrypted)
    wrong = {
        "another key": (cryptography.new_key(), encrypted),
        **{f"bit of byte {at}": (key, changed(encrypted, at)) for at in (0, 11, 12, 21, 22, -1)},
        **{f"{length} bytes": (key, text(whole[:length])) for length in (0, 12, 27, 37)},
        **{
            each["about"]: (
                bytes.fromhex(each["key"]),
                text(bytes.fromhex(each["nonce"] + each["ciphertext"] + each["tag"])),
            )
            for each in PUBLISHED["aes_256_gcm_refused"]["cases"]
        },
    }
    for name, (other, altered) in wrong.items():
        assert isinstance(decrypted_by(page, other, altered), str), name
        with pytest.raises(ContractViolation):
            cryptography.decrypt(other, altered)


def test_python_opens_an_account_of_the_page(visits: Visits) -> None:
    page, master = visits.open().page, cryptography.new_key()
    locked = LockedKeys(**run(page, "return page.newKeys(bytes(given))", text(master)))
    keyring = Keyring.unlock(master, locked)
    assert keyring.private_key.key_size == 2048
    numbers = keyring.private_key.public_key().public_numbers()
    assert numbers.e == 65537
    assert keyring.lock(master).public_key == locked.public_key
    with pytest.raises(ContractViolation):
        Keyring.unlock(cryptography.new_key(), locked)


def test_the_page_opens_an_account_of_python(visits: Visits) -> None:
    page, master, keyring = visits.open().page, cryptography.new_key(), Keyring.new()
    locked = keyring.lock(master)
    came = run(
        page,
        """const [master, locked] = [bytes(given[0]), given[1]];
        const pkcs8 = await page.decrypt(master, locked.encrypted_private_key);
        const key = await keyOf("pkcs8", pkcs8, "decrypt");
        const spki = await keyOf("spki", bytes(locked.public_key), "encrypt");
        const sealed = await crypto.subtle.encrypt(oaep, spki, bytes(given[2]));
        const opened = await crypto.subtle.decrypt(oaep, key, sealed);
        const vault = await page.decrypt(master, locked.encrypted_vault_key);
        return [vault, opened, sealed].map(page.toBase64);""",
        [text(master), locked.wire(), text(b"team key")],
    )
    vault, opened, sealed = came
    assert base64.b64decode(vault) == keyring.vault_key
    assert base64.b64decode(opened) == b"team key"
    assert keyring.open_team_key(sealed) == b"team key"


def test_team_keys_are_shared_both_ways(visits: Visits) -> None:
    page, master = visits.open().page, cryptography.new_key()
    locked = run(page, "return page.newKeys(bytes(given))", text(master))
    team_key = cryptography.new_key()
    shared = share(team_key, locked["public_key"])
    wrong = {
        "changed": changed(shared, 128),
        "cut off": text(base64.b64decode(shared)[:-1]),
        "for another": share(team_key, Keyring.new().lock(master).public_key),
    }
    came = run(
        page,
        """const [master, locked, many] = [bytes(given[0]), given[1], given[2]];
        const pkcs8 = await page.decrypt(master, locked.encrypted_private_key);
        const key = await keyOf("pkcs8", pkcs8, "decrypt");
        return Promise.all(many.map((one) => crypto.subtle.decrypt(oaep, key, bytes(one)).then(
            page.toBase64, (error) => error.name)));""",
        [text(master), locked, [shared, *wrong.values()]],
    )
    assert came == [text(team_key), *["OperationError"] * len(wrong)]
    keyring = Keyring.unlock(master, LockedKeys(**locked))
    assert keyring.open_team_key(shared) == team_key
    for name, altered in wrong.items():
        with pytest.raises(ContractViolation):
            pytest.fail(f"{name}: {keyring.open_team_key(altered).hex()}")


def test_the_page_opens_the_published_team_keys(visits: Visits) -> None:
    page, published = visits.open().page, PUBLISHED["rsa_oaep"]
    came = run(
        page,
        """const key = await keyOf("pkcs8", bytes(given[0]), "decrypt");
        return Promise.all(given[1].map((one) => crypto.subtle.decrypt(oaep, key, bytes(one)).then(
            page.toBase64, (error) => error.name)));""",
        [
            text(bytes.fromhex(published["private_key_pkcs8"])),
            [
                text(bytes.fromhex(case["ciphertext"]))
                for case in [*published["cases"], *published["refused"]]
            ],
        ],
    )
    messages = [text(bytes.fromhex(case["message"])) for case in published["cases"]]
    assert came == [*messages, *["OperationError"] * len(published["refused"])]
