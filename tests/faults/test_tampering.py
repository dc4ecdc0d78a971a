"""Facts that somebody tampers with, faces under another key, and a schema that is behind."""

import base64
import contextlib
import sqlite3
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, exc, text

from server.domain.face import Vector
from server.domain.match import mean_template
from server.domain.model import Consent, Device, DeviceKind, DeviceState
from server.errors import DataInvalid
from server.storage import devices, enrollments, migrate
from server.storage.database import Database
from server.storage.enrollments import Enrollment, Face, Templates
from server.storage.schema_logs import metadata
from server.storage.vault import Vault, read_key_file, write_key_file
from tests.faults.conftest import NIPS, NOW

MODEL = "test-model"
APPEND_ONLY = {
    "events": (
        "INSERT INTO events VALUES (7, 'event', :nip, 'Ani', 'bkd', 'IN', 'PHONE', 1, 1, 0, 'kantor',"
        " 1.0, 'phone-0', 0.8, 0.4, 0.3, 1.0, NULL, NULL, NULL, NULL, NULL, x'01', x'02', 1, NULL, NULL,"
        " NULL, NULL)"
    ),
    "requests": "INSERT INTO requests VALUES (:nip, 'request', x'01', 'event', 1)",
    "refusals": "INSERT INTO refusals VALUES (7, :nip, 'phone-0', 'SPOOF', 1, 0.1, 0.2, 0.3, 4.0)",
    "binding_changes": "INSERT INTO binding_changes VALUES (7, :nip, 'BOUND', 1, 'phone-0', 'bkd', '')",
    "enrollment_changes": (
        "INSERT INTO enrollment_changes VALUES (7, :nip, 'bkd', '', 1, 3, 'COMPARED', 0.1, 0.4,"
        " '', '')"
    ),
    "erasures": "INSERT INTO erasures VALUES (7, :nip, 'asked', 'bkd', 1, 4, 3, x'01')",
    "postings": "INSERT INTO postings VALUES (7, :nip, '2026-03-02', 'bkd', '', 'b', '', 1)",
    "corrections": (
        "INSERT INTO corrections VALUES ('event', :nip, 'IN', 1, NULL, 'bkd', 'listrik padam', 1,"
        " 'bkd')"
    ),
    "voids": "INSERT INTO voids VALUES ('event', :nip, :nip, 'bkd-siti', 'foto layar', 1)",
    "trial_reports": (
        "INSERT INTO trial_reports VALUES (7, 'report', :nip, 'bkd', 'phone-0', 'Merek', 'PROBLEM',"
        " 'GPS', 0, 'lambat', 1)"
    ),
}
# Without a column of an employee, or not wholly frozen: test_requests.py and test_months.py.
OTHERS = {
    "closings_no_update",
    "closings_no_delete",
    "closed_units_no_update",
    "closed_units_no_delete",
    "kiosk_changes_no_update",
    "kiosk_changes_no_delete",
    "account_changes_no_update",
    "account_changes_no_delete",
    "ledger_no_update",
    "ledger_no_delete",
    "checkpoints_no_update",
    "checkpoints_no_delete",
    "removals_no_update",
    "removals_no_delete",
    "events_only_forgets",
    "refusals_only_forgets",
    "site_changes_no_update",
    "site_changes_no_delete",
    "unit_changes_no_update",
    "unit_changes_no_delete",
    "rules_no_update",
    "rules_no_delete",
    "request_decisions_no_update",
    "request_decisions_no_delete",
    "attendance_requests_no_update",
    "attendance_requests_no_delete",
    "documents_no_update",
    "document_chunks_no_update",
}


@pytest_asyncio.fixture
async def facts(database: Database) -> Database:
    """A database with a row in every table that only grows."""

    async def work(connection) -> None:
        for statement in APPEND_ONLY.values():
            await connection.execute(text(statement), {"nip": NIPS[0]})

    await database.write(work)
    return database


class TestAppendOnly:
    """Facts are neither changed nor deleted, whoever asks."""

    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {} SET nip = nip",
            "DELETE FROM {}",
            "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        ],
    )
    async def test_refuses(self, facts: Database, table: str, statement: str) -> None:
        """The database itself refuses the statement; the row stays."""

        async def work(connection) -> None:
            await connection.exec_driver_sql(statement.format(table))

        with pytest.raises(exc.IntegrityError, match=f"{table} is append-only"):
            await facts.write(work)
        async with facts.read() as connection:
            rows = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
            assert 1 == rows.scalar()

    @pytest.mark.parametrize(
        ("table", "forgotten"),
        [
            ("events", {"frame_hash", "background_hash"}),
            ("refusals", {"similarity", "relief", "passive", "distance_m"}),
        ],
    )
    async def test_only_what_cameras_gave_is_forgotten(self, facts, table, forgotten):
        """Those columns can be emptied together, and not be filled; no other can be touched."""
        names = {column.name for column in metadata.tables[table].columns}

        async def run(connection, statement):
            await connection.exec_driver_sql(statement)

        changes = [f"{name} = {name}" for name in names - forgotten]
        for change in (*changes, *(f"{name} = 7" for name in names)):
            with pytest.raises(exc.IntegrityError, match=f"{table} is append-only"):
                await facts.write(partial(run, statement=f"UPDATE {table} SET {change}"))
        emptied = ", ".join(f"{name} = NULL" for name in forgotten)
        await facts.write(partial(run, statement=f"UPDATE {table} SET {emptied}"))

    def test_covers_the_facts(self, path: Path) -> None:
        """Two triggers for each table of facts, and no trigger that is not known."""
        names = {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}

        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            assert names | OTHERS == {name for (name,) in rows}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """The vault of a new key file."""
    write_key_file(tmp_path / "hadir.key")
    return read_key_file(tmp_path / "hadir.key")


@pytest_asyncio.fixture
async def faces(database: Database, vault: Vault) -> Database:
    """A database with the faces of two people."""

    async def work(connection) -> None:
        for number, nip in enumerate(NIPS[:2]):
            enrollment = Enrollment(nip, 3, MODEL, Consent("1", NOW), "bkd", NOW)
            templates = Templates(_vectors(number), mean_template(_vectors(number)))
            images = [b"image %d" % shot for shot in range(3)]
            await enrollments.put(connection, vault, [Face(enrollment, templates, images)])

    await database.write(work)
    return database


def _vectors(number: int) -> Vector:
    return np.random.default_rng(number).standard_normal((3, 8)).astype(np.float32)


async def _read_faces(database: Database, vault: Vault) -> dict[str, Vector]:
    """Returns the single templates of everybody whose mean can be read too."""
    async with database.read() as connection:
        means = [item async for item in enrollments.stream_means(connection, vault, MODEL)]
        found = {
            one.nip: await enrollments.templates_of(connection, vault, one.nip) for one in means
        }
    for one in means:
        np.testing.assert_array_equal(one.vector, found[one.nip].mean)
    return {nip: templates.singles for nip, templates in found.items()}


SWAP = (
    "UPDATE {0} SET {2} = (SELECT {2} FROM {0} AS other WHERE other.{1} = CASE {0}.{1}"
    " WHEN (SELECT min({1}) FROM {0}) THEN (SELECT max({1}) FROM {0})"
    " ELSE (SELECT min({1}) FROM {0}) END)"
    " WHERE {1} IN ((SELECT min({1}) FROM {0}), (SELECT max({1}) FROM {0}))"
)
FIRST = "(SELECT min(template_id) FROM templates)"
TAMPERED = {
    "two people swapped": SWAP.format("templates", "template_id", "vector"),
    "two keys swapped": SWAP.format("enrollments", "nip", "wrapped_key"),
    "row ids swapped": (
        f"UPDATE templates SET vector = (SELECT vector FROM templates WHERE template_id > {FIRST}"
        f" ORDER BY template_id LIMIT 1) WHERE template_id = {FIRST}"
    ),
    "a byte missing": (
        "UPDATE templates SET vector = substr(vector, 1, length(vector) - 1)"
        f" WHERE template_id = {FIRST}"
    ),
    "cut": f"UPDATE templates SET vector = substr(vector, 1, 5) WHERE template_id = {FIRST}",
    "empty": f"UPDATE templates SET vector = x'' WHERE template_id = {FIRST}",
    "key cut": "UPDATE enrollments SET wrapped_key = substr(wrapped_key, 1, 5)",
    "mean missing": "DELETE FROM templates WHERE kind = 'MEAN'",
    "singles missing": "DELETE FROM templates WHERE kind = 'SINGLE'",
}


class TestVault:
    """Faces at rest are bound to their key, person and row."""

    async def test_reads_back(self, faces: Database, vault: Vault) -> None:
        """With the right key everybody has the own face."""
        read = await _read_faces(faces, vault)

        assert list(NIPS[:2]) == list(read)
        for number, nip in enumerate(NIPS[:2]):
            np.testing.assert_array_equal(_vectors(number), read[nip])

    async def test_other_key_file(self, faces: Database, tmp_path: Path) -> None:
        """Another key file opens nothing."""
        write_key_file(tmp_path / "other.key")
        other = read_key_file(tmp_path / "other.key")

        with pytest.raises(DataInvalid):
            await _read_faces(faces, other)
        with pytest.raises(DataInvalid):
            async with faces.read() as connection:
                await enrollments.images(connection, other, NIPS[0])

    @pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
    async def test_tampered(self, faces: Database, vault: Vault, statement: str) -> None:
        """Rows that were swapped, changed or taken away are found."""
        await faces.write(lambda connection: connection.exec_driver_sql(statement))

        with pytest.raises(DataInvalid):
            await _read_faces(faces, vault)

    async def test_swapped_images(self, faces: Database, vault: Vault) -> None:
        """Nor can the crop of one person stand for another."""
        statement = SWAP.format("enrollment_images", "image_id", "image")
        await faces.write(lambda connection: connection.exec_driver_sql(statement))

        with pytest.raises(DataInvalid):
            async with faces.read() as connection:
                await enrollments.images(connection, vault, NIPS[0])

    @pytest.mark.parametrize(
        "content", [b"", b"?" * 44, b"x" * 32, base64.b64encode(b"k" * 31), b"\xff\xfe"]
    )
    def test_wrong_content(self, tmp_path: Path, content: bytes) -> None:
        """A key file with other content than 32 bytes in base64 is refused."""
        path = tmp_path / "hadir.key"
        path.write_bytes(content)
        path.chmod(0o600)

        with pytest.raises(DataInvalid):
            read_key_file(path)

    def test_open_to_others(self, tmp_path: Path) -> None:
        """So is one that others may read, and one that is not there."""
        path = tmp_path / "hadir.key"
        write_key_file(path)
        read_key_file(path)
        path.chmod(0o640)

        with pytest.raises(DataInvalid, match="chmod 600"):
            read_key_file(path)
        with pytest.raises(DataInvalid, match="cannot read"):
            read_key_file(tmp_path / "none.key")


class TestMigrations:
    """The file and the code agree about the schema."""

    def test_schema_equals_migrations(self, path: Path) -> None:
        """The tables that the code knows are those that the migrations make."""
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
        engine.dispose()

        assert [] == differences

    async def test_one_active_phone(self, database: Database) -> None:
        """The database refuses a second active phone of an employee, and keeps revoked ones."""

        async def bind(device_id: str, state: DeviceState) -> None:
            phone = Device(device_id, DeviceKind.PHONE, state, device_id.encode(), NOW, NIPS[0])
            await database.write(lambda connection: devices.insert_device(connection, phone))

        await bind("old", DeviceState.REVOKED)
        with pytest.raises(exc.IntegrityError):
            await bind("second", DeviceState.ACTIVE)

    def test_newest(self) -> None:
        """What a server asks for without Alembic is what Alembic calls the head."""
        assert ScriptDirectory.from_config(migrate._config()).get_current_head() == (
            migrate.newest_revision()
        )

    def test_second_accounts_are_closed(self, tmp_path: Path) -> None:
        """Of a person's open accounts of one role the first stays open; the log says what went."""
        engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
        config = migrate._config()
        row = "INSERT INTO staff VALUES (?, ?, ?, 'hash', 0, NULL, ?, NULL)"
        accounts = [
            ("later", "BKD", "1", 2), ("first", "BKD", "1", 1), ("head", "HEAD", "1", 3),
            ("nobody", "BKD", "", 4), ("nobody-else", "BKD", "", 5),
        ]  # fmt: skip
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0007")
            for account in accounts:
                connection.exec_driver_sql(row, account)
            command.upgrade(config, "0008")
            closed = "SELECT username FROM staff WHERE close_time IS NOT NULL"
            log = "SELECT username, action FROM account_changes ORDER BY sequence"
            found = [[tuple(row) for row in connection.exec_driver_sql(s)] for s in (closed, log)]
        engine.dispose()

        assert [("later",)] == found[0]
        assert [
            (name, "CREATED") for name in ("first", "later", "head", "nobody", "nobody-else")
        ] + [("later", "CLOSED")] == found[1]

    def test_upgrade_twice(self, path: Path) -> None:
        """An upgrade of the newest schema changes nothing."""
        before = path.read_bytes()

        migrate.upgrade(path)

        migrate.check(path)
        assert before == path.read_bytes()

    def test_missing(self, tmp_path: Path) -> None:
        """A file that is not there is told, and not made."""
        with pytest.raises(DataInvalid, match="hadir-server init"):
            migrate.check(tmp_path / "hadir.db")
        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("found", ["none", "0000"])
    def test_old(self, path: Path, found: str) -> None:
        """An older schema is told with what to do."""
        _set_revision(path, found)

        with pytest.raises(DataInvalid, match=f"has schema {found}.*hadir-server migrate"):
            migrate.check(path)

    def test_newer(self, path: Path) -> None:
        """The schema of a newer server is refused by server and migration."""
        _set_revision(path, "9999")

        with pytest.raises(DataInvalid, match="9999"):
            migrate.check(path)
        with pytest.raises(DataInvalid, match="9999"):
            migrate.upgrade(path)

    def test_damaged(self, path: Path) -> None:
        """A damaged file is told as such."""
        path.write_bytes(path.read_bytes()[:8192])

        with pytest.raises(DataInvalid, match="restore it from a backup"):
            migrate.check(path)

    def test_others_tables(self, tmp_path: Path) -> None:
        """A database of something else with a table of our name is left as it was."""
        path = tmp_path / "other.db"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE units (name TEXT)")

        with pytest.raises(DataInvalid, match="units already exists"):
            migrate.upgrade(path)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master").fetchall()
            assert [("units",)] == rows


def _set_revision(path: Path, revision: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        if revision != "none":
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        connection.commit()
