"""The page: whole whatever is in a run, nothing in it that acts, and each cell leads somewhere."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model import Outcome, Result, RunRecord
from reports import html
from tests.reports.evidence import with_evidence
from tests.reports.golden import WHOLE, hostile, small
from tests.reports.matrix import Run, cell, failed
from tests.reports.page import ACTIVE, Page
from tests.reports.record import record_of

CELL = cell("kill", "process", "auth")


def page_of(record: RunRecord, directory: Path | None = None) -> Page:
    return Page(html.render(with_evidence(record, directory) if directory else record))


@pytest.mark.parametrize("name", WHOLE)
def test_every_link_leads_to_something(name: str, tmp_path: Path) -> None:
    page = page_of(WHOLE[name], tmp_path)
    links = page.values("href")
    assert len(links) > 90
    assert {str(link) for link in links} <= {f"#{id_}" for id_ in page.ids}


def test_nothing_in_it_acts_or_is_loaded(tmp_path: Path) -> None:
    page = page_of(small(), tmp_path)
    assert {name for name, _ in page.elements} & ACTIVE == set()
    assert [key for _, found in page.elements for key in found if key.startswith("on")] == []
    assert page.values("src") + page.values("style") == []


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    page = html.render(small())
    [style] = re.findall(r"<style>(.*)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.split("; ")[:2] == [
        "default-src &#x27;none&#x27;",
        f"style-src &#x27;sha256-{digest}&#x27;",
    ]
    assert "url(" not in style
    assert "@import" not in style


def test_the_verdict_and_its_reason_stand_first() -> None:
    text = page_of(WHOLE["no_go"]).text
    first = text[: text.index("Faults")]
    assert "NO_GO" in first
    assert "faults.blackhole.gateway.account: health of gateway went on to say pass" in first
    assert "89 passed, 8 failed" in first


def test_a_cell_says_in_words_what_its_colour_says() -> None:
    rows = re.findall(r"<tr>.*?</tr>", html.render(WHOLE["no_go"]), re.DOTALL)
    [row] = [row for row in rows if ">blackhole</th>" in row]
    told = Page(row).text
    assert told.count("passed") == 3
    assert told.count("failed") == 2
    assert "told of after 0.3 s, well after 0.7 s" in told


def test_failures_come_first_and_the_worst_are_open() -> None:
    page = page_of(WHOLE["hold"])
    entries = [
        found
        for name, found in page.elements
        if name == "details" and "entry" in (found["class"] or "")
    ]
    assert [found["class"] for found in entries[:3]] == ["entry open", "entry open", "entry pass"]
    assert ["open" in found for found in entries[:3]] == [True, True, False]
    assert not any("open" in found for found in entries[2:])


def test_what_was_not_run_says_why() -> None:
    page = page_of(WHOLE["not_run"])
    assert "Not run, and why" in page.text
    assert "policy.faults leaves it out" in page.text


def test_a_cell_opens_to_what_was_expected_and_seen(tmp_path: Path) -> None:
    text = page_of(record_of(failed(CELL)), tmp_path).text
    assert "health: fail; names: postgres" in text
    assert "health 503 fail, failing: postgres, 15 times" in text
    assert "logs in: served" in text
    assert "acknowledged: 212; unknown: 1" in text
    assert "There is no evidence" not in text


def test_what_is_hostile_is_shown_and_does_nothing(tmp_path: Path) -> None:
    source = html.render(with_evidence(hostile(), tmp_path))
    page = Page(source)
    assert {name for name, _ in page.elements} & ACTIVE == set()
    assert not {"\x1b", "\r", "\x00", "\u202e"} & set(source)
    assert "<script>alert(1)</script>" in page.text
    assert "\\u202eGO" in page.text


def test_a_run_that_knows_no_faults_is_a_page_too() -> None:
    page = page_of(record_of(Result(id="health.a", outcome=Outcome.PASS)))
    assert "1 check passed" in page.text
    assert "table" in {name for name, _ in page.elements}


def test_what_is_endless_is_cut_and_says_so() -> None:
    page = page_of(record_of(replace(failed(CELL), curl="x" * 100_000)))
    assert "… and 96000 characters more" in page.text


def test_it_is_left_in_the_runs_directory(tmp_path: Path) -> None:
    record = with_evidence(record_of(CELL), tmp_path)
    assert html.leave(record) == tmp_path / "report.html"
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html.render(record)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells", "report.html"]


def test_a_full_matrix_is_well_below_two_megabytes(tmp_path: Path) -> None:
    page = html.render(with_evidence(Run({}).record(), tmp_path))
    assert len(page.encode()) < 1_000_000
