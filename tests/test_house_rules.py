"""Rules of the house that no linter knows: sizes, broad handlers, what may be imported."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import server
from server.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGES = ("server", "kiosk_client", "benchmarks", "proto")
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
# Where a broad handler may stand: edges and the tops of tasks, each logging or passing it on.
BROAD_HANDLERS = {
    "server/app.py",
    "server/gallery/gallery.py",
    "server/rpc/interceptor.py",
    "server/rpc/streams.py",
    "server/services/upkeep.py",
    "server/storage/database.py",
    "server/vision/pipeline.py",
}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "dill", "yaml"}
# hadirctl prints on purpose, through rich; the server speaks through its log alone.
FORBIDDEN_CALLS = {"print", "eval", "exec", "breakpoint"}
TEXT_FILES = {".py", ".pyi", ".proto", ".md", ".toml", ".yaml", ".json", ".mako", ""}


def _is_ours(path: Path) -> bool:
    return "_pb2" not in path.name and "migrations/versions" not in path.as_posix()


SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if _is_ours(path)
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    """Returns the tree of a module."""
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    """Returns a path as people say it."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
class TestModule:
    """Every module keeps to the rules."""

    def test_says_what_it_is_for(self, path):
        """It has a docstring."""
        assert ast.get_docstring(parsed(path))

    def test_is_short(self, path):
        """Modules and functions have a largest size."""
        text = path.read_text()
        functions = [
            node
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        long = [f.name for f in functions if f.end_lineno - f.lineno + 1 > FUNCTION_LINES_MAX]

        assert [] == long
        assert text.count("\n") <= MODULE_LINES_MAX


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
class TestSource:
    """Product code keeps to more rules."""

    def test_no_broad_handler(self, path):
        """`except Exception` stands at edges and tops of tasks only."""
        broad = [
            node
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or getattr(node.type, "id", "") == "Exception")
        ]

        assert not broad or name_of(path) in BROAD_HANDLERS

    def test_no_code_from_data(self, path):
        """Nothing that runs code from data is imported."""
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in (
                node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
            )
        }

        assert set() == names & FORBIDDEN_IMPORTS

    def test_no_call_that_does_not_belong(self, path):
        """Nothing is printed past the log or the command line, and no text is run as code."""
        called = {
            node.func.id
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }

        assert set() == called & FORBIDDEN_CALLS

    def test_a_cancelled_task_ends(self, path):
        """What takes a cancellation, alone or with everything else, raises at its end."""
        handlers = [
            node
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.ExceptHandler)
            and {"BaseException", "CancelledError"} & _caught(node)
        ]

        assert all(_passes_on(handler) for handler in handlers)

    def test_every_limit_is_used(self, path):
        """A constant like QUEUE_FRAMES_MAX that nothing compares with limits nothing."""
        limits = {name for name in _assigned(path) if name.endswith(("_MAX", "_MIN"))}
        elsewhere = {name for name in limits if (path.stem, name) in _read_elsewhere()}

        assert set() == limits - _read_in(path) - elsewhere


class TestProject:
    """The project as a whole."""

    def test_server_is_this_one(self):
        """`server` is a common name: no other package stands before ours."""
        assert ROOT in Path(server.__file__).parents

    @pytest.mark.parametrize("package", ["server", "kiosk_client", "benchmarks"])
    def test_packages_import_nothing_by_themselves(self, package):
        """An `__init__.py` is its docstring."""
        body = ast.parse((ROOT / package / "__init__.py").read_text()).body

        assert 1 == len(body)

    def test_readme_has_every_setting(self):
        """The table of settings is that of the code, with its defaults and meanings."""
        rows = re.findall(
            r"^\| `(\w+)` \| (.*?) \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE
        )
        table = {name: (default.strip("`"), meaning) for name, default, meaning in rows}

        assert table == {
            name: (_shown(field.default), field.description)
            for name, field in Settings.model_fields.items()
        }

    def test_the_list_of_broad_handlers_is_true(self):
        """A file that has none any more leaves the list."""
        assert {name_of(path) for path in SOURCES} >= BROAD_HANDLERS
        assert all("except Exception" in (ROOT / name).read_text() for name in BROAD_HANDLERS)

    def test_imports_go_downwards(self):
        """The contracts of pyproject.toml hold."""
        command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert 0 == done.returncode, done.stdout
        assert " 0 broken" in done.stdout

    def test_no_file_knows_somebodys_machine(self):
        """Paths into a home directory work for one person only."""
        home = re.compile(r"/(?:home|Users|root)/[A-Za-z]")
        folders = [ROOT / name for name in (*PACKAGES, "tests", ".ci")]
        files = [
            path
            for path in (*ROOT.iterdir(), *(p for folder in folders for p in folder.rglob("*")))
            if path.is_file() and path.suffix in TEXT_FILES and "__pycache__" not in path.parts
        ]

        assert len(files) > 100
        assert [] == [name_of(path) for path in files if home.search(path.read_text())]

    def test_ci_runs_the_readme_command(self):
        """CI does what a newcomer does."""
        assert "make test" in (ROOT / ".ci" / "run").read_text()
        assert "make test" in (ROOT / "README.md").read_text()


def _caught(handler: ast.ExceptHandler) -> set[str]:
    """Returns the names of the exceptions that a handler takes."""
    if handler.type is None:
        return {"BaseException"}
    nodes = [node for node in ast.walk(handler.type) if isinstance(node, ast.Name | ast.Attribute)]
    return {getattr(node, "id", "") or getattr(node, "attr", "") for node in nodes}


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by raising."""
    return isinstance(handler.body[-1], ast.Raise)


def _assigned(path: Path) -> set[str]:
    """Returns the constants of a module."""
    body = parsed(path).body
    targets = [
        target
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }


def _read_in(path: Path) -> set[str]:
    """Returns the names that a module reads."""
    return {
        node.id
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


@cache
def _read_elsewhere() -> frozenset[tuple[str, str]]:
    """Returns what modules import or name of others, as (last part of the module, name)."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {(node.module.rpartition(".")[2], alias.name) for alias in node.names}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((node.value.id, node.attr))
    return frozenset(found)


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)
