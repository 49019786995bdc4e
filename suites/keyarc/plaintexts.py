"""Looks through all that is stored for what the server must never have seen.

A plaintext is looked for as it is, in base64 (at each of its three places in a longer text),
base64url and hex, whatever the case.
"""

import base64
from collections.abc import Iterator, Mapping

from suites.keyarc.database import Column, Database, quoted

# Shorter ones would be found by chance.
MIN_BYTES = 12
URL_SAFE = bytes.maketrans(b"+/", b"-_")


def found(database: Database, secrets: Mapping[str, bytes]) -> list[str]:
    """Where any of these is: `password in users.display_name`. Every column is looked at.

    Args:
        secrets: By what each is called.
    """
    needles = {name: sorted(disguises(secret)) for name, secret in secrets.items()}
    all_of_them = [needle for each in needles.values() for needle in each]
    return [
        f"{name} in {column}"
        for column in database.columns
        if _holds(database, column, all_of_them)
        for name, some in needles.items()
        if _holds(database, column, some)
    ]


def disguises(secret: bytes) -> set[str]:
    """The forms that it may have been stored in, in lower case: text, and bytes in hex."""
    assert len(secret) >= MIN_BYTES, "it would be found by chance"
    forms = {secret, secret.lower(), secret.upper(), *_encoded(secret)}
    texts = {form.decode().lower() for form in forms if form.isascii() and b"\0" not in form}
    return texts | {form.hex() for form in forms}


def _encoded(secret: bytes) -> Iterator[bytes]:
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret)
        # What depends on its neighbours in a longer text is left away.
        inner = whole[-(-8 * before // 6) : 8 * (before + len(secret)) // 6]
        yield inner
        yield inner.translate(URL_SAFE)


def _holds(database: Database, column: Column, needles: list[str]) -> bool:
    sql = (
        f"SELECT EXISTS (SELECT FROM {column.of}, unnest($1::text[]) needle"  # noqa: S608
        f" WHERE strpos({_view(column)}, needle) > 0)"
    )
    return bool(database.rows(sql, needles)[0][0])


def _view(column: Column) -> str:
    """What is in it as text in lower case, whatever its kind; of bytes, both readings."""
    value = quoted(column.name)
    if column.kind == "bytea":
        return f"lower(encode({value}, 'escape')) || ' ' || encode({value}, 'hex')"
    return f"lower({value}::text)"
