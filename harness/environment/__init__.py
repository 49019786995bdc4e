"""Environment files: YAML in, a checked `Environment` out.

`find` turns a name into a file, `parse` reads it, `resolve` fills in its references.
"""

from harness.environment.file import find, known, parse
from harness.environment.references import resolve, substitute
from harness.environment.schema import schema
from harness.environment.sections import (
    Environment,
    Health,
    Postgres,
    Program,
    PythonProgram,
    Release,
    Service,
    Stack,
    StackService,
    Tls,
)

__all__ = [
    "Environment",
    "Health",
    "Postgres",
    "Program",
    "PythonProgram",
    "Release",
    "Service",
    "Stack",
    "StackService",
    "Tls",
    "find",
    "known",
    "parse",
    "resolve",
    "schema",
    "substitute",
]
