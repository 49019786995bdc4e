"""What a document must tell besides being valid, so that one can fuzz against it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from openapi_schema_validator import OAS31Validator

from services.openapi import HEALTH_PATHS

Schema = dict[str, Any]
# Their form is their limit.
BOUNDED_FORMATS = {"uuid", "date-time", "date"}


@dataclass(frozen=True)
class Operation:
    document: Schema
    path: str
    method: str
    described: Schema

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameters(self) -> list[Schema]:
        return list(self.described.get("parameters", []))

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"]}

    @property
    def body(self) -> Schema | None:
        content: Schema = self.described.get("requestBody", {}).get("content", {})
        media: Schema | None = next(iter(content.values()), None)
        return media


def operations(document: Schema) -> list[Operation]:
    """All but those of health, which take nothing."""
    return [
        Operation(document, path, method, described)
        for path, item in document["paths"].items()
        if path not in HEALTH_PATHS
        for method, described in item.items()
    ]


def names_every_status(operation: Operation) -> Iterator[str]:
    secured, has_body = "security" in operation.described, operation.body is not None
    by_path = [each for each in operation.parameters if each["in"] == "path"]
    is_backed = operation.path != "/config.json"
    forwarded = "accessToken" in str(operation.described.get("security")) and operation.path[
        1:
    ].startswith(("account/", "keys/"))
    expected = {
        401: secured,
        403: bool(by_path) and operation.method in ("put", "delete"),
        404: bool(by_path),
        408: forwarded and has_body,
        409: 201 in operation.statuses,
        413: has_body,
        422: has_body or bool(operation.parameters),
        429: has_body and not secured,
        502: forwarded,
        503: is_backed,
        504: forwarded,
    }
    for status, needed in expected.items():
        if needed and status not in operation.statuses:
            yield f"{operation}: does not name {status}"


def limits_every_input(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield from _unlimited(operation, parameter["schema"], parameter["name"])
    if operation.body:
        yield from _unlimited(operation, operation.body["schema"], "body")


def _unlimited(operation: Operation, schema: Schema, where: str) -> Iterator[str]:
    schema = resolved(operation.document, schema)
    for branch in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        yield from _unlimited(operation, branch, where)
    match schema.get("type"):
        case "string" if not ({"enum", "const", "maxLength"} & set(schema)):
            if schema.get("format") not in BOUNDED_FORMATS:
                yield f"{operation}: {where} has no maxLength"
        case "integer" | "number":
            if not {"minimum", "exclusiveMinimum"} & set(schema):
                yield f"{operation}: {where} has no minimum"
            if not {"maximum", "exclusiveMaximum"} & set(schema):
                yield f"{operation}: {where} has no maximum"
        case "array":
            if "maxItems" not in schema:
                yield f"{operation}: {where} has no maxItems"
            yield from _unlimited(operation, schema.get("items", {}), f"{where}[]")
        case "object":
            if schema.get("additionalProperties") is not False:
                yield f"{operation}: {where} takes any member"
            for name, member in schema.get("properties", {}).items():
                yield from _unlimited(operation, member, f"{where}.{name}")


def shows_an_example_of_its_body(operation: Operation) -> Iterator[str]:
    if operation.body is None:
        return
    examples = list(_examples(operation.document, operation.body["schema"]))
    if not examples:
        yield f"{operation}: no example of the body"
    whole = {**operation.body["schema"], "components": operation.document["components"]}
    for example in examples:
        for error in OAS31Validator(whole).iter_errors(example):
            yield f"{operation}: the example does not fit: {error.message}"


def _examples(document: Schema, schema: Schema) -> Iterator[Any]:
    schema = resolved(document, schema)
    if "example" in schema:
        yield schema["example"]
    yield from schema.get("examples", [])
    for branch in (*schema.get("anyOf", []), *schema.get("oneOf", [])):
        yield from _examples(document, branch)


def links_what_it_creates(operation: Operation) -> Iterator[str]:
    if 201 not in operation.statuses:
        return
    links = operation.described["responses"]["201"].get("links", {})
    if not links:
        yield f"{operation}: creates, and links to nothing"
    known = {each.described["operationId"]: each for each in operations(operation.document)}
    for name, link in links.items():
        target = known.get(link["operationId"])
        if target is None:
            yield f"{operation}: link {name} leads to no operation"
            continue
        taken = {each["name"] for each in target.parameters}
        taken |= {f"{each['in']}.{each['name']}" for each in target.parameters}
        for parameter in set(link.get("parameters", {})) - taken:
            yield f"{operation}: link {name} gives {parameter}, which is not taken"


def answers_errors_as_problems(operation: Operation) -> Iterator[str]:
    for status, response in operation.described["responses"].items():
        if int(status) >= 400 and response.get("content", {}) != {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
        }:
            yield f"{operation}: {status} is no problem"


def is_described(operation: Operation) -> Iterator[str]:
    for name in ("summary", "description", "operationId"):
        if not operation.described.get(name):
            yield f"{operation}: no {name}"


RULES: list[Callable[[Operation], Iterator[str]]] = [
    names_every_status,
    limits_every_input,
    shows_an_example_of_its_body,
    links_what_it_creates,
    answers_errors_as_problems,
    is_described,
]


def resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
