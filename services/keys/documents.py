"""What the OpenAPI document says of answers besides their bodies."""

from typing import Any

from starlette.convertors import StringConvertor, register_url_convertor


class _SecretId(StringConvertor):
    """Any one part of a path that is not the name of a list."""

    regex = r"(?!expiring$)[^/]+"


# Without it an unknown method on `/expiring` would be taken for one on a secret of that name.
register_url_convertor("secret_id", _SecretId())
ONE_SECRET = "/{secret_id:secret_id}"  # noqa: S105 - a path, not a password

_ETAG = {"ETag": {"description": "Strong; changes with each change.", "schema": {"type": "string"}}}
_ID = {"secret_id": "$response.body#/id"}
SECRET_LINKS = {
    "read": {"operationId": "read_secret", "parameters": _ID},
    "update": {
        "operationId": "update_secret",
        "parameters": {**_ID, "header.If-Match": "$response.header.ETag"},
    },
    "delete": {"operationId": "delete_secret", "parameters": _ID},
    "audit": {"operationId": "list_audit_entries", "parameters": _ID},
}
_FOLDER_ID = {"folder_id": "$response.body#/id"}
FOLDER_LINKS = {
    "update": {"operationId": "update_folder", "parameters": _FOLDER_ID},
    "delete": {"operationId": "delete_folder", "parameters": _FOLDER_ID},
    "secrets": {"operationId": "list_secrets", "parameters": _FOLDER_ID},
}


def etagged(description: str, links: dict[str, Any] | None = None) -> dict[str, Any]:
    """A success that carries an `ETag`."""
    return {"description": description, "headers": _ETAG, **({"links": links} if links else {})}
