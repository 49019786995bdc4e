"""Strong entity tags of secrets, and the condition under which one may be changed.

Source: RFC 9110, 8.8.3 and 13.1.1.
"""

import re
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic.json_schema import SkipJsonSchema

from services.problem import Problem
from services.tables import Secret

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag(secret: Secret) -> str:
    """Each change of a secret gives it a new version."""
    return f'"{secret.version}"'


class IfMatch:
    """The header `If-Match`: a list of tags, or `*` for whatever version there is.

    Args:
        lines: The header's lines as they came.

    Raises:
        Problem: 422, when they are no list of tags.
    """

    def __init__(self, lines: list[str]) -> None:
        value = ", ".join(lines).strip(" \t,")
        self._given = bool(lines)
        self._any = value == "*"
        self._tags = _TAG.findall(value)
        well_formed = self._any or (self._tags and not _TAG.sub("", value).strip(" \t,"))
        if self._given and not well_formed:
            raise Problem(422, 'If-Match: must be * or tags in double quotes, such as "1".')

    def require(self, secret: Secret) -> None:
        """Compares strongly: a weak tag matches nothing.

        Raises:
            Problem: 428 without the header, 412 when no tag is that of the secret.
        """
        if not self._given:
            raise Problem(428, "If-Match is needed: the ETag of the version that you know.")
        if not self._any and etag(secret) not in self._tags:
            raise Problem(412, "The secret has changed since the version that you know.")


async def _if_match(
    request: Request,
    if_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="If-Match",
            max_length=1000,
            description="The `ETag` of the version to replace; a list of them; or `*`.",
            examples=['"1"'],
        ),
    ] = None,
) -> IfMatch:
    # The parameter is for the OpenAPI document: it holds one line of what may be several.
    return IfMatch(request.headers.getlist("if-match"))


Condition = Annotated[IfMatch, Depends(_if_match)]
