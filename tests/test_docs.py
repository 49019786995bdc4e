"""Files and headings that the documents name are there."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, SPAN, blocks, documents

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Other sites, and pages of the repository on GitHub, whatever its owner is called.
ELSEWHERE = re.compile(r"[a-z]+:|\.\./\.\./actions/")
# What a document may call a file of the project; what is made by running it is none.
FOLDERS = r"(?:bench|docs|environments|harness|reports|services|suites|tests|\.ci|\.github)"
FILE = re.compile(rf"{FOLDERS}(?:/[\w.*{{}},-]+)+/?")
MADE = ("reports/runs*", "bench/results*", "environments/compose/*.pem")


def slugs(path: Path) -> set[str]:
    """What GitHub makes of a document's headings."""
    prose, _ = blocks(path.read_text())
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path: Path, text: str) -> Iterator[str]:
    for link in LINK.findall(blocks(text)[0]):
        if ELSEWHERE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        if not target.exists():
            yield link
        elif anchor and anchor not in slugs(target):
            yield f"{link}: no such heading"


def missing_files(text: str) -> Iterator[str]:
    """Names in the manner of code that are those of no file; `*` and `{a,b}` are understood."""
    for span in SPAN.findall(blocks(text)[0]):
        if not FILE.fullmatch(span) or any(fnmatch(span, made) for made in MADE):
            continue
        choices = re.search(r"\{([^}]*)\}", span)
        names = choices[1].split(",") if choices else [""]
        for name in names:
            pattern = span.replace(choices[0], name) if choices else span
            # What stands in capital letters stands for something.
            if not [*ROOT.glob(pattern), *ROOT.glob(re.sub(r"\b[A-Z]{2,}\b", "*", pattern))]:
                yield span


@pytest.mark.parametrize("path", documents())
def test_links_lead_somewhere(path: Path) -> None:
    assert [] == [*broken_links(path, path.read_text())]


@pytest.mark.parametrize("path", documents())
def test_files_that_are_named_are_there(path: Path) -> None:
    assert [] == [*missing_files(path.read_text())]


def test_every_document_can_be_found_from_the_readme() -> None:
    found, left = set[Path](), [ROOT / "README.md"]
    while left:
        path = left.pop()
        if path in found or path not in DOCUMENTS:
            continue
        found.add(path)
        links = [link.partition("#")[0] for link in LINK.findall(path.read_text())]
        left += [(path.parent / link).resolve() for link in links if not ELSEWHERE.match(link)]
    records = {path for path in DOCUMENTS if path.parent.name == "adr"}
    assert {*DOCUMENTS} - records <= found


def test_documents_that_code_names_are_there() -> None:
    folders = (
        "bench",
        "environments",
        "harness",
        "reports",
        "services",
        "suites",
        ".ci",
        ".github",
    )
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [ROOT / "Makefile", ROOT / "compose.yaml", ROOT / "pyproject.toml"]
    named = {
        name
        for path in files
        for name in re.findall(rb"\bdocs/[\w/-]+\.md\b", path.read_bytes())
        if "reports/runs" not in str(path)
    }
    assert named
    assert [] == [name for name in sorted(named) if not (ROOT / name.decode()).exists()]


def test_a_broken_link_and_a_wrong_heading_are_seen() -> None:
    here = ROOT / "README.md"
    assert ["docs/none.md"] == [*broken_links(here, "see [that](docs/none.md)")]
    assert ["#no: no such heading"] == [*broken_links(here, "[that](#no)")]
    assert [] == [*broken_links(here, "[that](https://example.org/none.md) [this](#more)")]


def test_a_file_that_is_not_there_is_seen() -> None:
    assert ["docs/none.md"] == [*missing_files("`docs/none.md` and `docs/gate.md`")]
    assert ["docs/{gate,none}.md"] == [*missing_files("`docs/{gate,none}.md`")]
    assert ["docs/none/SERVICE.md"] == [*missing_files("`docs/none/SERVICE.md`")]
    assert [] == [*missing_files("`reports/runs/`, `harness/*.py`, `environments/fly/NAME`")]
