import base64
import json
import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from harness.model import Attempt, Exchange, Finding, Outcome, Result
from harness.records import plain
from harness.redaction import REDACTED, Redactor, forms, is_sensitive

CANARY = "canary/4711+sêcret value"
EXCHANGE = Exchange(method="POST", url="https://a.example/x", status=200)


def written(exchange: Exchange, message: str = "", redactor: Redactor | None = None) -> str:
    """What would be written of a result with this exchange."""
    result = Result(
        id="a",
        outcome=Outcome.FAIL,
        message=message,
        came=message,
        attempts=(
            Attempt(
                finding=Finding(outcome=Outcome.FAIL, message=message, came=message),
                duration_ms=1,
                exchanges=(exchange,),
            ),
        ),
    )
    made = (redactor or Redactor()).result(result)
    return json.dumps(plain(made), ensure_ascii=False)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Cookie", "Set-Cookie", "X-Internal-Token", "access_token", "client-secret",
     "password", "auth_hash", "X-API-Key", "refreshToken"],
)  # fmt: skip
def test_sensitive_names(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name", ["token_type", "secret_id", "encrypted_team_key", "public_key", "email", "name"]
)
def test_names_that_hold_no_secret(name: str) -> None:
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    "exchange",
    [
        replace(EXCHANGE, request_headers=(("Authorization", f"Bearer {CANARY}"),)),
        replace(EXCHANGE, response_headers=(("Set-Cookie", f"s={CANARY}; Path=/"),)),
        replace(EXCHANGE, request_body=json.dumps({"deep": [{"password": CANARY}]})),
        replace(EXCHANGE, response_body=json.dumps({"access_token": [CANARY]})),
        replace(EXCHANGE, request_body=f"user=a&password={quote(CANARY)}&b=c"),
        replace(EXCHANGE, response_body=f'broken {{"token": "{CANARY.split()[0]}"'),
        replace(EXCHANGE, url=f"https://a.example/x?access_token={quote(CANARY)}"),
        replace(EXCHANGE, url=f"https://user:{quote(CANARY, safe='')}@a.example/x"),
    ],
)
def test_a_secret_under_a_sensitive_name_is_not_written(exchange: Exchange) -> None:
    text = written(exchange)
    assert "canary" not in text
    assert REDACTED in text


def test_a_secret_that_was_seen_once_is_found_everywhere_in_the_result() -> None:
    exchange = replace(
        EXCHANGE,
        request_headers=(("Authorization", f"Bearer {CANARY}"),),
        response_body=f"you sent {CANARY}",
        error=f"could not {CANARY}",
        url=f"https://a.example/{quote(CANARY, safe='')}",
    )
    assert "canary" not in written(exchange, message=f"expected not to see {CANARY}")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "y", "yz"])
def test_a_registered_secret_is_found_inside_base64(before: str, after: str) -> None:
    redactor = Redactor()
    redactor.register(CANARY)
    plain_text = (before + CANARY + after).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = redactor.text(encode(plain_text).decode())
        assert REDACTED in text
        # Three characters at either end may be left: they belong to the neighbours too.
        assert len(text.replace(REDACTED, "")) <= 4 + 4 + len(before) + len(after)


@pytest.mark.parametrize(
    "form", [CANARY, quote(CANARY, safe=""), json.dumps(CANARY), CANARY.encode().hex()]
)
def test_a_registered_secret_is_found_in_each_form(form: str) -> None:
    redactor = Redactor()
    redactor.register(CANARY)
    assert "canary" not in redactor.text(f"before {form} after")
    assert REDACTED in redactor.text(f"before {form} after")


def test_a_jwt_is_never_written() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    assert f"got {REDACTED}!" == Redactor().text(f"got {token}!")


def test_what_is_no_secret_stays_readable() -> None:
    body = json.dumps({"token_type": "bearer", "email": "a@b.example", "encrypted_key": "AAAA"})
    text = written(replace(EXCHANGE, response_body=body))
    assert all(word in text for word in ("bearer", "a@b.example", "AAAA"))


def test_short_values_are_not_hunted_through_the_text() -> None:
    assert set() == forms("short")


def test_a_long_body_is_cut_after_redaction() -> None:
    body = "x" * (64 * 1024 - 3) + CANARY
    redactor = Redactor()
    redactor.register(CANARY)
    text = written(replace(EXCHANGE, response_body=body), redactor=redactor)
    assert "can" not in text.split("x" * 100)[-1]
    assert "and more" in text


@pytest.mark.parametrize(
    "body",
    ["x" * 2_000_000, "token" * 400_000, "eyJ" * 600_000, "[" * 100_000, '{"a":' * 5_000],
    ids=["x", "token", "jwt", "array", "object"],
)
def test_no_body_keeps_redaction_busy(body: str) -> None:
    begun = time.perf_counter()
    written(replace(EXCHANGE, response_body=body))
    assert time.perf_counter() - begun < 3
