"""What `report` does: finds a run's directory, trusts it only as it was written, renders it."""

import hashlib
import sys
from pathlib import Path

from harness.cli._exits import written
from harness.cli._terminal import coloured, colours
from harness.errors import HarnessError, UsageError
from harness.model import RunRecord
from harness.records import DEFAULT_PARENT, VERDICT, read
from harness.registry import REPORTS

LAST = "last"


def print_report(run: str, output_format: str) -> None:
    """Prints a finished run.

    Raises:
        UsageError: There is no such run, or its files are not those that it was judged by.
    """
    module = REPORTS.load(output_format)
    record = read(_directory(run))
    _must_be_untouched(record)
    text = module.render(record)
    in_colour = output_format == "text" and colours(sys.stdout)
    problem = written(coloured(text) if in_colour else text)
    if problem:
        raise HarnessError(problem)


def _directory(run: str) -> Path:
    if run == LAST:
        return _last()
    for path in (Path(run), DEFAULT_PARENT / run):
        if path.is_dir():
            return path
    raise UsageError(
        f"there is no run {run!r}; name its directory, an id below {DEFAULT_PARENT}, or `{LAST}`"
    )


def _last() -> Path:
    """The finished run that began last: ids sort by time."""
    finished = sorted(file.parent for file in DEFAULT_PARENT.glob(f"*/{VERDICT}"))
    if not finished:
        raise UsageError(f"there is no finished run below {DEFAULT_PARENT}; name its directory")
    return finished[-1]


def _must_be_untouched(record: RunRecord) -> None:
    """A file that was changed since could tell another story than the verdict's."""
    assert record.directory is not None, "a record that was read has a directory"
    for name, digest in record.judgement.evidence.items():
        file = record.directory / name
        if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise UsageError(
                f"{file} has been changed since the verdict was written; "
                f"{VERDICT} beside it stands for itself alone"
            )
