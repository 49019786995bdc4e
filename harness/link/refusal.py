"""What cannot be done as asked, as the API answers it."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Refusal(Exception):  # noqa: N818  an answer of the API
    """A request that cannot be done.

    Args:
        status: Of the answer.
        message: Toxiproxy's words, where it has some; what was wrong after them.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def field(
    body: Mapping[str, Any], name: str, kind: type[T] | tuple[type, ...], default: Any
) -> Any:
    """A field of a request; the default where it is missing or null.

    Raises:
        Refusal: It is there, and something else.
    """
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refusal(400, f"bad request body: {name}: {type(value).__name__} is not what it is")
    return value
