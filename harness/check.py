"""Checks: small async functions that look at a running system.

A suite is a Python package that an environment file names under `suites`. Every module in it is
a check file, except `resources.py` and names that begin with an underscore; a check file without
a check is an error. The id of a check is suite, module and function: `smoke.vault.secret_lives`.

    # suites/smoke/login.py
    from harness.check import check, expect, parse, step
    from harness.target import Target

    @check(service="auth")
    async def login_refuses_a_wrong_hash(target: Target, user: User) -> None:
        '''A wrong auth hash is refused with the same words as an unknown email.'''
        with step("wrong hash"):
            wrong = await target.post("/login", expect=401, json={"email": user.email, ...})
        with step("unknown email"):
            unknown = await target.post("/login", expect=401, json={...})
        expect("the same words", expected=parse(Problem, unknown).detail,
               came=parse(Problem, wrong).detail)

The docstring is what a reader sees when the check fails. What a check needs arrives by parameter
name, either something built in or a resource of the suite:

    environment  the Environment                 service  the Service that the check is about
    target       a Target for that service       targets  every Target, by the service's name
    release      the release that is expected, or None
    network      Network: where raw connections go
    traffic      Traffic: what became of all requests so far
    journal      Journal: write down what is about to be made, before it is made
    secrets      Redactor: `secrets.register(value)` keeps a value out of all that is written
    cleanup      contextlib.AsyncExitStack: closed after the check in 5 s of its own, also after a
                 failure: `cleanup.push_async_callback(vault.delete, secret.id)`

What makes data says `writes=True`, check or resource, and does not run where the environment
forbids it. A resource is made once a run, when the first check needs it, and shared. A generator's
rest is its removal; it runs after all checks, last made first, also after failures and Ctrl-C:

    # suites/smoke/resources.py   (a resource that a module imports counts as its own)
    @resource(writes=True)
    async def user(targets: Mapping[str, Target], journal: Journal) -> AsyncIterator[User]:
        '''A user who has signed up.'''
        journal.created("user", email)      # before the request that makes it
        ...
        yield user
        await ...                           # remove it
        journal.removed("user", email)

What a killed run left is removed by `keyarc-verify sweep`, with the suite's sweepers for what its
journal names (harness.sweeper).

How a check ends: `ContractViolation` or any other AssertionError is a `fail`; an exception that
is none of ours is a defect of the check, an `error`; a resource that failed leaves its checks
`skipped`. Do not catch what `target` raises: it decides about repeating (see harness.target).
A check has 10 s and so has setting up a resource; cleaning up has 5 s.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, overload

from harness.errors import ContractViolation
from harness.trail import step

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

__all__ = ["Check", "Mark", "Resource", "check", "expect", "mark_of", "parse", "resource", "step"]

CheckFunction = TypeVar("CheckFunction", bound=Callable[..., Awaitable[None]])
ResourceFunction = TypeVar(
    "ResourceFunction", bound=Callable[..., AsyncIterator[object] | Awaitable[object]]
)
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., object])
ModelType = TypeVar("ModelType", bound="BaseModel")

_MARK = "__keyarc_verify__"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a decorator notes on a function. `service` is None for a resource."""

    service: str | None
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check that can run: `needs` arrive when it does, `given` it has already.

    `service` is None where it is about none in particular. `writes`: it makes data. `last`: it
    looks at the run, and so comes after all others.
    """

    id: str
    service: str | None
    function: Callable[..., Awaitable[None]]
    given: Mapping[str, object] = field(default_factory=dict)
    writes: bool = False
    last: bool = False

    @property
    def promise(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(name for name in _parameters(self.function) if name not in self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that checks share."""

    name: str
    function: Callable[..., AsyncIterator[object] | Awaitable[object]]
    writes: bool = False

    @property
    def promise(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def needs(self) -> tuple[str, ...]:
        return _parameters(self.function)


def check(*, service: str, writes: bool = False) -> Callable[[CheckFunction], CheckFunction]:
    """Makes an async function a check of one service, named as in the environment file.

    Args:
        writes: It makes data itself; one that needs a resource which writes need not say so.
    """

    def mark(function: CheckFunction) -> CheckFunction:
        is_async = inspect.iscoroutinefunction(function)
        if not is_async:
            raise TypeError(f"check {function.__qualname__}: write `async def`")
        return _marked(function, Mark(service, writes))

    return mark


@overload
def resource(function: ResourceFunction, /) -> ResourceFunction: ...
@overload
def resource(*, writes: bool) -> Callable[[ResourceFunction], ResourceFunction]: ...
def resource(
    function: ResourceFunction | None = None, /, *, writes: bool = False
) -> ResourceFunction | Callable[[ResourceFunction], ResourceFunction]:
    """Makes an async function or async generator a resource, named as the function is.

    Args:
        writes: It makes data, so that checks which need it do not run where that is forbidden.
    """

    def mark(function: ResourceFunction) -> ResourceFunction:
        if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
            raise TypeError(f"resource {function.__qualname__}: write `async def`")
        return _marked(function, Mark(None, writes))

    return mark if function is None else mark(function)


def mark_of(candidate: object) -> Mark | None:
    """What a decorator noted on an object; None for any other object."""
    mark = getattr(candidate, _MARK, None) if inspect.isfunction(candidate) else None
    return mark if isinstance(mark, Mark) else None


def expect(claim: str, *, expected: object, came: object) -> None:
    """Fails the check unless what came equals what was expected.

    Args:
        claim: What should hold, such as `content type`.

    Raises:
        ContractViolation: They differ; the report shows both.
    """
    if expected != came:
        raise ContractViolation(claim, expected=repr(expected), came=repr(came))


def parse(model: type[ModelType], response: "httpx.Response") -> ModelType:
    """Reads an answer's JSON body into a model of the contract.

    Raises:
        ContractViolation: It does not fit; says where, never shows the values.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
    raise ContractViolation(
        f"{response.request.method} {response.request.url.path}: the body is not what was promised",
        expected=f"JSON that fits {model.__name__}",
        came=problems,
    )


def _marked(function: AnyFunction, mark: Mark) -> AnyFunction:
    if not inspect.getdoc(function):
        raise TypeError(
            f"{function.__qualname__}: a docstring is needed, it is what a failure shows"
        )
    _parameters(function)
    setattr(function, _MARK, mark)
    return function


def _parameters(function: Callable[..., object]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{function.__qualname__}: parameter {parameter} cannot be filled in")
    return tuple(parameter.name for parameter in parameters)
