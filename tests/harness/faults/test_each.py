"""Each fault does what it says, and its heal leaves the system as it was: a file is tested by being
there."""

from collections.abc import Awaitable, Callable

import pytest

from harness.faults import Fault, Place, Site
from harness.matrix.trial import fault_class
from harness.registry import FAULTS
from tests.harness.faults import database_effects, effects, seeing
from tests.harness.faults.conftest import Ground
from tests.harness.faults.seeing import healthy

EFFECTS: dict[str, Callable[[Site, Place], Awaitable[None]]] = {
    name: found
    for module in (effects, database_effects)
    for name, found in vars(module).items()
    if name in FAULTS.names()
}


@pytest.mark.parametrize("name", FAULTS.names())
def test_it_does_what_it_says_and_is_healed(ground: Ground, name: str) -> None:
    ground.run(_shown(ground, name))


async def _shown(ground: Ground, name: str) -> None:
    fault: Fault = fault_class(name).model_validate(effects.PARAMETERS.get(name, {}))
    site, place = ground.site, effects.PLACES[fault.at]
    assert fault.fits(site.environment, place)
    # Nothing is broken: nothing to mend, and no harm done.
    await fault.heal(site, place)
    await healthy(site)
    try:
        await fault.inject(site, place)
        await EFFECTS[name](site, place)
        assert await fault.amiss(site, place) is None
    finally:
        await fault.heal(site, place)
    await fault.heal(site, place)
    await healthy(site)


# A restart that is over looks like any other, and a busy machine is slow without a fault.
LOOKS_ALIKE = {"database_restart", "latency", "bandwidth", "slow_close", "slow_query"}


@pytest.mark.parametrize("name", sorted(set(EFFECTS) - LOOKS_ALIKE))
def test_nothing_of_it_is_seen_where_nothing_is_broken(
    ground: Ground, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "LIMIT_S", 0.1)
    place = effects.PLACES[fault_class(name).at]
    with pytest.raises((AssertionError, TimeoutError, pytest.fail.Exception)):
        ground.run(_seen(EFFECTS[name], ground.site, place))


async def _seen(effect: Callable[[Site, Place], Awaitable[None]], site: Site, place: Place) -> None:
    await effect(site, place)
