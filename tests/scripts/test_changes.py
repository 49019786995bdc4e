"""Which services a range of commits changes, in real repositories."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.registry import SERVICES
from tests.scripts.repository import Repository
from tests.scripts.step import PLAIN, PROJECT, SCRIPTS, step

ALL = set(SERVICES)
SHARING = {"auth", "account", "keys"}
TREE = {
    ".dockerignore": "*\n",
    "README.md": "",
    "harness/gate.py": "",
    "services/Dockerfile": 'CMD ["python", "-m", "services.server", "auth"]\n',
    "services/requirements.lock": "",
    "services/__init__.py": "",
    "services/server.py": "from services import log\n",
    "services/log.py": "",
    "services/forward.py": "from .hop import passed_on\n",
    "services/hop.py": "",
    "services/application.py": "import services.health\n",
    "services/health.py": "",
    "services/openapi.py": "def all():\n    from services.keys import app\n",
    "services/tables.py": "",
    "services/migrations/upgrade.py": "",
    "services/migrations/script.py.mako": "",
    "services/edge/app.py": "from services.forward import x\n",
    "services/frontend/app.py": "from services.application import create\n",
    "services/frontend/static/app.js": "",
    "services/gateway/app.py": "from services import forward, openapi\n",
    "services/gateway/openapi.json": "",
    **{f"services/{name}/app.py": "import services.tables\n" for name in sorted(SHARING)},
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("changes") / "repository", TREE)


def changed(repository: Repository, head: str, base: str = "") -> dict[str, str]:
    ended = step(repository.path, "changed-services", base or f"{head}~1", head)
    assert (ended.code, ended.err) == (0, "")
    return dict(line.split("\t") for line in ended.out.splitlines())


CASES = {
    "services/auth/app.py": {"auth"},
    "services/gateway/openapi.json": {"gateway"},
    "services/frontend/static/app.js": {"frontend"},
    "services/frontend/new.svg": {"frontend"},
    "services/edge/app.py": set(),
    "services/tables.py": SHARING,
    "services/migrations/upgrade.py": SHARING,
    "services/migrations/script.py.mako": SHARING,
    "services/new.py": SHARING,
    "services/forward.py": SHARING | {"gateway"},
    "services/hop.py": SHARING | {"gateway"},
    "services/openapi.py": SHARING | {"gateway"},
    "services/application.py": SHARING | {"frontend"},
    "services/health.py": SHARING | {"frontend"},
    "services/__init__.py": ALL,
    "services/server.py": ALL,
    "services/log.py": ALL,
    "services/Dockerfile": ALL,
    "services/Dockerfile.dockerignore": ALL,
    "services/requirements.lock": ALL,
    "services/entrypoint": ALL,
    ".dockerignore": ALL,
    "README.md": set(),
    "harness/gate.py": set(),
    "services.md": set(),
}
CHANGED = """
import sys
sys.path.insert(0, sys.argv[1])
from changes import changed
for commit in sys.argv[2:]:
    print(repr(changed(f"{commit}~1", commit)))
"""


@pytest.fixture(scope="module")
def found(repository: Repository) -> dict[str, dict[str, str]]:
    """What each case changes, each in a commit of its own."""
    commits = repository.commits({path: f"{TREE.get(path, '')}# changed\n"} for path in CASES)
    lines = _python(repository.path, CHANGED, str(SCRIPTS), *commits)
    return dict(zip(CASES, map(ast.literal_eval, lines), strict=True))


@pytest.mark.parametrize("path", CASES)
def test_a_file_changes_the_services_that_it_concerns(
    found: dict[str, dict[str, str]], path: str
) -> None:
    assert found[path] == dict.fromkeys(CASES[path], path)


def test_a_removed_file_and_both_names_of_a_renamed_one_count(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "one", TREE)
    (moved,) = repository.commits(
        [{"services/keys/app.py": None, "services/auth/moved.py": TREE["services/keys/app.py"]}]
    )
    assert set(changed(repository, moved)) == {"keys", "auth"}


def test_a_module_counts_from_the_commit_on_that_imports_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "one", {**TREE, "services/text.py": ""})
    before, importing, head = repository.commits(
        [
            {"services/text.py": "a = 1\n"},
            {"services/health.py": "def late():\n    from services import text\n"},
            {"services/text.py": "a = 2\n"},
        ]
    )
    assert set(changed(repository, before)) == SHARING
    assert set(changed(repository, head)) == SHARING | {"frontend"}
    assert set(changed(repository, importing, before)) == SHARING | {"frontend"}


def test_nothing_between_a_commit_and_itself(repository: Repository) -> None:
    assert changed(repository, repository.first, repository.first) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "usage: changed-services BASE HEAD"),
        (["HEAD"], "usage: changed-services BASE HEAD"),
        (["nowhere", "HEAD"], "nowhere^{commit}: no such commit here"),
        (["--output=x", "HEAD"], "--output=x^{commit}: no such commit here"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(
    repository: Repository, words: list[str], said: str
) -> None:
    ended = step(repository.path, "changed-services", *words)
    assert ended.code == 2
    assert said in ended.err


def test_a_module_that_python_cannot_read_is_an_error(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "one", TREE)
    (head,) = repository.commits([{"services/health.py": "def\n"}])
    ended = step(repository.path, "changed-services", f"{head}~1", head)
    assert ended.code == 2
    assert "services/health.py, line 1" in ended.err


IMPORTED = """
import sys
sys.path.insert(0, sys.argv[1])
from changes import imported
print(*imported(sys.argv[2]), sep="\\n")
"""
LOADED = """
import sys
import services.{0}.app, services.{0}.settings, services.server, services.probe
for name, module in sys.modules.items():
    if name.split(".")[0] == "services":
        print(module.__file__.split("/services/")[-1])
"""


@pytest.mark.parametrize("service", ["gateway", "frontend"])
def test_what_a_service_really_loads_is_among_what_it_is_found_to_import(
    tmp_path: Path, service: str
) -> None:
    files = [*PROJECT.glob("services/**/*.py"), PROJECT / "services/Dockerfile"]
    tree = {str(file.relative_to(PROJECT)): file.read_text() for file in files}
    path = Repository(tmp_path / "one", tree).path
    loaded = _python(path, LOADED.format(service))
    found = _python(path, IMPORTED, str(SCRIPTS), service)
    assert {f"services/{file}" for file in loaded} <= set(found)
    assert f"{service}/app.py" in loaded
    assert "services/tables.py" not in found


def _python(folder: Path, code: str, *words: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
