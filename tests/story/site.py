"""KeyArc on this machine, and what is deployed to it: real commands, and a look at what they leave.

Nothing here believes a command: what runs is asked of the platform, of the services through the
edge, and of the files.
"""

import hashlib
import json
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.deployment import Vector
from harness.ledger import Entry, Event
from harness.ledger.file import FileLedger, open_ledger
from harness.records import ACTION, VERDICT, read
from harness.stack import control
from tests.harness.stack.conftest import ROOT, Done, Sandbox
from tests.services.auth.people import blob, credentials, person

ENV = "local"
SERVICES = ("frontend", "auth", "gateway", "account", "keys")
GOOD, REFUSED, HELD = 0, 10, 20
# For a release that never shows: long enough for one that does, on a machine that is busy.
READY = ("--ready-timeout", "15s")
LIMIT_S = 240


class Site(Sandbox):
    """One stack of KeyArc in a directory of its own, with its ledger, its releases, its runs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, ENV)
        self._runs = 0
        self._person = person()

    def command(self, *words: str, **variables: str) -> Done:
        process = self.start(*words, **variables)
        out, err = process.communicate(timeout=LIMIT_S)
        return Done(process.returncode, out, err)

    def write(self, release: str, file: str, find: str, replace: str) -> Path:
        """The services as they are here, with one text exchanged for another."""
        folder = self.path / "sources" / release
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "services", folder / "services", ignore=ignored)
        (folder / file).write_text(exchanged(file, find, replace))
        return folder

    def write_good(self, release: str) -> Path:
        """A harmless change, so that it is a release of its own."""
        file = "services/__init__.py"
        source = (ROOT / file).read_text()
        return self.write(release, file, source, f"{source}# {release}\n")

    def deploy(self, release: str, source: Path) -> None:
        done = self.command("deploy", "--env", ENV, "--release", release, "--from", str(source))
        assert done.code == 0, done
        shutil.rmtree(source)

    def gate_words(self, release: str, *options: str) -> tuple[list[str], Path]:
        """A gate that is to roll back, and where its evidence will be."""
        self._runs += 1
        run = self.path / "runs" / str(self._runs)
        words = ["gate", "--env", ENV, "--release", release, "--rollback", *READY, *options]
        return [*words, "--output", str(run)], run

    def gate(self, release: str, *options: str) -> tuple[Done, Path]:
        words, run = self.gate_words(release, *options)
        return self.command(*words), run

    def earns_go(self, release: str) -> None:
        """A good release is deployed, and the gate lets it stay."""
        self.deploy(release, self.write_good(release))
        done, run = self.gate(release)
        assert done.code == GOOD, done
        assert action_of(run) == ("GO", "kept", None)

    @property
    def ledger(self) -> FileLedger:
        path = str(self.path / ".keyarc-verify" / "ledger")
        return open_ledger({"path": path}, ENV)

    def entries(self, release: str) -> list[Entry]:
        return [entry for entry in self.ledger.entries() if entry.release == release]

    def events(self, release: str) -> list[Event]:
        return [entry.event for entry in self.entries(release)]

    def good(self) -> str:
        """The last release that earned GO."""
        return next(e.release for e in reversed(self.ledger.entries()) if e.event is Event.GO)

    def vector(self, release: str) -> Vector:
        """What a release that earned GO consisted of."""
        return next(each.vector for each in self.entries(release) if each.event is Event.GO)

    def platform(self) -> dict[str, set[tuple[str, str]]]:
        """By service, release and identity of whatever the platform says that it runs."""
        status = control.status(self.state.path)
        assert status["replacing"] is None
        return {
            name: {(each["release"], each["identity"]) for each in service["instances"]}
            for name, service in status["services"].items()
        }

    def told_releases(self) -> dict[str, str]:
        """By service the release that it names itself, asked from outside."""
        told = {}
        for prefix, name in (("", "frontend"), ("/auth", "auth"), ("/api", "gateway")):
            status, body = self.ask("GET", f"{prefix}/health")
            assert (status, body["status"], body["serviceId"]) == (200, "pass", name)
            told[name] = body["releaseId"]
            for component in ("account", "keys"):
                for entry in body.get("checks", {}).get(f"{component}:responseTime", ()):
                    told[component] = entry["releaseId"]
        return told

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """A request through the edge: status, and JSON."""
        references = self.references()
        request = urllib.request.Request(references["stack:edge.url"] + path, method=method)
        request.data = None if body is None else json.dumps(body).encode()
        request.add_header("content-type", "application/json")
        context = ssl.create_default_context(cafile=references["stack:ca_file"])
        try:
            with urllib.request.urlopen(request, context=context, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def sign_up(self) -> None:
        """Somebody who is there before any release goes wrong."""
        assert self.ask("POST", "/auth/signup", self._person)[0] == 201

    def must_serve(self, release: str) -> None:
        """One release and no other runs, says so, and does its work."""
        identities = {name: each.identity for name, each in self.vector(release).items()}
        expected = {name: {(release, identities[name])} for name in SERVICES}
        assert self.platform() == expected
        assert self.told_releases() == dict.fromkeys(SERVICES, release)
        status = self.command("status", "--env", ENV)
        assert (status.code, status.out.startswith(f"release {release}, ")) == (0, True), status
        right = credentials(self._person)
        assert self.ask("POST", "/auth/login", right)[0] == 200
        assert self.ask("POST", "/auth/login", {**right, "auth_hash": blob(32)})[0] == 401


@contextmanager
def site_up(path: Path) -> Iterator[Site]:
    """A stack with somebody in it, and the release `good-1`, which has earned GO."""
    site = Site(path)
    up = site.up()
    try:
        assert up.code == 0, up
        site.sign_up()
        site.earns_go("good-1")
        yield site
    finally:
        site.down()
        left = site.left()
        for process in site.processes():
            process.kill()
    assert left == []


def exchanged(file: str, find: str, replace: str) -> str:
    """A file of this project with one text, which stands in it exactly once, for another."""
    source = (ROOT / file).read_text()
    assert source.count(find) == 1, f"{file}: {find!r} stands in it {source.count(find)} times"
    return source.replace(find, replace)


def action_of(run: Path) -> tuple[str, str, str | None]:
    """Verdict, action and target as a run's files say it, where these agree with each other."""
    record = read(run)
    assert record.consequence is not None
    action = json.loads((run / ACTION).read_text())
    assert action["verdict_sha256"] == record.sha256
    must_be_whole(run)
    return str(record.judgement.verdict), str(record.consequence.action), record.consequence.target


def must_be_whole(run: Path) -> None:
    """The evidence of a run that was concluded is that which its verdict was made of."""
    record = read(run)
    assert set(record.judgement.evidence) == {"manifest.json", "results.jsonl"}
    for name, sha256 in record.judgement.evidence.items():
        assert sha256_of(run / name) == sha256, (run, name)
    assert record.sha256 == sha256_of(run / VERDICT)


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
