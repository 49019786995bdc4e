"""For every test: this folder is importable, and how the run was started changes nothing: a CI
runner's wish for colour, or a shell that has what it starts in the background ignore Ctrl-C.

The harness' own pytest plugin comes by its entry point, never from here.
"""

import os
import signal

for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS"):
    os.environ.pop(name, None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
