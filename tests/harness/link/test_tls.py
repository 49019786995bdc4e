"""A link that speaks TLS to its clients, and plain bytes to where it leads."""

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from harness.link import tls
from harness.link.client import Certificate
from tests.harness.link.linked import asked, linked, put, until, upstream
from tests.harness.link.served import api


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def files(folder: Path, certificate: trustme.LeafCert) -> Certificate:
    made = Certificate(certificate=str(folder / "cert.pem"), key=str(folder / "key.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(made["certificate"])
    certificate.private_key_pem.write_to_path(made["key"])
    return made


def test_bytes_leave_plain_and_toxics_work(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = tls.context(**files(tmp_path, authority.issue_cert("localhost")))

    async def run() -> None:
        async with upstream() as to, linked(to, context=own) as link:
            reader, writer = await asyncio.open_connection(
                *link.listen, server_hostname="localhost", ssl=trusting(authority)
            )
            sent = bytes(range(256)) * 4096
            back = asyncio.create_task(reader.readexactly(len(sent)))
            writer.write(sent)
            assert await back == sent
            put(link, "reset_peer")
            with pytest.raises(ConnectionResetError):
                await asked((reader, writer))
            await until(lambda: link.open_count == 0)

    asyncio.run(run())


def test_who_does_not_trust_the_certificate_does_not_come_in(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = tls.context(**files(tmp_path, authority.issue_cert("elsewhere.test")))

    async def run() -> None:
        async with upstream() as to, linked(to, context=own) as link:
            host, port = link.listen
            with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
                await asyncio.open_connection(
                    host, port, server_hostname="localhost", ssl=trusting(authority)
                )
            _, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await until(lambda: link.statistics()["unfinished"] >= 1)
            writer.close()
            assert link.statistics()["opened"] <= 1

    asyncio.run(run())


def test_a_certificate_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "rubbish.pem").write_text("rubbish")
    own = files(tmp_path, trustme.CA().issue_cert("localhost"))

    async def run() -> None:
        async with api() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
            body = {"name": "a", "upstream": "127.0.0.1:1"}
            for wrong in (str(tmp_path / "none.pem"), str(tmp_path / "rubbish.pem")):
                bad = {**own, "certificate": wrong}
                answer = await client.post("/proxies", json={**body, "tls": bad})
                assert answer.status_code == 400
                assert wrong in answer.json()["error"]
            answer = await client.post("/proxies", json={**body, "tls": own})
            assert answer.status_code == 201

    asyncio.run(run())
