from collections.abc import Iterator

import pytest

from tests.scripts.hub import Hub, running


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as made:
        yield made
