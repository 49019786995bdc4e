"""What every answer of KeyArc has in common, and the kinds of text in them."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, ClassVar, Generic, TypeVar

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from harness.check import expect, parse

MEDIA_TYPE = "application/json"


class Answer(BaseModel):
    """A body of the contract: its members are required, further ones are tolerated, so that a
    service may add one without breaking whoever verifies it, unless `never` names it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    never: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _holds_nothing_forbidden(cls, members: object) -> object:
        if isinstance(members, dict) and cls.never & members.keys():
            raise ValueError(f"must not hold {', '.join(sorted(cls.never & members.keys()))}")
        return members


def _is_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None
    return text


Base64 = Annotated[str, AfterValidator(_is_base64)]

A = TypeVar("A", bound=Answer)


class Page(Answer, Generic[A]):
    """A part of a list; `next_cursor` asks for the next one, null where there is none."""

    items: list[A]
    next_cursor: str | None


def body(model: type[A]) -> Callable[[httpx.Response], A]:
    """Reads a JSON body into a model of the contract; ContractViolation when it does not fit."""

    def read(response: httpx.Response) -> A:
        expect("content type", expected=MEDIA_TYPE, came=media_type(response))
        return parse(model, response)

    return read


def media_type(response: httpx.Response) -> str:
    """`Content-Type` without its parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
