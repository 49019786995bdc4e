"""A plaintext is found in every kind of column, in every disguise; and nothing else is taken for
one."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from suites.keyarc.database import Database, looking
from suites.keyarc.plaintexts import disguises, found
from suites.keyarc.waiting import Loop
from tests.services.conftest import psql

__all__ = ["psql"]
Psql = Callable[..., list[tuple[Any, ...]]]
PLAINTEXT = b"sk_live_4eC39HqLyjWDarjtT1zdp7dc"
TEXT = PLAINTEXT.decode()
KEY = bytes(range(200, 232))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Loop() as loop, looking(database_url, loop) as database:
        yield database


def plant(psql: Psql, kind: str, value: object) -> None:
    psql("CREATE SCHEMA far")
    psql(f'CREATE TABLE far."odd ""table" (id int, "Odd" {kind})')
    psql(f'INSERT INTO far."odd ""table" VALUES (1, NULL), (2, $1::{kind})', value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", f"before {TEXT} after"),
        ("varchar(99)", TEXT),
        ("char(50)", TEXT),
        ("bytea", b"\0\xff" + PLAINTEXT + b"\\\0"),
        ("json", json.dumps({"a": [{"b": TEXT}]})),
        ("jsonb", json.dumps({TEXT: 1})),
        ("text[]", ["", TEXT]),
        ("bytea[]", [b"", b"\0" + PLAINTEXT]),
        ("name", TEXT),
    ],
)
def test_every_kind_of_column_is_looked_at(
    psql: Psql, database: Database, kind: str, value: object
) -> None:
    plant(psql, kind, value)
    other = {"another": b"another secret entirely"}
    assert found(database, {"it": PLAINTEXT, **other}) == ['it in odd "table.Odd']


@pytest.mark.parametrize("secret", [PLAINTEXT, KEY], ids=["text", "bytes"])
@pytest.mark.parametrize(
    "disguise",
    [
        base64.b64encode,
        lambda secret: base64.b64encode(b"a" + secret + b"b"),
        lambda secret: base64.b64encode(b"ab" + secret),
        base64.urlsafe_b64encode,
        lambda secret: secret.hex().encode(),
        lambda secret: secret.hex().upper().encode(),
        lambda secret: base64.b64encode(secret).upper(),
        lambda secret: base64.b64encode(secret).hex().encode(),
    ],
)
@pytest.mark.parametrize("kind", ["text", "bytea"])
def test_every_disguise_is_seen_through(
    secret: bytes, disguise: Callable[[bytes], bytes], kind: str
) -> None:
    stored = b"before " + disguise(secret) + b" after"
    view = (
        stored.decode().lower() if kind == "text" else f"{stored.decode().lower()} {stored.hex()}"
    )
    assert any(needle in view for needle in disguises(secret))


@pytest.mark.parametrize("change", [bytes.upper, bytes.lower])
def test_case_does_not_hide_it(
    psql: Psql, database: Database, change: Callable[[bytes], bytes]
) -> None:
    plant(psql, "bytea", b"\0" + change(PLAINTEXT))
    assert len(found(database, {"it": PLAINTEXT})) == 1


def test_bytes_that_are_no_text_are_found(psql: Psql, database: Database) -> None:
    plant(psql, "bytea", b"12" + KEY + b"34")
    assert len(found(database, {"key": KEY})) == 1


def test_random_bytes_are_not_taken_for_it(psql: Psql, database: Database) -> None:
    plant(psql, "bytea", secrets.token_bytes(50_000))
    assert found(database, {"it": PLAINTEXT, "key": KEY}) == []


def test_short_secret_is_refused() -> None:
    with pytest.raises(AssertionError, match="by chance"):
        disguises(b"short")
