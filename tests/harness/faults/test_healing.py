"""What was broken by a process that is no more is mended by another one; and what proves that only
what a fault names is wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.faults import Place
from harness.faults._tls import ShowsCertificate
from harness.matrix.site import StackSite
from harness.matrix.trial import fault_class
from harness.stack.state import StateDirectory
from tests.harness.faults.conftest import Ground
from tests.harness.faults.effects import HEALTHY
from tests.harness.faults.seeing import healthy, proxy, query, until

if TYPE_CHECKING:
    import trustme

ROOT = Path(__file__).parents[3]
# Those that go on by a task of who has put them in.
BREAKS = {"flapping": "gateway.keys", "table_locked": "postgres", "restart_loop": "frontend"}
SCRIPT = f"""
import asyncio, sys
from pathlib import Path
from harness.environment import find, parse
from harness.faults import Place
from harness.matrix.site import StackSite
from harness.matrix.trial import fault_class
from harness.stack.state import StateDirectory

async def main():
    state = StateDirectory(Path(sys.argv[1]))
    site = StackSite(parse(find("local")), state.references(), state)
    for name, place in {BREAKS!r}.items():
        await fault_class(name)().inject(site, Place(*place.split(".")))
    print("broken", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Good(ShowsCertificate):
    """A certificate with which nothing is wrong."""

    def certificate(self, authority: "trustme.CA", host: str) -> "trustme.LeafCert":
        return authority.issue_cert(host)


def test_what_a_killed_process_has_broken_is_mended_by_another(ground: Ground) -> None:
    breaker = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(ground.site.state.path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert breaker.stdout is not None
    with breaker:
        try:
            assert breaker.stdout.readline() == "broken\n"
        finally:
            breaker.send_signal(signal.SIGKILL)
    ground.run(_mended(ground.site))


async def _mended(site: StackSite) -> None:
    for name, place in BREAKS.items():
        await fault_class(name)().heal(site, Place(*place.split(".")))
    await healthy(site)
    assert await query(site, "SELECT count(*) FROM users") == 0
    assert (await proxy(site, "gateway.keys"))["enabled"]


def test_with_a_good_certificate_the_same_way_is_healthy(ground: Ground) -> None:
    ground.run(_called_by_tls(ground.site))


async def _called_by_tls(site: StackSite) -> None:
    place = Place("gateway", "keys")
    try:
        await Good().inject(site, place)
        await until(site, HEALTHY)
        told = await site.links.statistics("tls.gateway.keys")
        assert told["downstream_bytes"] > 0, "the gateway went another way"
    finally:
        await Good().heal(site, place)
    assert "tls.gateway.keys" not in await site.links.names()
    assert list(site.state.path.glob("tls.*")) == []
    await healthy(site)


@pytest.mark.parametrize(
    ("last", "is_amiss"),
    [
        ("cannot start: DATABASE_URL: is missing", False),
        ("KeyError: 'database'", True),
        ("cannot start", True),
    ],
)
def test_an_end_without_a_line_that_names_the_setting_is_found(
    ground: Ground, tmp_path: Path, last: str, is_amiss: bool
) -> None:
    (tmp_path / "keys.log").write_text(f"started with DATABASE_URL\n{last}\n")
    references = {**ground.site.references, "stack:logs": str(tmp_path)}
    site = StackSite(ground.site.environment, references, StateDirectory(tmp_path))
    told = ground.run(fault_class("setting_missing")().amiss(site, Place("keys")))
    assert (told is not None) is is_amiss
