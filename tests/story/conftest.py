"""One stack for all stories that leave a good release serving."""

from collections.abc import Iterator

import pytest

from tests.story.site import Site, site_up


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_up(tmp_path_factory.mktemp("site")) as site:
        yield site
