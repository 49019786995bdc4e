import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TypeVar

import pytest
import trustme

from harness.confirmation import Budget, retry_after_s
from harness.environment import Service
from harness.errors import ContractViolation, NoData, ServerFailure, Unreachable, UsageError
from harness.exchange import BODY_LIMIT_BYTES, EvidenceClient
from harness.network import Network
from harness.target import Target
from harness.trail import Trail
from tests.harness.server import Answer, Handler, Server, serving

Value = TypeVar("Value")
Ask = Callable[[Target], Awaitable[object]]


def asked(handler: Handler, ask: Ask, budget: Budget | None = None) -> tuple[Server, Trail]:
    """Asks a server that answers by `handler`; raises what `ask` raises."""
    trail = Trail()

    async def run() -> Server:
        async with serving(handler) as server:
            client = EvidenceClient()
            try:
                with trail.followed():
                    await ask(Target("a", Service(url=server.url), client, budget=budget))
            finally:
                await client.close()
            return server

    return asyncio.run(run()), trail


def answers(*queue: Answer) -> Handler:
    """One after the other; the last one from then on."""
    left = list(queue)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


def get(**options: object) -> Ask:
    return lambda target: target.get("/x", **options)  # type: ignore[arg-type]  # options of a test


def test_an_answer_becomes_evidence() -> None:
    _, trail = asked(answers(Answer(body=b'{"n": 1}')), get())
    [exchange] = trail.exchanges
    assert (exchange.method, exchange.status, exchange.response_body) == ("GET", 200, '{"n": 1}')
    assert 0 < exchange.duration_ms < 5000


def test_a_wrong_status_is_never_repeated() -> None:
    with pytest.raises(ContractViolation) as caught:
        asked(answers(Answer(status=404), Answer()), get(expect=200))
    assert (caught.value.expected, caught.value.came) == ("status 200", "404")


def test_a_5xx_that_comes_back_is_confirmed_and_told() -> None:
    server_error = Answer(status=503, body=b'{"title": "no database"}')
    seen: list[str] = []

    def handler(request: object) -> Answer:
        seen.append("one")
        return server_error

    with pytest.raises(ServerFailure) as caught:
        asked(handler, get(expect=200))
    assert (caught.value.confirmed, len(seen)) == (True, 2)
    assert caught.value.came == '503: {"title": "no database"}'


def test_a_5xx_that_never_comes_back_leaves_a_flake() -> None:
    server, trail = asked(answers(Answer(status=500), Answer()), get(expect=200))
    assert (len(server.seen), len(trail.repeated)) == (6, 1)
    assert [e.status for e in trail.exchanges] == [500, 200, 200, 200, 200, 200]


def test_a_5xx_that_is_expected_is_an_answer() -> None:
    server, trail = asked(answers(Answer(status=503)), get(expect=503))
    assert (len(server.seen), trail.repeated) == (1, [])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_changes_something_is_never_sent_twice(method: str) -> None:
    trail_of: list[int] = []

    def handler(request: object) -> Answer:
        trail_of.append(1)
        return Answer(status=500)

    with pytest.raises(ServerFailure) as caught:
        asked(handler, lambda target: target.request(method, "/x", expect=201))
    assert (caught.value.confirmed, len(trail_of)) == (False, 1)


def test_nobody_listening_is_unreachable() -> None:
    async def run() -> None:
        async with serving(answers(Answer())) as server:
            url = server.url
        await Target("a", Service(url=url), EvidenceClient()).get("/x")

    with pytest.raises(Unreachable, match="no answer from http://127") as caught:
        asyncio.run(run())
    assert caught.value.confirmed


def test_a_service_that_never_answers_is_given_up_in_time() -> None:
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer within 0\.1 s"):
        asked(answers(Answer(hang=True)), get(timeout_s=0.1))
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(body=b"{", announced=50), "a whole HTTP answer"),
        (Answer(raw=b"SSH-2.0-OpenSSH\r\n\r\n"), "a whole HTTP answer"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"), "a whole"),
    ],
    ids=["half a body", "no HTTP", "half a chunk"],
)
def test_half_an_answer_is_the_servers_failure(answer: Answer, expected: str) -> None:
    with pytest.raises(ServerFailure) as caught:
        asked(answers(answer), get())
    assert caught.value.expected.startswith(expected)


def test_a_closed_connection_without_a_word_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        asked(answers(Answer(raw=b"")), get())


@pytest.mark.parametrize(
    "answer",
    [Answer(body=b"x" * (50 * 1024 * 1024)), Answer(body=b"x" * 65536, endless=True)],
    ids=["50 MB", "endless"],
)
def test_a_huge_body_is_cut_off_and_fails(answer: Answer) -> None:
    trail = Trail()

    async def run() -> None:
        async with serving(answers(answer)) as server:
            client = EvidenceClient()
            with trail.followed(), pytest.raises(ContractViolation) as caught:
                await Target("a", Service(url=server.url), client).get("/x")
            assert caught.value.expected == "a body of at most 4194304 bytes"
            await client.close()

    asyncio.run(run())
    [exchange] = trail.exchanges
    assert exchange.response_body is not None
    assert len(exchange.response_body) < BODY_LIMIT_BYTES + 1024 * 1024


def test_an_encoded_body_is_refused_before_it_can_swell() -> None:
    bomb = Answer(headers={"content-encoding": "gzip"}, body=b"\x1f\x8b")
    with pytest.raises(ContractViolation) as caught:
        asked(answers(bomb), get())
    assert caught.value.expected == "a body that is not encoded"


def test_a_redirect_is_not_followed_and_told() -> None:
    async def run() -> None:
        async with serving(answers(Answer())) as other:
            moved = Answer(status=302, headers={"location": other.url})
            async with serving(answers(moved)) as server:
                client = EvidenceClient()
                target = Target("a", Service(url=server.url), client)
                with pytest.raises(ContractViolation) as caught:
                    await target.get("/x", expect=200, headers={"Authorization": "Bearer secret"})
                assert f"302, a redirect to {other.url}" == caught.value.came
                assert other.seen == []
                await client.close()

    asyncio.run(run())


def test_cookies_are_not_kept() -> None:
    async def twice(target: Target) -> None:
        await target.get("/x")
        await target.get("/x")

    server, _ = asked(answers(Answer(headers={"set-cookie": "session=1; Path=/"})), twice)
    assert ["cookie" in request.headers for request in server.seen] == [False, False]


def test_a_rate_limit_is_waited_for() -> None:
    limited = Answer(status=429, headers={"retry-after": "1"})
    server, trail = asked(answers(limited, Answer()), get(expect=200))
    assert (len(server.seen), trail.repeated) == (2, [])


def test_a_rate_limit_is_also_waited_for_by_what_changes_something() -> None:
    limited = Answer(status=429, headers={"retry-after": "1"})
    server, _ = asked(answers(limited, Answer(status=201)), lambda t: t.post("/x", expect=201))
    assert len(server.seen) == 2


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after": "3600"}])
def test_a_rate_limit_that_does_not_lift_in_time_is_no_data(headers: dict[str, str]) -> None:
    budget = Budget(ends_at=time.monotonic() + 10)
    with pytest.raises(NoData, match="429"):
        asked(answers(Answer(status=429, headers=headers)), get(), budget)


def test_a_rate_limit_that_is_what_is_tested_is_an_answer() -> None:
    server, _ = asked(answers(Answer(status=429)), get(expect=429))
    assert len(server.seen) == 1


def test_retry_after_can_be_a_date() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait_s = retry_after_s(in_a_minute)
    assert wait_s is not None
    assert 55 < wait_s <= 60
    assert retry_after_s("0") == 1.0
    assert retry_after_s("²") is None


def test_an_untrusted_certificate_is_the_servers_failure(tmp_path: Path) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.issue_cert("localhost").configure_cert(context)

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def run() -> None:
        listener = await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=context)
        port = listener.sockets[0].getsockname()[1]
        client = EvidenceClient(Network(ca_file=str(tmp_path / "ca.pem")))
        with pytest.raises(ServerFailure, match="trusted certificate"):
            await Target("a", Service(url=f"https://localhost:{port}"), client).get("/x")
        await client.close()
        listener.close()

    asyncio.run(run())


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_of_no_use_is_a_usage_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=r"tls\.ca_file: .*ca\.pem cannot be used"):
        EvidenceClient(Network(ca_file=str(file))).prepare()
