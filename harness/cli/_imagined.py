"""An environment whose references are filled in before anything is up, to plan with.

Which checks there are depends on addresses (https or not, on which port), not on where they lead.
"""

import os
from collections.abc import Mapping

from harness.environment import Environment, Stack, generated_in, missing, resolve
from harness.errors import UsageError

IMAGINED_HOST = "imagined.invalid"
# A variable stands for a whole address, or for the host in one.
_VALUES = (IMAGINED_HOST, f"https://{IMAGINED_HOST}")


def imagined(environment: Environment) -> Environment:
    """The environment as it would be, with variables that are not set, and no stack up.

    Raises:
        UsageError: It refers to what its stack does not have.
    """
    absent = [each.name for each in missing(environment, os.environ)]
    for value in _VALUES:
        variables = {**os.environ, **dict.fromkeys(absent, value)}
        try:
            return resolve(environment, _references(environment.stack), variables)
        except UsageError as error:
            problem = error
    raise problem


def _references(stack: Stack | None) -> Mapping[str, str]:
    """What a stack would make known, on ports that nobody has."""
    if stack is None:
        return {}
    found = {
        "stack:release": "imagined",
        "stack:ca_file": "/imagined.pem",
        "stack:logs": "/imagined",
        **{f"generated:{name}": "imagined" for name in generated_in(stack.model_dump_json())},
    }
    if stack.postgres:
        found["stack:postgres.url"] = f"postgresql://{IMAGINED_HOST}/imagined"
    for name, service in stack.services.items():
        host = service.tls[0] if service.tls else "127.0.0.1"
        scheme = "https" if service.tls else "http"
        found |= {f"stack:{name}.port": "1", f"stack:{name}.url": f"{scheme}://{host}:1"}
        if service.tls:
            found |= {f"stack:{name}.http_port": "2", f"stack:{name}.http_url": f"http://{host}:2"}
    return found
