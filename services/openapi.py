"""The OpenAPI documents of the services: `python -m services.openapi` writes them anew.

They are made from the applications, with settings that lead nowhere: no database is asked.
"""

import copy
import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from services import health, problem

PRIVATE = ("account", "keys")
HEALTH_PATHS = ("/health", "/health/live")
REF = "#/components/schemas/{model}"
ACCESS_TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

Document = dict[str, Any]


def document(app: FastAPI) -> Document:
    """An application's document, with what FastAPI leaves out of it or gets wrong."""
    made = copy.deepcopy(FastAPI.openapi(app))
    _, errors = models_json_schema([(problem.ProblemDetails, "serialization")], ref_template=REF)
    made.setdefault("components", {}).setdefault("schemas", {}).update(errors["$defs"])
    for operation in _operations(made):
        if "security" in operation:
            # FastAPI lists them as alternatives; all that we name are needed.
            operation["security"] = [
                {k: v for each in operation["security"] for k, v in each.items()}
            ]
        for response in operation["responses"].values():
            if health.MEDIA_TYPE in response.get("content", {}):
                # FastAPI adds the response class's own media type, which is never sent.
                response["content"].pop("application/json", None)
    return made


def public(gateway: Document, private: list[Document]) -> Document:
    """The gateway's document with what it forwards: seen by a client, with the gateway's answers.

    Raises:
        ValueError: Two services give one name to different things.
    """
    merged = copy.deepcopy(gateway)
    for each in map(copy.deepcopy, private):
        paths = {path: item for path, item in each["paths"].items() if path not in HEALTH_PATHS}
        for operation in _operations({"paths": paths}):
            _make_public(operation)
        _merge(merged["paths"], paths)
        _merge(merged["components"]["schemas"], each["components"]["schemas"])
    merged["components"]["securitySchemes"] = {"accessToken": ACCESS_TOKEN}
    names = [operation["operationId"] for operation in _operations(merged)]
    if len(names) != len(set(names)):
        raise ValueError(f"two services have an operation of one name: {sorted(names)}")
    return merged


def write(documents: dict[str, Document]) -> None:
    for name, made in documents.items():
        file(name).write_text(text(made), encoding="utf-8")


def file(service: str) -> Path:
    return Path(__file__).parent / service / "openapi.json"


def text(made: Document) -> str:
    return json.dumps(made, indent=2, sort_keys=True) + "\n"


def documents() -> dict[str, Document]:
    """The document of each service, by its name."""
    made = {name: document(app) for name, app in _applications().items()}
    made["gateway"] = public(made["gateway"], [made[name] for name in PRIVATE])
    return made


def _make_public(operation: Document) -> None:
    operation["security"] = [{"accessToken": []}]
    statuses = [401, 502, 504] + ([408, 413] if "requestBody" in operation else [])
    for status, described in problem.responses(*statuses).items():
        operation["responses"].setdefault(str(status), described)


def _merge(into: Document, more: Document) -> None:
    for name, value in more.items():
        if into.setdefault(name, value) != value:
            raise ValueError(f"two services give the name {name} to different things")


def _operations(made: Document) -> list[Document]:
    return [operation for item in made["paths"].values() for operation in item.values()]


def _applications() -> dict[str, FastAPI]:
    # Here, since each service's application comes to this module for its own document.
    from services.account.app import create as account
    from services.account.settings import AccountSettings
    from services.auth.app import create as auth
    from services.auth.settings import AuthSettings
    from services.frontend.app import create as frontend
    from services.frontend.settings import FrontendSettings
    from services.gateway.app import create as gateway
    from services.gateway.settings import GatewaySettings
    from services.keys.app import create as keys
    from services.keys.settings import KeysSettings

    made: dict[str, Any] = {
        "environment": "dev",
        "release_id": "none",
        "instance_id": "none",
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "jwt_secret": "-" * 32,
        "internal_token": "-" * 32,
        **{f"{name}_url": "http://127.0.0.1:1" for name in ("account", "keys", "auth", "api")},
    }
    return {
        "auth": auth(AuthSettings(**made)),
        "gateway": gateway(GatewaySettings(**made)),
        "account": account(AccountSettings(**made)),
        "keys": keys(KeysSettings(**made)),
        "frontend": frontend(FrontendSettings(**made)),
    }


if __name__ == "__main__":
    write(documents())
