"""A process is there, and does nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.faults import Fault, Place, Seen, Site

if TYPE_CHECKING:
    import psutil


class Pause(Fault):
    """All processes are halted (SIGSTOP): connections are taken, and nothing answers."""

    at = "process"
    kind = "process"
    needs = frozenset({"processes"})
    seen = Seen(health="fail", silent=True)

    async def inject(self, site: Site, place: Place) -> None:
        halted: set[int] = set()
        # Parents first, and again: one may have started another before it was halted itself.
        while found := [each for each in _living(site, place) if each.pid not in halted]:
            for process in found:
                _tell(process, "suspend")
                halted.add(process.pid)

    async def heal(self, site: Site, place: Place) -> None:
        for process in _living(site, place):
            _tell(process, "resume")


def _living(site: Site, place: Place) -> Iterator["psutil.Process"]:
    import psutil

    for pid in site.pids(place.service):
        try:
            yield psutil.Process(pid)
        except psutil.NoSuchProcess:
            continue


def _tell(process: "psutil.Process", what: str) -> None:
    """One that has ended meanwhile needs no telling."""
    import psutil

    try:
        process.suspend() if what == "suspend" else process.resume()
    except psutil.NoSuchProcess:
        return
