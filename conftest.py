"""For every test: this folder is importable, and a CI runner's wish for colour changes nothing.

The harness' own pytest plugin comes by its entry point, never from here.
"""

import os

for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS"):
    os.environ.pop(name, None)
