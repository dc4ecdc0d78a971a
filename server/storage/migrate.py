"""Brings a database file to the newest schema, in one transaction; says when it is behind."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, event, exc

from server.errors import DataInvalid

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(path: Path) -> None:
    """Creates or upgrades the database. Raises DataInvalid if the file is no database of ours."""
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
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except exc.DatabaseError as error:
        raise DataInvalid(f"{path}: {error.orig}; restore it from a backup") from error
    finally:
        engine.dispose()
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if found != newest:
        raise DataInvalid(
            f"{path} has schema {found or 'none'}, this server needs {newest}: back the file up, "
            "then run `hadir-server migrate`"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
