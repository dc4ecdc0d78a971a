"""The log: JSON lines, also of what the libraries say, and never a value of a statement."""

import errno
import io
import json
import logging
import sys

import pytest
import structlog
from prometheus_client import REGISTRY
from sqlalchemy import exc, text

from server import logs
from server.storage.database import open_database


@pytest.fixture
def configured():
    """Restores what a server's log changes for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield logs.configure
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class TestLines:
    """One JSON object a line, whoever logs."""

    def test_libraries(self, configured, capsys):
        """What asyncio and grpc log has the same form, with the traceback inside."""
        configured("INFO")
        logging.getLogger("asyncio").error("Task %s failed", "x", exc_info=ValueError("broken"))
        structlog.get_logger().info("ours", key=1)

        theirs, ours = map(json.loads, capsys.readouterr().err.splitlines())
        assert ("Task x failed", "error", "asyncio") == (
            theirs["event"], theirs["level"], theirs["logger"],
        )  # fmt: skip
        assert "ValueError" == theirs["exception"][0]["exc_type"]
        assert ("ours", "info", 1) == (ours["event"], ours["level"], ours["key"])
        assert {"timestamp"} <= theirs.keys() & ours.keys()

    def test_chatter(self, configured, capsys):
        """Libraries are heard from warnings up."""
        configured("DEBUG")
        logging.getLogger("sqlalchemy.engine").info("SELECT")

        assert "" == capsys.readouterr().err


class FullDisk(io.StringIO):
    """Takes nothing while it is full."""

    full = True

    def write(self, text):
        """Refuses as the system does."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


class TestLostLines:
    """A log that cannot be written fails nobody's call."""

    @pytest.mark.parametrize(
        "method", ["debug", "info", "warning", "error", "exception", "critical"]
    )
    def test_are_counted(self, configured, monkeypatch, method):
        """What follows once there is room is written."""
        disk = FullDisk()
        monkeypatch.setattr(sys, "stderr", disk)
        configured("DEBUG")
        log, name = structlog.get_logger(), "hadir_log_lines_lost_total"
        before = REGISTRY.get_sample_value(name)
        getattr(log, method)("lost")
        disk.full = False
        getattr(log, method)("kept")

        assert "kept" == json.loads(disk.getvalue())["event"]
        assert 1 == REGISTRY.get_sample_value(name) - before


class TestStatements:
    """The text of a database error has no values: they are names, hashes and embeddings."""

    @pytest.mark.asyncio
    async def test_hidden(self, tmp_path):
        """The statement is enough to find the fault."""
        path = tmp_path / "hadir.db"
        path.touch()
        async with open_database(path) as database, database.read() as connection:
            with pytest.raises(exc.SQLAlchemyError) as caught:
                await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "1985"})

        assert "nowhere" in str(caught.value)
        assert "1985" not in str(caught.value)
