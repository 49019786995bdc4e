"""Environment files: YAML in, a checked `Environment` out.

`find` turns a name into a file, `parse` reads it, `resolve` fills in its references.
"""

from harness.environment.demo import Demo
from harness.environment.file import find, known, parse, stack_of
from harness.environment.identity import Identity, Login
from harness.environment.insight import Insight
from harness.environment.placeholders import fill_in, placeholders
from harness.environment.policy import (
    Allowance,
    Command,
    DatabaseLook,
    LedgerPlace,
    Platform,
    PlatformCommand,
    Reading,
    Slo,
)
from harness.environment.programs import (
    Postgres,
    Program,
    PythonProgram,
    Rehearsal,
    Stack,
    StackService,
)
from harness.environment.references import (
    Missing,
    generated_in,
    missing,
    resolve,
    secrets_of,
    substitute,
)
from harness.environment.schema import schema
from harness.environment.sections import Environment, NetworkRules, Tls
from harness.environment.service import Cors, Health, PlainHttp, Release, Service

__all__ = [
    "Allowance",
    "Command",
    "Cors",
    "DatabaseLook",
    "Demo",
    "Environment",
    "Health",
    "Identity",
    "Insight",
    "LedgerPlace",
    "Login",
    "Missing",
    "NetworkRules",
    "PlainHttp",
    "Platform",
    "PlatformCommand",
    "Postgres",
    "Program",
    "PythonProgram",
    "Reading",
    "Rehearsal",
    "Release",
    "Service",
    "Slo",
    "Stack",
    "StackService",
    "Tls",
    "fill_in",
    "find",
    "generated_in",
    "known",
    "missing",
    "parse",
    "placeholders",
    "resolve",
    "schema",
    "secrets_of",
    "stack_of",
    "substitute",
]
