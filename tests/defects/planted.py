"""KeyArc's services, one of them with the defect that is named in the file `PLANTED`.

A stack runs them as `tests.defects.planted:auth` in place of `services.auth.main:app`. The file is
read at every request: one stack serves one defective release after another.
"""

import importlib
import os
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.defects.catalogue import CATALOGUE
from tests.defects.door import Door


class Releases:
    """A service in each release of the catalogue."""

    def __init__(self, name: str, app: ASGIApp) -> None:
        self._releases = {}
        for release, entry in CATALOGUE.items():
            self._releases[release] = app
            for planted in entry.planted:
                if planted.service == name:
                    self._releases[release] = Door(self._releases[release], planted.defect)
        self._file = Path(os.environ["PLANTED"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._releases[self._file.read_text()](scope, receive, send)


def __getattr__(name: str) -> Any:
    return Releases(name, importlib.import_module(f"services.{name}.main").app)
