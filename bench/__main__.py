"""`make bench`: each benchmark in turn; `python -m bench smoke scale`: some of them."""

import sys

from bench import command, gate, journeys, link, scale, smoke, stack

ALL = {
    "command": command.main,
    "gate": gate.main,
    "journeys": journeys.main,
    "link": link.main,
    "scale": scale.main,
    "smoke": smoke.main,
    "stack": stack.main,
}

for name in sys.argv[1:] or ALL:
    if name not in ALL:
        raise SystemExit(f"there is no benchmark {name}; there are: {', '.join(ALL)}")
    ALL[name]()
