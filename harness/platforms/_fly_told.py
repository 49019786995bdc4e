"""Of which release machines are told to be: the same image is a part of many of them.

`release_variable` names the variable. It is given with each deployment, and is what the service
then says of itself.
"""

from collections.abc import Iterator

from harness.deployment import State, Vector


def unknown(target: Vector, variable: str | None) -> Iterator[str]:
    """The services that could not be told their release, a line each."""
    for name, artifact in target.items() if variable else ():
        if not artifact.release:
            yield f"{name}: of which release it was is not known, to be told by {variable}"


def strays(state: State, target: Vector, variable: str | None) -> Iterator[str]:
    """The services whose machines are told another release than the target's, a line each."""
    for name, wanted in target.items() if variable else ():
        running = state.services.get(name)
        told = [one.release for one in running.artifacts] if running else []
        others = [release for release in told if release != wanted.release]
        if others and wanted.release:
            count = f"{len(others)} of {len(told)} machines"
            yield f"{name}: {count} have {variable}={others[0] or ''}, not {wanted.release}"
