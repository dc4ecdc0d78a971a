"""Brings a database file to the newest schema, in one transaction; says when it is behind."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event, exc

from server.errors import DataInvalid

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(path: Path) -> None:
    """Creates or upgrades the database. Raises DataInvalid if the file is no database of ours."""
    from alembic import command
    from alembic.util.exc import CommandError

    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection, _) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        connection.isolation_level = None  # sqlite3 would end our transaction at each DDL
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except exc.DatabaseError as error:
        raise DataInvalid(f"cannot migrate {path}: {error.orig}") from error
    except CommandError as error:
        raise DataInvalid(f"cannot migrate {path}: {error}") from error
    finally:
        engine.dispose()


def check(path: Path) -> None:
    """Raises DataInvalid with what to do unless the file exists at the newest schema."""
    if not path.is_file():
        raise DataInvalid(f"no database {path}; run `hadir-server init` first")
    found = _revision(path)
    newest = newest_revision()
    if found != newest:
        raise DataInvalid(
            f"{path} has schema {found or 'none'}, this server needs {newest}: back the file up, "
            "then run `hadir-server migrate`"
        )


def newest_revision() -> str:
    """Returns the revision that this version needs: the last file of the migrations.

    Without Alembic, whose import costs half a second of every start; a test compares.
    """
    names = sorted(file.name for file in (_SCRIPTS / "versions").glob("[0-9]*_*.py"))
    return names[-1].partition("_")[0]


def _revision(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            tables = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            if connection.execute(tables).fetchone() is None:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise DataInvalid(f"{path}: {error}; restore it from a backup") from error
    return str(row[0]) if row else None


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
