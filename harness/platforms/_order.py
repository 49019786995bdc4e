"""In which order services are brought back."""

from collections.abc import Mapping

from harness.environment import Service


def dependencies_first(
    apps: Mapping[str, str], services: Mapping[str, Service]
) -> Mapping[str, str]:
    """What others depend on comes first; in a circle, as they are declared.

    Args:
        apps: What each service is called on its platform; the order of those of no account.
        services: By which dependencies are known, those that are not deployed there too.
    """
    ordered: dict[str, str] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        for dependency in services[name].depends_on if name in services else ():
            if dependency in services and dependency not in above:
                add(dependency, (*above, name))
        if name in apps:
            ordered.setdefault(name, apps[name])

    for name in apps:
        add(name, ())
    return ordered
