"""Releases with one defect each, on a real stack, under the real command: all are noticed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.model import Outcome, RunRecord, Verdict
from harness.records import read
from tests.defects.catalogue import CATALOGUE
from tests.harness.stack.conftest import Sandbox

ROOT = Path(__file__).parents[2]
RELEASE = ("--release", "r7")


def declared() -> str:
    """The file of CI's environment, with the services of `planted` in their places.

    There is one instance of keys: some defects remember.
    """
    tree = yaml.safe_load((ROOT / "environments" / "ci.yaml").read_text())
    stack = yaml.safe_load((ROOT / "environments" / "local.yaml").read_text())["stack"]
    stack["env"]["PLANTED"] = "${env:PLANTED}"
    for name, service in stack["services"].items():
        service["python"]["app"] = f"tests.defects.planted:{name}"
    stack["services"]["edge"]["env"]["EXPOSED_URL"] = "${stack:account.url}"
    del tree["stack_of"], tree["services"]["keys"]["instances"]
    return yaml.safe_dump({**tree, "name": "planted", "stack": stack}, sort_keys=False)


class Site(Sandbox):
    """A stack that serves any of the releases."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "planted.yaml")
        (path / "planted.yaml").write_text(declared())
        self._planted = path / "planted"

    def serve(self, name: str) -> None:
        """Has the stack serve a release, from its next request on."""
        self._planted.write_text(name)

    def smoke(self, run: Path) -> tuple[int, RunRecord]:
        """Verifies what is served, and leaves its evidence there."""
        command = ("smoke", "--env", self.env, *RELEASE, "--output", str(run))
        done = self.run(*command, PLANTED=str(self._planted))
        assert (run / "verdict.json").exists(), done.err
        return done.code, read(run)

    def begin(self) -> None:
        self.serve("none")
        up = self.up(*RELEASE, PLANTED=str(self._planted))
        assert up.code == 0, up


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.begin()
        yield site
    finally:
        site.down()


def test_the_same_stack_without_a_defect_is_go(site: Site, tmp_path: Path) -> None:
    site.serve("none")
    code, record = site.smoke(tmp_path / "run")
    assert (code, record.judgement.reasons) == (0, ())


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"none"}))
def test_a_defect_is_no_go_and_the_right_check_is_named(
    site: Site, tmp_path: Path, name: str
) -> None:
    site.serve(name)
    code, record = site.smoke(tmp_path / "run")
    named = {reason.check for reason in record.judgement.reasons}
    failed = {result.id for result in record.results if result.outcome is Outcome.FAIL}
    assert (code, record.judgement.verdict) == (10, Verdict.NO_GO)
    assert CATALOGUE[name].noticed_by in named & failed
