"""Rules of the house that no linter knows: sizes, broad handlers, what may be imported."""

import ast
import re
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
    "server/rpc/interceptor.py",
    "server/rpc/streams.py",
    "server/storage/database.py",
}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "dill", "yaml"}


def _is_ours(path: Path) -> bool:
    return "_pb2" not in path.name and "migrations/versions" not in path.as_posix()


SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if _is_ours(path)
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    """Returns a path as people say it."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
class TestModule:
    """Every module keeps to the rules."""

    def test_says_what_it_is_for(self, path):
        """It has a docstring."""
        assert ast.get_docstring(ast.parse(path.read_text()))

    def test_is_short(self, path):
        """Modules and functions have a largest size."""
        text = path.read_text()
        functions = [
            node
            for node in ast.walk(ast.parse(text))
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
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or getattr(node.type, "id", "") == "Exception")
        ]

        assert not broad or name_of(path) in BROAD_HANDLERS

    def test_no_code_from_data(self, path):
        """Nothing that runs code from data is imported."""
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in (
                node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
            )
        }

        assert set() == names & FORBIDDEN_IMPORTS


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

    def test_ci_runs_the_readme_command(self):
        """CI does what a newcomer does."""
        assert "make test" in (ROOT / ".ci" / "run").read_text()
        assert "make test" in (ROOT / "README.md").read_text()


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)
