"""Reports as they should be, in files: `python -m tests.reports.golden` writes them anew."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.model import Declared, Outcome, Reason, Result, RunRecord, Verdict
from reports import html, text
from tests.reports.evidence import with_evidence
from tests.reports.matrix import COMMAND, Run, cell, failed, left_out, not_run, pair
from tests.reports.record import record_of

FOLDER = Path(__file__).with_name("golden")
NO_DISK = not_run("it needs a disk of its own, and there is none")


def errored(result: Result) -> Result:
    return replace(result, outcome=Outcome.ERROR, message="keys is still stopped: the heal failed")


def silent(result: Result) -> Result:
    return replace(result, outcome=Outcome.NO_DATA, message="nobody asked")


def hostile() -> RunRecord:
    """What a server, or a file, could put in to steer whoever reads it."""
    evil = "\x1b[31m</pre><script>alert(1)</script>\n\u202eGO\x00\"'&"
    bad = failed(cell("kill", "process", evil, evil))
    assert bad.cell is not None
    changed = replace(
        bad,
        message=evil,
        came=evil,
        promise=evil,
        curl=evil,
        cell=replace(bad.cell, evidence="cells/evil.json"),
    )
    return record_of(changed, excluded=[left_out(cell("kill", "process", evil), evil)])


WHOLE = {
    "go": Run({"disk_full": NO_DISK}).record(pair("kill.auth", "refuse.keys.postgres")),
    "no_go": Run(
        {"blackhole.gateway": failed, "kill.auth": failed, "wrong_jwt_secret": failed}
    ).record(pair("kill.auth", "refuse.keys.postgres", Outcome.FAIL)),
    "hold": Run({"pause.keys": errored, "reset.auth": silent}).record(),
    "not_run": Run({"disk_full": NO_DISK, "kill": not_run("policy.faults leaves it out")}).record(),
}


def small() -> RunRecord:
    """Something of everything that the page can tell, and not much of it."""
    results = [
        cell("none", "control", "auth"),
        cell("kill", "process", "auth", seed=3),
        failed(cell("refuse", "network", "gateway", "keys", seed=5)),
        errored(pair("kill.auth", "refuse.gateway.keys")),
        Result(id="health.auth", outcome=Outcome.PASS, duration_ms=12.0),
        Result(id="health.keys", outcome=Outcome.FAIL, message="slow", came="3 s"),
    ]
    declared = [Declared(id=each.id) for each in results[:-1]]
    declared.append(Declared(id="health.keys", required=False, allowance="advisory: known"))
    unfinished = cell("pause", "process", "auth")
    declared.append(Declared(id=unfinished.id, cell=left_out(unfinished, "").cell))
    return record_of(
        *results,
        declared=declared,
        excluded=[left_out(cell("kill", "process", "keys"), "policy.faults leaves it out")],
        troubles=[Reason(verdict=Verdict.HOLD, text="interrupted")],
        release="v7",
        command=COMMAND,
    )


def texts() -> Iterator[tuple[str, str]]:
    """Each file's name, and what should be in it."""
    for name, record in {**WHOLE, "hostile": hostile()}.items():
        yield f"{name}.txt", text.render(record)
    for name, record in {"small": small(), "hostile": hostile()}.items():
        with tempfile.TemporaryDirectory() as folder:
            yield f"{name}.html", _readable(html.render(with_evidence(record, Path(folder))))


def _readable(page: str) -> str:
    """Without the style, which is a file of its own; a line for each part."""
    page = re.sub(r"<style>.*</style>", "<style></style>", page, flags=re.DOTALL)
    page = re.sub(r"sha256-[\w+/=]+", "sha256-", page)
    return re.sub(r"(</?(?:section|header|main|table|tr|details|li|div|dl)\b)", r"\n\1", page)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts():
        (FOLDER / name).write_text(content, encoding="utf-8")
