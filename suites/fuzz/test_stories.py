"""Operations one after the other, along the documents' links: create, then use."""

from contextlib import suppress
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from schemathesis import Case, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema

from suites.fuzz.callers import Callers
from suites.fuzz.commission import given
from suites.fuzz.documents import documents

# The frontend's document has no links.
LINKED = ("auth", "gateway")
STEPS, ROUND = 12, 5
# What is answered depends on all that was done before: nothing is made smaller afterwards.
SETTINGS = hypothesis.settings(
    phases=[Phase.generate],
    max_examples=ROUND,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def machine(schema: BaseSchema, callers: Callers) -> type[Any]:
    """Stories of one document, told by the callers."""

    class Story(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def before_call(self, case: Case[Any]) -> None:
            callers.prepare(case)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return callers.arguments(case)

        def after_call(self, response: Response, case: Case[Any]) -> None:
            super().after_call(response, case)
            callers.after(case, response)

        def validate_response(self, response: Response, case: Case[Any], **parts: Any) -> None:
            with suppress(FailureGroup):
                super().validate_response(response, case, **parts)

    return Story


@pytest.mark.timed(weight=8)
@pytest.mark.parametrize("service", LINKED)
def test_stories(service: str, callers: Callers) -> None:
    """What one operation made, another one uses, changes and removes."""
    story = machine(documents(given(), "stateful")[service], callers)
    story._hypothesis_internal_use_seed = story.rule_order_seed = callers.seed
    story.run(settings=SETTINGS)
