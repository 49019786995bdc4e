"""Where `environments/provision.sh` cannot go on: it ends there, and tells no password."""

from pathlib import Path

import pytest

from tests.environments.provisioning import Fly, in_the_lane


@in_the_lane
def test_postgres_that_is_not_ready_yet_is_waited_for(tmp_path: Path) -> None:
    done = Fly(tmp_path / "fly").fails(new_cluster="creating")
    assert "keyarc-postgres-staging is creating" in done.err
    assert not any(line.startswith("mpg attach") for line in done.changes)


# What is refused, and what was changed last; a look that failed is no empty one.
SHORT = [("apps list", ""), ("apps create", "apps create"), ("mpg list", "ips")]
SHORT += [("secrets import", "secrets import")]
LONG = [("secrets list", "ips")]
LONG += [(each, each) for each in ("ips allocate-v6", "mpg create", "mpg attach", "certs add")]


@pytest.mark.parametrize(
    ("refused", "last"), [*SHORT, *(pytest.param(*each, marks=in_the_lane) for each in LONG)]
)
def test_what_fly_refuses_ends_it_there_and_is_told(
    tmp_path: Path, refused: str, last: str
) -> None:
    done = Fly(tmp_path / "fly").fails(refused=[refused])
    assert "Fly says no" in done.err
    assert [line for line in done.changes[-1:] if not line.startswith(last)] == []
    assert bool(done.changes) == bool(last)
