"""The services' OpenAPI documents, as Schemathesis reads them, and which of its checks are on."""

import json
from pathlib import Path
from typing import Any

from schemathesis import Case, CheckResult, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.openapi import from_dict
from schemathesis.schemas import BaseSchema

from harness.redaction import Redactor
from suites.fuzz.commission import Commission
from suites.fuzz.ledger import Finding, Ledger

SERVICES = Path(__file__).parents[2] / "services"
# How many cases Hypothesis makes before it is asked again, with another seed.
ROUND = 25
LIMIT_S = 5.0
CHECKS: dict[str, object] = {
    "max_response_time": LIMIT_S,
    # What a document cannot say: the version has changed since (412), or must be named (428).
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "401", "403", "404", "409", "412", "428", "429"]
    },
    # It needs a second identity for each case and looks at GET alone; who may do what is a matter
    # of suites/journeys/test_permissions.py.
    "object_level_authorization": {"enabled": False},
}
# All else that Schemathesis would leave out of a curl line it has made up itself.
SECRET = ["authorization", "cookie", "set-cookie"]
NEEDLESS = {"owner_id", "folder_id", "parent_folder_id"}
PHASES = ("examples", "coverage", "fuzzing", "stateful")

LEDGER = Ledger()


def documents(commission: Commission, *phases: str) -> dict[str, BaseSchema]:
    """The document of each service, for these phases of Schemathesis alone."""
    return {name: _document(name, commission, phases) for name in commission.services}


def _document(name: str, commission: Commission, phases: tuple[str, ...]) -> BaseSchema:
    config = SchemathesisConfig.from_dict(
        {
            "seed": commission.seed,
            "phases": {
                **{phase: {"enabled": phase in phases} for phase in PHASES},
                # What is refused leads nowhere.
                "stateful": {
                    "enabled": "stateful" in phases,
                    "generation": {"mode": "positive"},
                },
            },
            "generation": {
                "max-examples": ROUND,
                "database": str(commission.corpus) if commission.corpus else "none",
                # The callers send the token, whatever is generated; `ignored_auth` leaves it out.
                "with-security-parameters": False,
            },
            "checks": CHECKS,
            "request-timeout": 2 * LIMIT_S,
            "suppress-health-check": ["all"],
            "output": {"sanitization": {"keys-to-sanitize": SECRET, "sensitive-markers": SECRET}},
        }
    )
    tree = json.loads((SERVICES / name / "openapi.json").read_text())
    schema = from_dict(_as_beginnings(tree) if "stateful" in phases else tree, config=config)
    schema.hook("after_validate")(_note)
    return schema


def _as_beginnings(tree: dict[str, Any]) -> dict[str, Any]:
    """The document without what a request may name and no other operation gives: Schemathesis
    begins no story with an operation that seems to need something of the kind."""
    for schema in tree["components"]["schemas"].values():
        # What a client sends takes nothing beside what it declares.
        if schema.get("additionalProperties") is False:
            for name in NEEDLESS & schema["properties"].keys():
                del schema["properties"][name]
    return tree


def _note(
    context: HookContext, case: Case[Any], response: Response, results: list[CheckResult]
) -> None:
    label = f"{service_of(case)} {case.operation.label}"
    failures = [(result.name, result.failure) for result in results if result.failure]
    curl = _curl(case, response) if failures else ""
    found = [_finding(label, check, failure, curl) for check, failure in failures]
    LEDGER.note(label, response.status_code, found)


def _finding(label: str, check: str, failure: Failure, curl: str) -> Finding:
    message = Redactor().text(str(failure))
    return Finding.of(label, check, failure.code, message=message, curl=curl)


def _curl(case: Case[Any], response: Response) -> str:
    line = case.as_curl_command(headers=dict(response.request.headers), verify=response.verify)
    told = line.replace("'Authorization: [Filtered]'", '"Authorization: Bearer $TOKEN"')
    return Redactor().text(told)


def service_of(case: Case[Any]) -> str:
    """Whose document a case is of."""
    title = str(case.operation.schema.raw_schema["info"]["title"])
    return title.removeprefix("KeyArc ")
