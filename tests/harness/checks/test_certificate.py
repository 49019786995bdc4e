"""Each way in which a certificate can be wrong fails, and says which; clocks are told apart."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.checks.certificate import derive
from harness.environment import Environment
from harness.model import Outcome, Result
from tests.harness.checks.certified import Authority
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import environment, only, verified

HOST = "shop.test"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def run(
    tmp_path: Path, context: ssl.SSLContext | None, answer: Answer | None = None, **tls: Any
) -> tuple[Result, list[Seen]]:
    """`https://shop.test`, which leads to a server that has this context."""

    async def inside() -> tuple[Result, list[Seen]]:
        async with serving(lambda seen: answer or Answer(), tls=context) as server:
            connect = server.url.rpartition("/")[2]
            where = Environment.model_validate(
                {
                    "name": "test",
                    "tls": {"ca_file": str(tmp_path / "ca.pem"), **tls},
                    "services": {"shop": {"url": f"https://{HOST}", "connect": connect}},
                }
            )
            record = await verified(where, list(derive(where)), tmp_path / "run")
            return only(record), server.seen

    return asyncio.run(inside())


def dated(minutes: float) -> Answer:
    """An answer of a server whose clock is wrong by so much."""
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    return Answer(headers={"date": date})


def self_signed(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = directory / "self-signed.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_trusted_certificate_that_lasts_passes(tmp_path: Path, authority: Authority) -> None:
    result, seen = run(tmp_path, authority.context(HOST), min_days_left=14)
    assert (result.outcome, result.message) == (Outcome.PASS, "")
    assert (["TLS"], []) == ([e.method for e in result.attempts[0].exchanges], seen)


@pytest.mark.parametrize(
    ("days", "outcome"), [(13.99, Outcome.FAIL), (14.01, Outcome.PASS), (0.5, Outcome.FAIL)]
)
def test_a_certificate_that_ends_soon_fails(
    tmp_path: Path, authority: Authority, days: float, outcome: Outcome
) -> None:
    result, _ = run(tmp_path, authority.context(HOST, ends_d=days), min_days_left=14)
    assert outcome is result.outcome
    if outcome is Outcome.FAIL:
        assert "the certificate of shop.test:443 ends soon" == result.message
        assert result.came.startswith(f"{days:.1f} days left, until 20")


def test_an_expired_certificate_fails(tmp_path: Path, authority: Authority) -> None:
    context = authority.context(HOST, begins_d=-90, ends_d=-2)
    result, seen = run(tmp_path, context, dated(0))
    assert (result.outcome, result.message) == (
        Outcome.FAIL,
        "the certificate of shop.test:443 is not valid",
    )
    assert result.came.startswith("certificate has expired: for shop.test (subject ")
    assert "good from 20" in result.came
    assert [("HEAD", "/")] == [(one.method, one.path) for one in seen]
    assert {"host", "connection"} == set(seen[0].headers)


def test_a_certificate_that_is_not_good_yet_fails(tmp_path: Path, authority: Authority) -> None:
    result, _ = run(tmp_path, authority.context(HOST, begins_d=2, ends_d=90), dated(0))
    assert Outcome.FAIL is result.outcome
    assert result.came.startswith("certificate is not yet valid: for shop.test")


def test_a_self_signed_certificate_fails(tmp_path: Path, authority: Authority) -> None:
    result, _ = run(tmp_path, self_signed(tmp_path))
    assert Outcome.FAIL is result.outcome
    assert result.came.startswith("self-signed certificate: for shop.test (subject CN=shop.test)")
    assert "issued by CN=shop.test" in result.came


def test_a_certificate_of_another_authority_fails(tmp_path: Path, authority: Authority) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    result, _ = run(tmp_path, Authority(stranger).context(HOST))
    assert Outcome.FAIL is result.outcome
    assert result.came.startswith("unable to get local issuer certificate: for shop.test")


def test_a_certificate_of_another_host_fails(tmp_path: Path, authority: Authority) -> None:
    result, _ = run(tmp_path, authority.context("other.test", "*.more.test"))
    assert Outcome.FAIL is result.outcome
    assert "not valid for 'shop.test': for other.test, *.more.test (subject" in result.came


@pytest.mark.parametrize(("begins_d", "ends_d"), [(-90, -0.02), (0.02, 90)])
@pytest.mark.parametrize("minutes", [-60, 60])
def test_a_wrong_clock_is_an_error_and_no_failure(
    tmp_path: Path, authority: Authority, begins_d: float, ends_d: float, minutes: float
) -> None:
    context = authority.context(HOST, begins_d=begins_d, ends_d=ends_d)
    result, _ = run(tmp_path, context, dated(minutes))
    assert Outcome.ERROR is result.outcome
    assert "this machine's clock and that of shop.test:443 differ by 60 minutes" in result.message


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_that_differ_a_little_excuse_nothing(
    tmp_path: Path, authority: Authority, minutes: float
) -> None:
    context = authority.context(HOST, begins_d=-90, ends_d=-2)
    assert Outcome.FAIL is run(tmp_path, context, dated(minutes))[0].outcome


@pytest.mark.parametrize(
    "answer", [Answer(), Answer(raw=b"what?\r\n\r\n"), Answer(headers={"date": "today"})]
)
def test_a_server_that_tells_no_time_excuses_nothing(
    tmp_path: Path, authority: Authority, answer: Answer
) -> None:
    answer.announced = None
    context = authority.context(HOST, begins_d=-90, ends_d=-2)
    assert Outcome.FAIL is run(tmp_path, context, answer)[0].outcome


def test_a_wrong_clock_does_not_excuse_a_stranger(tmp_path: Path, authority: Authority) -> None:
    result, _ = run(tmp_path, self_signed(tmp_path), dated(60))
    assert Outcome.FAIL is result.outcome


def test_a_port_without_tls_fails_once_it_is_confirmed(tmp_path: Path) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async def inside() -> Result:
        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            where = environment({"shop": f"https://127.0.0.1:{port}"})
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    result = asyncio.run(inside())
    assert (result.outcome, len(result.attempts)) == (Outcome.FAIL, 2)
    assert result.message.startswith("TLS with 127.0.0.1:")


def test_a_host_that_is_silent_never_passes(tmp_path: Path, authority: Authority) -> None:
    where = Environment.model_validate(
        {
            "name": "test",
            "tls": {"ca_file": str(authority.ca_file)},
            "network": {"loopback_only": True},
            "services": {"shop": {"url": "https://192.0.2.1"}},
        }
    )
    result = only(asyncio.run(verified(where, list(derive(where)), tmp_path / "run")))
    assert Outcome.ERROR is result.outcome


def test_each_host_is_checked_once_for_the_first_service_that_has_it() -> None:
    where = environment(
        {
            "site": "https://a.example",
            "auth": {"url": "https://a.example/auth", "also_at": ["https://auth.example"]},
            "api": {"url": "https://A.example:443/api", "also_at": ["http://api.example"]},
            "other": {"url": "https://a.example:8443", "also_at": ["https://auth.example/x"]},
            "hidden": {"url": "https://b.example", "visibility": "private"},
        }
    )
    assert {
        "certificate.site": (("a.example", 443),),
        "certificate.auth": (("auth.example", 443),),
        "certificate.other": (("a.example", 8443),),
    } == {check.id: check.given["origins"] for check in derive(where)}
