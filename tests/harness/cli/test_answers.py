"""What a broken service answers, through the real command: NO_GO, in time, in a clear line."""

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model import Verdict
from harness.records import read
from tests.harness.checks.certified import Authority
from tests.harness.cli.command import Done, good, smoke
from tests.harness.server import Answer, Handler

MIB = 1024 * 1024


def hangs(seen: object) -> Answer:
    return Answer(hang=True)


def of_another_type(seen: object) -> Answer:
    answer = good(seen)
    answer.headers["content-type"] = "text/html"
    return answer


def breaks_off(seen: object) -> Answer:
    answer = good(seen)
    answer.announced = len(answer.body) + 1
    return answer


def no_json(seen: object) -> Answer:
    answer = good(seen)
    answer.body = b"{"
    return answer


def fifty_megabytes(seen: object) -> Answer:
    answer = good(seen)
    answer.body = b" " * (50 * MIB)
    return answer


def redirects_for_ever(seen: object) -> Answer:
    return Answer(status=302, headers={"location": "/health"})


def no_http(seen: object) -> Answer:
    return Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (hangs, "no answer within"),
        (of_another_type, "application/health+json"),
        (breaks_off, "a whole HTTP answer"),
        (no_json, "JSON"),
        (fifty_megabytes, f"a body of at most {4 * MIB} bytes"),
        (redirects_for_ever, "came      302"),
        (no_http, "a whole HTTP answer"),
    ],
)
def test_a_broken_answer_is_no_go_and_told(tmp_path: Path, handler: Handler, told: str) -> None:
    begun_s = time.monotonic()
    done = smoke(tmp_path, handler)
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (10, Verdict.NO_GO)
    of_health = done.out.partition("FAIL     health.a\n")[2].partition("\n\n")[0]
    assert told in of_health
    assert "Traceback" not in done.err
    # A hanging one takes a request's limit more than once; nothing takes the run's own.
    assert time.monotonic() - begun_s < 60


def test_evidence_of_a_huge_body_is_small(tmp_path: Path) -> None:
    smoke(tmp_path, fifty_megabytes)
    assert (tmp_path / "run" / "results.jsonl").stat().st_size < 2 * MIB


Context = Callable[[Authority, Path], ssl.SSLContext]


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (lambda authority, _: authority.context("127.0.0.1", begins_d=-9, ends_d=-2), "expired"),
        (lambda authority, _: authority.context("other.test"), "IP address mismatch"),
        (lambda _, folder: Authority(folder).context("127.0.0.1"), "certificate"),
    ],
    ids=["expired", "of another host", "of an unknown authority"],
)
def test_tls_that_does_not_hold_is_no_go(tmp_path: Path, context: Context, told: str) -> None:
    (tmp_path / "other").mkdir()
    authority = Authority(tmp_path)
    tls = context(authority, tmp_path / "other")
    done = smoke(tmp_path, good, more="tls: {ca_file: ca.pem}", tls=tls)
    assert done.code == 10
    assert "TLS with a trusted certificate" in done.out
    assert told in done.out


def test_a_server_that_speaks_no_tls_is_no_go(tmp_path: Path) -> None:
    from tests.harness.cli.command import finished, started
    from tests.harness.server import serving

    async def run() -> Done:
        async with serving(good) as server:
            url = server.url.replace("http:", "https:")
            (tmp_path / "some.yaml").write_text(
                f"name: some\nservices: {{a: {{url: '{url}', release: {{from: none}}}}}}\n"
            )
            async with started(tmp_path, "smoke", "--env", "some.yaml") as process:
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 10
    assert "TLS with a trusted certificate" in done.out
