"""Each operation by itself: `pytest suites/fuzz --env local -k "POST and secrets"`."""

from typing import Any

import pytest
import schemathesis
from schemathesis import Case

from suites.fuzz.callers import Callers
from suites.fuzz.commission import given
from suites.fuzz.documents import documents


@schemathesis.pytest.parametrize(**documents(given(), "examples", "coverage"))
def test_coverage(case: Case[Any], callers: Callers) -> None:
    """Every example and every boundary of its document, whatever time it takes."""
    callers.ask(case)


@pytest.mark.timed(weight=1)
@schemathesis.pytest.parametrize(**documents(given(), "fuzzing"))
def test_generated(case: Case[Any], callers: Callers) -> None:
    """Whatever its document allows, and what it does not, for its part of the time."""
    callers.search(case)
