"""`link` as a process of its own."""

import asyncio
import re
import signal
import socket
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from harness.cli._link_run import Request, link_run
from harness.errors import UsageError
from tests.harness.cli.command import finished, keyarc_verify, started
from tests.harness.link.linked import free_port, upstream

GOOD = Request(
    listen="127.0.0.1:0",
    to="127.0.0.1:1",
    name="db",
    api="127.0.0.1:0",
    seed=0,
    beyond_loopback=False,
)


def test_it_leads_there_until_ctrl_c(tmp_path: Path) -> None:
    async def run() -> None:
        async with upstream() as (host, port):
            api = f"127.0.0.1:{free_port()}"
            arguments = ("link", "--listen", "127.0.0.1:0", "--to", f"{host}:{port}")
            more = ("--name", "db", "--api", api, "--seed", "3")
            async with started(tmp_path, *arguments, *more) as process:
                assert process.stderr is not None
                first = (await process.stderr.readline()).decode()
                second = (await process.stderr.readline()).decode()
                found = re.fullmatch(rf"db: 127\.0\.0\.1:(\d+) leads to {host}:{port}\n", first)
                assert found, first
                assert second == f"API on http://{api}; Ctrl-C ends both\n"
                reader, writer = await asyncio.open_connection("127.0.0.1", int(found[1]))
                writer.write(b"hello")
                assert await reader.read(100) == b"hello"
                async with httpx.AsyncClient(trust_env=False) as client:
                    proxies = (await client.get(f"http://{api}/proxies")).json()
                    assert list(proxies) == ["db"]
                process.send_signal(signal.SIGINT)
                done = await finished(process)
                writer.close()
        assert done.code == 0
        assert done.err == (
            "db: 1 connections, 5 bytes to upstream, 5 back; "
            "0 found upstream unreachable, 1 cut, 0 reset\n"
        )

    asyncio.run(run())


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"listen": "6000"}, "listen: '6000' is not HOST:PORT, such as 127.0.0.1:6000"),
        ({"listen": "127.0.0.1:70000"}, "listen: '127.0.0.1:70000' is not HOST:PORT"),
        ({"listen": "::1"}, "listen: '::1' is not HOST:PORT"),
        ({"to": "db"}, "upstream: 'db' is not HOST:PORT"),
        ({"listen": "0.0.0.0:0"}, "listen: '0.0.0.0:0' can be reached from elsewhere"),
        ({"api": "example.test:0"}, "--api: 'example.test:0' can be reached from elsewhere"),
        ({"name": ""}, "missing required field: name"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)):
        link_run(replace(GOOD, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["listen", "api"])
def test_a_port_that_is_taken_is_said(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = "{}:{}".format(*taken.getsockname())
        with pytest.raises(UsageError, match=f"{where}: bind: Address already in use"):
            link_run(replace(GOOD, **{option: where}))  # type: ignore[arg-type]


def test_bad_input_ends_in_one_line(tmp_path: Path) -> None:
    done = keyarc_verify(tmp_path, "link", "--listen", "0.0.0.0:0", "--to", "a:1", "--api", ":0")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "`--beyond-loopback` allows it" in done.err
