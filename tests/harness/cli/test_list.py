"""`list`: what would run; nothing is sent, nothing started."""

import asyncio
import json
from pathlib import Path

from tests.harness.cli.command import ROOT, Done, finished, good, keyarc_verify, smoke, started
from tests.harness.server import serving

CHECKS = """
name: some
checks:
  cors.a: {off: this is being tested here}
  health.a: {advisory: a finding that is known, until: 2999-01-01}
services: {a: {url: 'URL', release: {from: none}}}
"""


def listed(folder: Path, *options: str) -> Done:
    async def run() -> Done:
        async with serving(good) as server:
            (folder / "some.yaml").write_text(CHECKS.replace("URL", server.url))
            async with started(folder, "list", "--env", "some.yaml", *options) as process:
                done = await finished(process)
            assert server.seen == []
            return done

    return asyncio.run(run())


def test_each_check_is_listed_with_whether_it_decides(tmp_path: Path) -> None:
    done = listed(tmp_path, "--format", "json")
    entries = {entry["id"]: entry for entry in json.loads(done.out)}
    assert done.code == 0
    assert entries["cors.a"]["state"] == "excluded"
    assert entries["cors.a"]["reason"] == "off: this is being tested here"
    assert entries["health.a"]["state"] == "advisory"
    assert entries["health.a"]["service"] == "a"
    assert all(entry["promise"] for entry in entries.values())


def test_text_tells_the_same(tmp_path: Path) -> None:
    done = listed(tmp_path)
    assert "excluded  cors.a" in done.out
    assert "(advisory: a finding that is known (until 2999-01-01))" in done.out
    assert "1 excluded, 1 advisory" in done.out


def test_a_selection_is_listed_alone(tmp_path: Path) -> None:
    done = listed(tmp_path, "--only", "health.*", "--format", "json")
    chosen = [entry["id"] for entry in json.loads(done.out) if entry["state"] != "excluded"]
    assert chosen == ["health.a"]


def test_what_is_listed_is_what_runs(tmp_path: Path) -> None:
    smoke(tmp_path, good)
    ran = json.loads((tmp_path / "run" / "manifest.json").read_text())["declared"]
    done = keyarc_verify(tmp_path, "list", "--env", "some.yaml", "--format", "json")
    assert {item["id"] for item in ran} == {entry["id"] for entry in json.loads(done.out)}


def test_an_environment_with_a_stack_that_is_not_up_is_listed(tmp_path: Path) -> None:
    done = keyarc_verify(
        tmp_path, "list", "--env", str(ROOT / "environments" / "local.yaml"), "--format", "json"
    )
    listed = {entry["id"] for entry in json.loads(done.out)}
    assert {"health.auth", "certificate.frontend", "redirect.gateway"} <= listed
    assert not (tmp_path / ".keyarc-verify").exists()


def test_an_unknown_environment_lists_the_known(tmp_path: Path) -> None:
    done = keyarc_verify(tmp_path, "list", "--env", "nope")
    assert (done.code, done.out) == (2, "")
    assert "unknown environment 'nope'; known here: " in done.err
