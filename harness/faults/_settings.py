"""The settings with which a stack starts a service, as its environment file has them."""

from collections.abc import Mapping

from harness.environment import Environment
from harness.environment.references import has_references


def settings_of(environment: Environment, service: str) -> Mapping[str, str]:
    """All of a service's, references and all; its own first."""
    stack = environment.stack
    if stack is None or service not in stack.services:
        return {}
    own = stack.services[service].env
    return {**own, **{name: text for name, text in stack.env.items() if name not in own}}


def leading_to(
    environment: Environment, service: str, dependency: str, url: str
) -> Mapping[str, str]:
    """The settings of a service that say where a dependency is, with another place in it."""
    reference = f"${{stack:{dependency}.url}}"
    settings = settings_of(environment, service)
    return {
        name: text.replace(reference, url) for name, text in settings.items() if reference in text
    }


def first_with_reference(environment: Environment, service: str) -> str | None:
    """The name of the first setting that stands for something of the stack."""
    settings = settings_of(environment, service)
    return next((name for name, text in settings.items() if has_references(text)), None)
