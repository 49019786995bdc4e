"""A GitHub for the tests that ask for one: a stand-in, see `stand_in.py`."""

from collections.abc import Iterator

import pytest

from tests.harness.ledger.stand_in import GitHub, standing_in


@pytest.fixture
def github() -> Iterator[GitHub]:
    with standing_in() as running:
        yield running
