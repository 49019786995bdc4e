"""From a name to a file, and from a file to an `Environment`."""

from pathlib import Path

from harness.environment.programs import Stack
from harness.environment.sections import Environment
from harness.errors import EnvironmentFileError, UsageError

_SUFFIXES = (".yaml", ".yml")


def find(name_or_file: str) -> Path:
    """The file of an environment.

    Args:
        name_or_file: A file (it ends in .yaml or .yml, or exists), or the name of one in
            environments/ under the current directory or beside the harness.

    Raises:
        UsageError: There is none; lists the known ones.
    """
    as_file = Path(name_or_file)
    if as_file.suffix in _SUFFIXES:
        if not as_file.exists():
            raise UsageError(f"there is no environment file {name_or_file}")
        return as_file
    for folder in _folders():
        named = folder / f"{name_or_file}.yaml"
        if "/" not in name_or_file and named.is_file():
            return named
    if as_file.is_file():
        return as_file
    names = ", ".join(known()) or "none"
    raise UsageError(f"unknown environment {name_or_file!r}; known here: {names}; or name a file")


def known() -> list[str]:
    """The names that `find` knows."""
    return sorted({file.stem for folder in _folders() for file in folder.glob("*.yaml")})


def parse(file: Path) -> Environment:
    """Reads an environment file; references stay as they are written.

    Raises:
        EnvironmentFileError: It cannot be read, is not YAML, or says something that it cannot.
    """
    return _parsed(file, may_borrow=True)


def _parsed(file: Path, *, may_borrow: bool) -> Environment:
    """`may_borrow`: its stack may be another file's, which has to be that one's own."""
    from pydantic import ValidationError

    from harness.environment.consistency import inconsistencies
    from harness.environment.yaml_tree import read_tree

    tree, lines = read_tree(file)
    try:
        environment = Environment.model_validate(tree)
    except ValidationError as error:
        from harness.environment.complaint import complaint

        problems = [complaint(problem, lines) for problem in error.errors(include_input=False)]
        raise EnvironmentFileError(file, problems) from None
    if environment.stack_of is not None and may_borrow:
        environment = _with_stack(file, environment)
    problems = [f"{lines.place(path)}: {problem}" for path, problem in inconsistencies(environment)]
    if problems:
        raise EnvironmentFileError(file, problems)
    return _beside(file, environment)


def stack_of(file: Path, other: str, key: str) -> Stack:
    """The `stack` of another environment, in a file beside this one.

    Raises:
        EnvironmentFileError: There is none; names the key that asked for it.
    """
    beside = file.parent / f"{other}.yaml"
    stack = _parsed(beside, may_borrow=False).stack if beside.is_file() else None
    if stack is None:
        raise EnvironmentFileError(file, [f"{key}: there is no {beside.name} with a `stack` here"])
    return stack


def _with_stack(file: Path, environment: Environment) -> Environment:
    if environment.stack is not None or environment.stack_of == file.stem:
        raise EnvironmentFileError(
            file, ["stack_of: names another file, where there is no `stack`"]
        )
    assert environment.stack_of is not None, "asked for where it is given"
    stack = stack_of(file, environment.stack_of, "stack_of")
    return environment.model_copy(update={"stack": stack})


def _folders() -> list[Path]:
    shipped = Path(__file__).parents[2] / "environments"
    return list(dict.fromkeys([Path.cwd() / "environments", shipped]))


def _beside(file: Path, environment: Environment) -> Environment:
    """A certificate file is named relative to the environment file."""
    ca_file = environment.tls.ca_file
    if ca_file is None or ca_file.startswith("${") or Path(ca_file).is_absolute():
        return environment
    absolute = str((file.parent / ca_file).resolve())
    tls = environment.tls.model_copy(update={"ca_file": absolute})
    return environment.model_copy(update={"tls": tls})
