"""`env`: what environment files say and whether they are right."""

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # its types are a package apart
import pytest
import yaml

from harness.model import Judgement, Reason
from harness.records import read
from tests.harness.cli.command import ROOT, good, keyarc_verify, smoke

MINE = """
name: mine
description: One of mine.
identities: {me: {token: '${env:TOKEN}'}}
services: {web: {url: 'http://127.0.0.1:9', identity: me}}
"""
SECRET = "hunter2-hunter2-hunter2"


def own(folder: Path, text: str = MINE) -> Path:
    (folder / "environments").mkdir()
    (folder / "environments" / "mine.yaml").write_text(text)
    return folder


def test_list_shows_own_environments_beside_those_that_are_shipped(tmp_path: Path) -> None:
    done = keyarc_verify(own(tmp_path), "env", "list")
    assert done.code == 0
    assert "mine         1 service    environments/mine.yaml\n" in done.out
    assert "             One of mine.\n" in done.out
    assert "\nlocal " in done.out


def test_list_is_json_too(tmp_path: Path) -> None:
    done = keyarc_verify(own(tmp_path), "env", "list", "--format", "json")
    [mine] = [each for each in json.loads(done.out) if each["name"] == "mine"]
    assert (mine["services"], mine["problem"]) == (1, None)


def test_a_broken_file_does_not_keep_the_others_from_being_listed(tmp_path: Path) -> None:
    done = keyarc_verify(own(tmp_path, "name: ["), "env", "list")
    assert done.code == 0
    assert "broken: `keyarc-verify env validate mine`" in done.out
    assert "\nlocal " in "\n" + done.out


@pytest.mark.parametrize(
    ("output_format", "load"), [("yaml", yaml.safe_load), ("json", json.loads)]
)
def test_show_fills_in_what_the_file_leaves_unsaid_and_no_secret(
    tmp_path: Path, output_format: str, load: "type[dict[str, object]]"
) -> None:
    arguments = ("env", "show", "mine", "--format", output_format)
    done = keyarc_verify(own(tmp_path), *arguments, variables={"TOKEN": SECRET})
    shown = load(done.out)  # type: ignore[arg-type]
    assert (done.code, shown["name"]) == (0, "mine")
    assert shown["services"]["web"]["health"]["path"] == "/health"  # type: ignore[index]
    assert shown["identities"]["me"]["token"] == "${env:TOKEN}"  # type: ignore[index]
    assert SECRET not in done.out


def test_what_is_shown_is_a_valid_file_that_says_the_same(tmp_path: Path) -> None:
    shown = keyarc_verify(ROOT, "env", "show", "local").out
    (tmp_path / "local.yaml").write_text(shown)
    again = keyarc_verify(tmp_path, "env", "show", "./local.yaml")
    assert (again.code, yaml.safe_load(again.out)) == (0, yaml.safe_load(shown))


def test_every_shipped_environment_is_valid() -> None:
    names = sorted(file.stem for file in (ROOT / "environments").glob("*.yaml"))
    done = keyarc_verify(ROOT, "env", "validate", *names)
    assert done.code == 0, done.out
    assert done.out.count(": ok, ") == len(names) > 0


def test_validate_tells_every_problem_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        f"name: one\nservices:\n  a: {{url: 'http://a', instances: {SECRET}, helth: {{}}}}\n"
    )
    (tmp_path / "two.yaml").write_text("name: two\nservices: {a: {url: 'http://a'}}\n")
    done = keyarc_verify(tmp_path, "env", "validate", "one.yaml", "gone", "two.yaml")
    assert done.code == 2
    for part in (
        "one.yaml: line 3: services.a.instances: ",
        "one.yaml: line 3: services.a.helth: unknown key; did you mean health?",
        "gone: unknown environment 'gone'",
        "two.yaml: ok, 1 services",
    ):
        assert part in done.out
    assert SECRET not in done.out + done.err


def test_validate_finds_entries_for_checks_that_do_not_exist(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "name: one\nservices: {a: {url: 'http://a'}}\n"
        "checks: {heath.a: {off: because it is being tested}}\n"
    )
    done = keyarc_verify(tmp_path, "env", "validate", "one.yaml")
    assert done.code == 2
    assert "checks: heath.a: no check has this id; there are: " in done.out


def test_the_schema_of_environment_files_is_current() -> None:
    committed = (ROOT / "environments" / "schema.json").read_text()
    assert keyarc_verify(ROOT, "env", "schema").out == committed, "run `make schemas`"


def test_the_schema_of_verdicts_is_current() -> None:
    committed = (ROOT / "reports" / "verdict.schema.json").read_text()
    assert keyarc_verify(ROOT, "env", "schema", "--verdict").out == committed, "run `make schemas`"


def test_a_real_verdict_fits_its_schema(tmp_path: Path) -> None:
    smoke(tmp_path, good, "--only", "health.*")
    verdict = json.loads((tmp_path / "run" / "verdict.json").read_text())
    assert read(tmp_path / "run").judgement.reasons
    schema = json.loads((ROOT / "reports" / "verdict.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator.validate(verdict)
    for wrong in ({"verdict": "FINE"}, {"schema_version": 2}, {"evidence": {"a": "b"}}):
        assert not validator.is_valid({**verdict, **wrong})
    for name in verdict:
        assert not validator.is_valid({key: verdict[key] for key in verdict if key != name})


def test_every_part_of_a_verdict_is_described() -> None:
    schema = json.loads((ROOT / "reports" / "verdict.schema.json").read_text())
    for section, record in ((schema, Judgement), (schema["$defs"]["Reason"], Reason)):
        assert set(section["properties"]) == set(record.__dataclass_fields__)
        assert all(each["description"] for each in section["properties"].values())
