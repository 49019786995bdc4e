"""A step that has begun is done before anything comes after it."""

import asyncio

from harness.faults._whole import whole


def test_a_cancelled_loop_ends_once_its_step_has() -> None:
    assert asyncio.run(_order()) == ["begun", "done", "ended"]


async def _order() -> list[str]:
    seen: list[str] = []
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        seen.append("begun")
        begun.set()
        await may_end.wait()
        seen.append("done")

    loop = asyncio.create_task(whole(step()))
    await begun.wait()
    loop.cancel()
    asyncio.get_running_loop().call_soon(may_end.set)
    await asyncio.wait((loop,))
    assert loop.cancelled()
    return [*seen, "ended"]
