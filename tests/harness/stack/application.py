"""An application for stacks in tests: tells who it is, and misbehaves when its settings say so."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]

if os.environ.get("CRASH_AT_IMPORT"):
    sys.exit("the reason why it cannot start")


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[..., Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        if os.environ.get("HANG_AT_START"):
            await asyncio.sleep(3600)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    # A request that lasts until a file is there, for who wants one in flight.
    waits_for = Path(scope["path"]) if scope["path"].endswith(".let-go") else None
    while waits_for and not waits_for.exists():  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.01)
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status = int(os.environ.get("ANSWER", "200"))
    about = {
        "pid": os.getpid(),
        "scheme": scope["scheme"],
        "body": body.decode(),
        "file": __file__,
        "environment": dict(os.environ),
        "has_links": any(name.startswith("harness.link") for name in sys.modules),
    }
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(about).encode()})


def migrate() -> None:
    """A job."""
    sys.stdout.write(f"migrated {os.environ['DATABASE_URL'].partition('@')[2]}\n")
    if os.environ.get("FAIL_TO_MIGRATE"):
        sys.exit("the schema is not one that can be migrated")
