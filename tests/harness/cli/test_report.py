"""`report`: a finished run once more."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.harness.cli.command import bad, good, keyarc_verify, smoke


def test_the_same_run_gives_the_same_report_and_is_not_judged_again(tmp_path: Path) -> None:
    first = smoke(tmp_path, bad)
    again = keyarc_verify(tmp_path, "report", "run")
    assert (first.code, again.code) == (10, 0)
    assert first.out == again.out


@pytest.mark.parametrize("output_format", ["json", "junit"])
def test_every_format_can_be_had_later(tmp_path: Path, output_format: str) -> None:
    first = smoke(tmp_path, bad, "--format", output_format)
    again = keyarc_verify(tmp_path, "report", "run", "--format", output_format)
    assert first.out == again.out
    if output_format == "json":
        assert json.loads(again.out)["verdict"] == "NO_GO"
    else:
        assert ET.fromstring(again.out).get("failures") != "0"


def test_a_run_is_found_by_its_id_and_the_last_by_that_word(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "runs"
    for run, handler in (("20260101T000000Z-b", good), ("20260102T000000Z-a", bad)):
        smoke(tmp_path, handler)
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run").rename(folder / run)
    (folder / "20260103T000000Z-c").mkdir()  # begun, and not finished
    (tmp_path / "some.yaml").unlink()
    assert "\nNO_GO " in keyarc_verify(tmp_path, "report").out
    assert "\nNO_GO " in keyarc_verify(tmp_path, "report", "last").out
    assert keyarc_verify(tmp_path, "report", "20260101T000000Z-b").out.startswith("GO ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "there is no run 'nope'; name its directory, an id below reports/runs"),
        (["last"], "there is no finished run below reports/runs"),
        (["empty"], "no finished run in empty: empty/verdict.json: No such file"),
        (["run", "--format", "xml"], "unknown format 'xml'; known: "),
    ],
)
def test_what_is_no_run_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "empty").mkdir()
    done = keyarc_verify(tmp_path, "report", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("verdict.json", '"schema_version": 1', '"schema_version": 2', "by a newer keyarc-verify"),
        ("verdict.json", "NO_GO", "GO_GO", "holds no run that this version can read"),
        ("verdict.json", "{", "", "holds no run that this version can read"),
        ("results.jsonl", '"fail"', '"pass"', "has been changed since the verdict was written"),
        ("results.jsonl", "}\n", "\n", "holds no run that this version can read"),
        ("manifest.json", "some", "other", "has been changed since the verdict was written"),
    ],
)
def test_a_run_that_is_not_as_it_was_written_is_not_shown(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    smoke(tmp_path, bad)
    path = tmp_path / "run" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    done = keyarc_verify(tmp_path, "report", "run")
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err
