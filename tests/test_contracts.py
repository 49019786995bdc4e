"""What every plug-in of a kind has to keep; a new file is tested by being there."""

import inspect
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import pytest
import typer

from harness.check import Check
from harness.checks import health
from harness.cli import PANELS
from harness.environment import Environment
from harness.model import (
    Declared,
    Judgement,
    Manifest,
    Outcome,
    Reason,
    Result,
    RunRecord,
    Verdict,
)
from harness.registry import CHECKS, COMMANDS, PLATFORMS, REPORTS, Registry
from harness.verdict import judge

EVIL = "\x1b[31m<script>\r\n::error::|`\u202e\x00"
ENVIRONMENT = Environment.model_validate(
    {
        "name": "some",
        "services": {
            "front": {"url": "http://127.0.0.1:9"},
            "back": {"url": "http://127.0.0.1:9", "health": {"via": "front"}},
            "site": {"url": "https://site.example", "health": {"service_id": "site"}},
        },
    }
)


def plugins(registry: Registry) -> list[object]:
    return [pytest.param(registry.load(name), id=name) for name in registry.names()]


def finished(*results: Result) -> RunRecord:
    """A record of a run with these results."""
    declared = tuple(Declared(id=result.id) for result in results)
    verdict, reasons = judge(declared, results)
    return RunRecord(
        manifest=Manifest(
            run_id="1", tool_version="0", environment="some", started_at="", declared=declared
        ),
        results=results,
        judgement=Judgement(
            run_id="1",
            tool_version="0",
            environment="some",
            verdict=verdict,
            reasons=reasons,
            counts={str(result.outcome): 1 for result in results},
            started_at="",
            finished_at="",
            duration_ms=1.0,
        ),
        directory=None,
        sha256="0" * 64,
    )


@pytest.mark.parametrize(
    "registry", [CHECKS, COMMANDS, PLATFORMS, REPORTS], ids=lambda r: r.package
)
def test_every_plugin_says_what_it_is(registry: Registry) -> None:
    assert all(inspect.getdoc(module) for module in registry.load_all().values())
    assert registry.names()


@pytest.mark.parametrize("module", plugins(CHECKS))
def test_generic_checks_are_derived_and_promise_something(module: ModuleType) -> None:
    checks = list(module.derive(ENVIRONMENT))
    assert all(isinstance(check, Check) and check.promise for check in checks)
    assert len({check.id for check in checks}) == len(checks)
    name = module.__name__.rpartition(".")[2]
    assert all(check.id.startswith(f"{name}.") for check in checks)


def test_health_covers_every_service() -> None:
    assert set(ENVIRONMENT.services) == {check.service for check in health.derive(ENVIRONMENT)}


@pytest.mark.parametrize("module", plugins(COMMANDS))
def test_command_groups_have_a_place_in_help(module: ModuleType) -> None:
    assert module.PANEL in PANELS
    own = {command.rich_help_panel for command in module.app.registered_commands}
    assert module.app.info.name or own == {module.PANEL}


@pytest.mark.parametrize("module", plugins(COMMANDS))
def test_command_groups_are_typer_applications_with_help(module: ModuleType) -> None:
    assert isinstance(module.app, typer.Typer)
    commands = module.app.registered_commands
    assert commands
    assert all(inspect.getdoc(command.callback) for command in commands if command.callback)


@pytest.mark.parametrize("name", COMMANDS.names())
def test_command_groups_import_nothing_heavy(name: str) -> None:
    heavy = {"httpx", "pydantic", "yaml", "psutil", "pytest", "sqlalchemy", "harness.runner"}
    code = (
        f"import sys, harness.cli.{name}\n"
        f"found = {sorted(heavy)!r} and sorted(set({sorted(heavy)!r}) & set(sys.modules))\n"
        "sys.exit(', '.join(found) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", plugins(REPORTS))
@pytest.mark.parametrize("outcome", Outcome)
def test_every_format_shows_every_outcome(module: ModuleType, outcome: Outcome) -> None:
    record = finished(Result(id="some.check", outcome=outcome, message="why"))
    text = module.render(record)
    assert record.judgement.verdict in text
    assert text.endswith("\n")
    if outcome is not Outcome.PASS:
        assert "some.check" in text


@pytest.mark.parametrize("module", plugins(REPORTS))
def test_no_format_lets_a_server_write_control_characters(module: ModuleType) -> None:
    result = Result(id="a", outcome=Outcome.FAIL, message=EVIL, expected=EVIL, came=EVIL, curl=EVIL)
    text = module.render(finished(result))
    assert not {"\x1b", "\r", "\x00", "\u202e"} & set(text)


@pytest.mark.parametrize("module", plugins(REPORTS))
def test_no_format_calls_an_empty_run_go(module: ModuleType) -> None:
    assert Verdict.HOLD in module.render(finished())
    assert "GO   " not in module.render(finished())


@pytest.mark.parametrize("module", plugins(REPORTS))
def test_every_format_tells_what_befell_the_run(module: ModuleType) -> None:
    record = finished(Result(id="a", outcome=Outcome.PASS))
    reason = Reason(verdict=Verdict.HOLD, text="interrupted")
    judgement = replace(record.judgement, verdict=Verdict.HOLD, reasons=(reason,))
    assert "interrupted" in module.render(replace(record, judgement=judgement))


@pytest.mark.parametrize("module", plugins(REPORTS))
def test_every_format_shows_a_run_that_was_cut_short(module: ModuleType) -> None:
    whole = finished(Result(id="a.one", outcome=Outcome.PASS))
    declared = (*whole.manifest.declared, Declared(id="a.two"))
    verdict, reasons = judge(declared, whole.results)
    cut = replace(
        whole,
        manifest=replace(whole.manifest, declared=declared),
        judgement=replace(whole.judgement, verdict=verdict, reasons=reasons),
    )
    text = module.render(cut)
    assert "a.two" in text
    assert "did not finish" in text
