"""Certificates that a release must not be served with, before a real stack, under the command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from harness.environment import find, parse, resolve
from harness.model import Outcome, Verdict
from harness.records import read
from tests.defects.front import front
from tests.harness.stack.conftest import Sandbox

ROOT = Path(__file__).parents[2]
HOSTS = ("localhost", "auth.localhost", "api.localhost")
NOW = datetime.now(UTC)
CERTIFICATES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "expired": (HOSTS, {"not_before": NOW - timedelta(9), "not_after": NOW - timedelta(1)}),
    "not yet valid": (HOSTS, {"not_before": NOW + timedelta(1)}),
    "good for three days": (HOSTS, {"not_after": NOW + timedelta(3)}),
    "for another host": (("elsewhere.test",), {}),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    system = Sandbox(tmp_path_factory.mktemp("stack"), "local")
    up = system.up()
    assert up.code == 0, up
    yield system
    system.down()


def failed(folder: Path, stack: Sandbox, leaf: trustme.LeafCert, ca: trustme.CA) -> set[str]:
    """The checks that fail where the system is served with this certificate."""
    references = stack.references()
    declared = resolve(parse(find("local")), references, os.environ)
    tree = declared.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"stack", "insight"}
    )
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    with front(leaf, int(references["stack:edge.port"])) as port:
        for name in ("frontend", "auth", "gateway"):
            tree["services"][name]["connect"] = f"127.0.0.1:{port}"
        tree["tls"] = {"ca_file": "ca.pem"}
        (folder / "fronted.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        done = subprocess.run(
            [sys.executable, "-m", "harness", "smoke", "--env", "fronted.yaml", "--output", "run"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    record = read(folder / "run")
    verdict = Verdict.NO_GO if done.returncode else Verdict.GO
    assert (done.returncode, record.judgement.verdict) == (verdict.exit_code, verdict), done.stdout
    return {result.id for result in record.results if result.outcome is Outcome.FAIL}


def test_a_good_certificate_is_go(tmp_path: Path, stack: Sandbox) -> None:
    ca = trustme.CA()
    assert failed(tmp_path, stack, ca.issue_cert(*HOSTS), ca) == set()


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_bad_certificate_is_no_go_and_its_check_is_named(
    tmp_path: Path, stack: Sandbox, name: str
) -> None:
    hosts, validity = CERTIFICATES[name]
    ca = trustme.CA()
    named = failed(tmp_path, stack, ca.issue_cert(*hosts, **validity), ca)
    assert {"certificate.frontend", "certificate.auth", "certificate.gateway"} <= named


def test_a_certificate_of_nobody_we_trust_is_no_go(tmp_path: Path, stack: Sandbox) -> None:
    named = failed(tmp_path, stack, trustme.CA().issue_cert(*HOSTS), trustme.CA())
    assert "certificate.frontend" in named
