"""A toxic on a link, and how it is read and shown: as Toxiproxy has it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from pydantic import ValidationError

from harness.link import toxics
from harness.link.answer import Answer
from harness.link.refusal import Refusal, field
from harness.link.toxics import Behaviour, Stream

TYPES: Mapping[str, type[Behaviour]] = {
    "latency": toxics.Latency,
    "bandwidth": toxics.Bandwidth,
    "slow_close": toxics.SlowClose,
    "timeout": toxics.Timeout,
    "reset_peer": toxics.ResetPeer,
    "slicer": toxics.Slicer,
    "limit_data": toxics.LimitData,
    "answer": Answer,
}


@dataclass(frozen=True, slots=True)
class Toxic:
    """One toxic on one link.

    Attributes:
        stream: Which way it was asked for.
        toxicity: The share of connections that it works on.
    """

    name: str
    type: str
    stream: Stream
    toxicity: float
    behaviour: Behaviour

    @property
    def works_on(self) -> Stream:
        return self.behaviour.only or self.stream

    def shown(self) -> dict[str, Any]:
        return {
            "attributes": self.behaviour.model_dump(),
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }

    def changed(self, body: Mapping[str, Any]) -> "Toxic":
        """The same with other attributes or another toxicity; what is not named stays.

        Raises:
            Refusal: It cannot be so.
        """
        attributes = self.behaviour.model_dump() | _attributes(body)
        return replace(
            self,
            behaviour=_behaviour(self.type, attributes),
            toxicity=_toxicity(body, self.toxicity),
        )


def read(body: Mapping[str, Any]) -> Toxic:
    """A toxic as it was asked for.

    Raises:
        Refusal: It cannot be so.
    """
    kind, stream = field(body, "type", str, ""), field(body, "stream", str, "downstream")
    if stream not in ("upstream", "downstream"):
        raise Refusal(400, "stream was invalid, can be either upstream or downstream")
    if kind not in TYPES:
        raise Refusal(400, f"invalid toxic type: {kind!r}; there are: {', '.join(TYPES)}")
    return Toxic(
        name=field(body, "name", str, "") or f"{kind}_{stream}",
        type=kind,
        stream=cast(Literal["upstream", "downstream"], stream),
        toxicity=_toxicity(body, 1.0),
        behaviour=_behaviour(kind, _attributes(body)),
    )


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return field(body, "attributes", dict, None) or {}


def _toxicity(body: Mapping[str, Any], default: float) -> float:
    toxicity = float(field(body, "toxicity", (int, float), default))
    if not 0 <= toxicity <= 1:
        raise Refusal(400, f"bad request body: toxicity: {toxicity:g} is not between 0 and 1")
    return toxicity


def _behaviour(kind: str, attributes: Mapping[str, Any]) -> Behaviour:
    try:
        return TYPES[kind].model_validate(attributes)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(TYPES[kind].model_fields)
        raise Refusal(
            400, f"bad request body: {kind}: {where}: {first['msg']}; it has: {known}"
        ) from None
