"""KeyArc's services, one of them with the defect that `PLANTED` names.

A stack runs them as `tests.defects.planted:auth` in place of `services.auth.main:app`.
"""

import importlib
import os
from typing import Any

from tests.defects.catalogue import CATALOGUE
from tests.defects.door import Door


def __getattr__(name: str) -> Any:
    app = importlib.import_module(f"services.{name}.main").app
    for planted in CATALOGUE[os.environ["PLANTED"]].planted:
        if planted.service == name:
            app = Door(app, planted.defect)
    return app
