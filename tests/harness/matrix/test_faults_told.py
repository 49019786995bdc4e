"""The faults that docs/health.md tells of are those that there are, in the words of their files."""

from collections.abc import Iterator

from harness.faults import Fault
from harness.matrix.trial import fault_class
from harness.registry import FAULTS
from tests.documents import ROOT

KINDS = ("network", "process", "database", "settings", "http", "tls")


def table() -> str:
    """As it stands in the document."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield "| fault | of | what happens | parameters | health | users |"
    yield "|---|---|---|---|---|---|"
    faults = {name: fault_class(name) for name in FAULTS.names()}
    for name, fault in sorted(faults.items(), key=lambda each: KINDS.index(each[1].kind)):
        told = (f"`{name}`", fault.kind, _sentence(fault), _parameters(fault))
        yield f"| {' | '.join((*told, fault.seen.health, fault.seen.users))} |"


def _sentence(fault: type[Fault]) -> str:
    return " ".join((fault.__doc__ or "").partition("\n\n")[0].split())


def _parameters(fault: type[Fault]) -> str:
    given = ((name, each.default) for name, each in fault.model_fields.items())
    return ", ".join(f"`{name}`" if each is None else f"`{name}: {each}`" for name, each in given)


def test_each_fault_is_told_of_in_its_own_words() -> None:
    text = (ROOT / "docs" / "health.md").read_text()
    assert table() in text, f"put this into docs/health.md:\n\n{table()}"
