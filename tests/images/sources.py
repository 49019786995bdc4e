"""What a service is made of, by its imports."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOYED = ("auth", "gateway", "account", "keys", "frontend")
TARGETS = (*DEPLOYED, "edge")
STORED = ("auth", "account", "keys")
# Files that are read and not imported.
READ = {"gateway": {"services/gateway/openapi.json"}}
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in (ROOT / "services").rglob("*.py")
}


def imported(module: str) -> set[str]:
    """What a module imports when it is imported itself: what stands in a function is for others."""
    names: set[str] = set()
    for node in ast.parse(MODULES[module].read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def closure(*modules: str) -> set[str]:
    """These modules of services, all that they import of it, and the packages these are in."""
    found: set[str] = set()
    ahead = list(modules)
    while ahead:
        module = ahead.pop()
        if module not in MODULES or module in found:
            continue
        found.add(module)
        ahead += [module.rpartition(".")[0], *imported(module)]
    return found


def files(target: str) -> set[str]:
    """What has to be in a target's image, relative to the project's root."""
    start = ["services.server", "services.probe", f"services.{target}.main"]
    if target in STORED:
        start += [name for name in MODULES if name.startswith("services.migrations")]
    needed = {MODULES[name] for name in closure(*start)}
    # A service's folder as it is, its page included.
    needed |= {
        file
        for file in (ROOT / "services" / target).rglob("*")
        if file.is_file() and file.name != "openapi.json" and "__pycache__" not in file.parts
    }
    return {str(file.relative_to(ROOT)) for file in needed} | READ.get(target, set())
