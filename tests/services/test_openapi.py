"""The committed documents are current, valid, and rich enough to fuzz against."""

import copy
import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from starlette.types import ASGIApp

from services import openapi
from services.openapi import Document
from services.settings import load
from tests.services import openapi_rules as rules
from tests.services.test_settings import REQUIRED, SECRET

NAMES = ["account", "auth", "frontend", "gateway", "keys"]


@pytest.fixture(scope="session")
def made() -> dict[str, Document]:
    return openapi.documents()


def committed(name: str) -> Document:
    document: Document = json.loads(openapi.file(name).read_text())
    return document


def complaints(document: Document, rule: Callable[[rules.Operation], Iterator[str]]) -> list[str]:
    return [each for operation in rules.operations(document) for each in rule(operation)]


def test_each_service_has_a_document(made: dict[str, Document]) -> None:
    assert sorted(made) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_committed_document_is_current(made: dict[str, Document], name: str) -> None:
    # `python -m services.openapi` writes them anew.
    assert openapi.file(name).read_text() == openapi.text(made[name])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("environment", "status"), [("staging", 200), ("production", 404)])
def test_production_serves_no_document(
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[[ASGIApp], httpx.Client],
    name: str,
    environment: str,
    status: int,
) -> None:
    for variable, value in {**REQUIRED[name], "ENVIRONMENT": environment}.items():
        monkeypatch.setenv(variable, value)
    main = importlib.import_module(f"services.{name}.app")
    settings = importlib.import_module(f"services.{name}.settings")
    client = serve(main.create(load(getattr(settings, f"{name.title()}Settings"))))

    for path in ("/openapi.json", "/docs", "/redoc"):
        answer = client.get(path, headers={"X-Internal-Token": SECRET})
        assert answer.status_code == (status if path == "/openapi.json" else 404)


@pytest.mark.parametrize("name", NAMES)
def test_document_is_valid(name: str) -> None:
    validate(committed(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(name: str) -> None:
    document = committed(name)
    found = list(rules.references(document))
    assert found
    for reference in found:
        rules.resolved(document, {"$ref": reference})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rule", rules.RULES)
def test_document_keeps_the_rule(
    name: str, rule: Callable[[rules.Operation], Iterator[str]]
) -> None:
    document = committed(name)
    assert rules.operations(document)
    assert complaints(document, rule) == []


def test_every_document_is_made_the_same_twice(made: dict[str, Document]) -> None:
    assert openapi.documents() == made


# The public document


def test_public_document_has_the_paths_of_both_private_services(
    made: dict[str, Document],
) -> None:
    private = {*made["account"]["paths"], *made["keys"]["paths"]}
    assert set(made["gateway"]["paths"]) == private
    assert {"/health", "/health/live"} <= private


def test_public_document_speaks_of_no_internal_header(made: dict[str, Document]) -> None:
    text = openapi.text(made["gateway"]).lower()
    assert [word for word in ("internal", "x-user") if word in text] == []


def test_private_operation_needs_both_internal_headers(made: dict[str, Document]) -> None:
    for name in openapi.PRIVATE:
        for operation in rules.operations(made[name]):
            assert operation.described["security"] == [{"internalToken": [], "internalUser": []}]


def test_health_is_health_json_alone(made: dict[str, Document]) -> None:
    for document in made.values():
        for path in openapi.HEALTH_PATHS:
            for response in document["paths"][path]["get"]["responses"].values():
                assert list(response["content"]) == ["application/health+json"]


def test_one_name_for_two_things_is_an_error(made: dict[str, Document]) -> None:
    other = copy.deepcopy(made["keys"])
    other["components"]["schemas"]["ProblemDetails"]["title"] = "Another"
    with pytest.raises(ValueError, match="ProblemDetails"):
        openapi.public(made["gateway"], [other])


def test_one_operation_id_for_two_operations_is_an_error(made: dict[str, Document]) -> None:
    other = copy.deepcopy(made["account"])
    other["paths"]["/account/profile"]["get"]["operationId"] = "liveness"
    gateway = {
        **made["gateway"],
        "paths": {path: made["gateway"]["paths"][path] for path in openapi.HEALTH_PATHS},
    }
    with pytest.raises(ValueError, match="operation of one name"):
        openapi.public(gateway, [other])


# Each rule finds what it is there to find

POST = ("/keys/secrets", "post")


def spoiled(change: Callable[[Document, dict[str, Any]], object]) -> Document:
    """The public document with its most telling operation changed, and no other."""
    document = committed("gateway")
    path, method = POST
    change(document, document["paths"][path][method])
    return document


def schema_of_body(document: Document) -> dict[str, Any]:
    body: dict[str, Any] = document["components"]["schemas"]["NewSecret"]
    return body


SPOILED: list[tuple[Callable[..., Iterator[str]], Callable[..., object], str]] = [
    *(
        (rules.names_every_status, lambda _, post, n=n: post["responses"].pop(n), f"name {n}")
        for n in ("401", "408", "409", "413", "422", "502", "503", "504")
    ),
    (
        rules.limits_every_input,
        lambda document, _: schema_of_body(document)["properties"]["name"].pop("maxLength"),
        "body.name has no maxLength",
    ),
    (
        rules.limits_every_input,
        lambda document, _: schema_of_body(document)["properties"]["tags"].pop("maxItems"),
        "body.tags has no maxItems",
    ),
    (
        rules.limits_every_input,
        lambda document, _: schema_of_body(document)["properties"].update(n={"type": "integer"}),
        "body.n has no maximum",
    ),
    (
        rules.limits_every_input,
        lambda document, _: schema_of_body(document).pop("additionalProperties"),
        "body takes any member",
    ),
    (
        rules.shows_an_example_of_its_body,
        lambda document, _: [schema_of_body(document).pop(n, 0) for n in ("example", "examples")],
        "no example",
    ),
    (
        rules.shows_an_example_of_its_body,
        lambda document, _: schema_of_body(document).update(examples=[{"name": 1}]),
        "does not fit",
    ),
    (
        rules.links_what_it_creates,
        lambda _, post: post["responses"]["201"].pop("links"),
        "links to nothing",
    ),
    (
        rules.links_what_it_creates,
        lambda _, post: post["responses"]["201"]["links"].update(x={"operationId": "nowhere"}),
        "leads to no operation",
    ),
    (
        rules.links_what_it_creates,
        lambda _, post: post["responses"]["201"]["links"].update(
            x={"operationId": "read_secret", "parameters": {"other": "1"}}
        ),
        "gives other",
    ),
    (
        rules.answers_errors_as_problems,
        lambda _, post: post["responses"]["422"].pop("content"),
        "422 is no problem",
    ),
    (rules.is_described, lambda _, post: post.pop("description"), "no description"),
]


@pytest.mark.parametrize(("rule", "change", "complaint"), SPOILED)
def test_rule_finds_what_is_missing(
    rule: Callable[[rules.Operation], Iterator[str]],
    change: Callable[[Document, dict[str, Any]], object],
    complaint: str,
) -> None:
    before = complaints(committed("gateway"), rule)
    found = [each for each in complaints(spoiled(change), rule) if each not in before]
    assert any(complaint in each for each in found)
