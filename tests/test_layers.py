"""The boundaries of ARCHITECTURE.md, held over the syntax trees of all modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Imports go to the same line or one above it. A name stands for a module or a whole package.
LAYERS = [
    {"errors", "model", "deployment"},
    {"verdict", "judges", "check", "ending", "trail"},
    {"registry", "environment", "redaction", "curl", "exchange", "confirmation", "target",
     "records", "journal", "sweeper", "pace", "ledger", "faults", "platforms", "stack", "checks",
     "attempt", "resources", "suite", "plan", "interruption", "network", "routing", "identities",
     "pointer", "connection", "names", "reach", "database", "healths", "skew", "rehearsal",
     "variant", "link", "look", "places", "turn", "system", "rollback", "rules", "release_id",
     "truth"},
    {"runner", "verification", "lease", "gate", "items", "plugin", "phase", "readiness", "bake",
     "sweep", "part", "collection", "recording", "session", "needs", "requirements",
     "following", "outage", "closing", "matrix"},
    {"cli", "__main__"},
]  # fmt: skip
# What each world, and reports, may import of the four.
MAY_IMPORT = {
    "harness": {"harness", "reports"},
    "suites": {"suites", "harness"},
    "services": {"services"},
    "reports": {"reports", "harness"},
}
REPORTS_MAY_IMPORT = {"harness.model", "harness.records"}
PURE = {"errors", "model", "deployment", "verdict", "judges", "ending"}
IMPURE_MODULES = {"time", "random", "socket", "subprocess", "httpx", "os", "datetime"}
HEAVY = {"schemathesis", "locust", "pytest", "alembic", "testcontainers"}


def imports(source: str, module: str, *, everywhere: bool = True) -> Iterator[str]:
    """Full names of the modules that a source imports; those inside functions too if wanted.

    Imports for type checking alone are none.
    """
    tree = ast.parse(source)
    nodes = _nodes(tree, everywhere)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            name = ".".join([*base, node.module or ""]).strip(".")
            # `from harness import records` imports a module as well.
            yield from (f"{name}.{alias.name}" for alias in node.names)


def _nodes(node: ast.AST, everywhere: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if not everywhere and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _nodes(child, everywhere)


def layer_of(module: str) -> int | None:
    """The layer of a module of `harness`; None for `harness` itself."""
    parts = module.split(".")
    if len(parts) < 2 or parts[1].startswith("__version"):
        return None
    known = [index for index, names in enumerate(LAYERS) if parts[1] in names]
    if not known:
        raise LookupError(f"{module} belongs to no layer; give it one in {Path(__file__).name}")
    return known[0]


def violations(module: str, source: str) -> list[str]:
    """Each import of a module that crosses a boundary."""
    world = module.split(".")[0]
    found = []
    for name in imports(source, module):
        other = name.split(".")[0]
        if other in MAY_IMPORT and other not in MAY_IMPORT[world]:
            found.append(f"{module} imports {name}")
        if world == "reports" and other == "harness":
            if ".".join(name.split(".")[:2]) not in REPORTS_MAY_IMPORT:
                found.append(f"{module} imports {name}")
        elif world == "harness" and other == "reports" and not module.startswith("harness.cli"):
            found.append(f"{module} imports {name}")
        elif world == other == "harness":
            own, theirs = layer_of(module), layer_of(name)
            if own is not None and theirs is not None and theirs > own:
                found.append(f"{module} imports {name}, which is above it")
    return found


def modules() -> list[tuple[str, Path]]:
    files = [file for world in MAY_IMPORT for file in sorted((ROOT / world).rglob("*.py"))]
    return [
        (".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), file)
        for file in files
    ]


def test_every_boundary_is_kept() -> None:
    found = [line for name, file in modules() for line in violations(name, file.read_text())]
    assert found == []


def test_every_module_has_a_layer() -> None:
    assert all(layer_of(name) is not None for name, _ in modules() if name.startswith("harness."))


def test_pure_modules_reach_for_nothing_outside() -> None:
    found = [
        f"{name} imports {imported}"
        for name, file in modules()
        if name.startswith("harness.") and name.split(".")[1] in PURE
        for imported in imports(file.read_text(), name)
        if imported.split(".")[0] in IMPURE_MODULES
    ]
    assert found == []


def test_heavy_libraries_are_imported_by_the_command_that_needs_them() -> None:
    allowed = {
        "harness.plugin",
        "harness.items",
        "harness.recording",
        "harness.requirements",
        "harness.closing",
    }
    found = [
        f"{name} imports {imported}"
        for name, file in modules()
        if name.startswith("harness") and name not in allowed
        for imported in imports(file.read_text(), name, everywhere=False)
        if imported.split(".")[0] in HEAVY
    ]
    assert found == []


def test_modules_of_one_layer_do_not_import_in_a_circle() -> None:
    known = {name for name, _ in modules()}
    graph = {
        name: {
            target
            for imported in imports(file.read_text(), name, everywhere=False)
            for target in (imported, imported.rpartition(".")[0])
            if target in known and target != name and not name.startswith(f"{target}.")
        }
        for name, file in modules()
    }
    assert circles(graph) == []


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Names that can be reached from themselves."""

    def reachable(name: str) -> set[str]:
        found: set[str] = set()
        ahead = list(graph.get(name, ()))
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += graph.get(one, ())
        return found

    return sorted(name for name in graph if name in reachable(name))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("harness.verdict", "from harness.records import read"),
        ("harness.verdict", "from harness import records"),
        ("harness.verdict", "def late():\n    import harness.runner"),
        ("harness.checks.health", "from harness.runner import Runner"),
        ("harness.records", "import harness.cli"),
        ("harness.records", "from .cli import main"),
        ("harness.runner", "from suites.keyarc import client"),
        ("harness.runner", "import services"),
        ("harness.runner", "import reports.text"),
        ("suites.smoke.vault", "from services.auth import app"),
        ("services.auth.app", "from harness.errors import HarnessError"),
        ("services.auth.app", "import suites.keyarc"),
        ("reports.text", "from harness.runner import Runner"),
        ("reports.text", "from suites import keyarc"),
    ],
)
def test_a_planted_violation_is_found(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("harness.runner", "from harness.journal import Journal"),
        ("harness.cli.smoke", "import reports.text"),
        ("suites.smoke.vault", "from harness.check import check"),
        ("harness.verdict", "if TYPE_CHECKING:\n    from harness.records import read"),
    ],
)
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_a_module_without_a_layer_is_found() -> None:
    with pytest.raises(LookupError, match=r"harness\.utils belongs to no layer"):
        violations("harness.utils", "import harness.model")


def test_a_planted_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b"]
