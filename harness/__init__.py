import sys

__version__ = "0.1.0"

# httpx would bring its own command line along, with rich, click and pygments: a fifth of the start
# of `smoke`. It takes this for their absence.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # documented: not to be found
