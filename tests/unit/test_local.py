"""Server processes of benchmarks: told from slow ones when they end, and ended in any case."""

import signal
import subprocess
import sys
import time

import pytest

from benchmarks import main as command
from benchmarks.local import LOG_LINES_TOLD, LocalServer, ServerFailed, stop, told

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


def process_of(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


@pytest.fixture
def ended(tmp_path):
    """A server whose process has ended, with a log."""
    (tmp_path / "server.log").write_text("\n".join(f"line {n}" for n in range(30)))
    with process_of("raise SystemExit(3)") as process:
        process.wait()
        yield LocalServer("127.0.0.1:1", tmp_path, process)


class TestEnded:
    """A server that has ended is not waited for."""

    async def test_at_start(self, ended):
        """Not for a minute: the message says how it ended and where the log is, with its tail."""
        began_s = time.monotonic()
        with pytest.raises(ServerFailed, match=r"code 3.*server\.log") as failed:
            await ended.serving()

        assert time.monotonic() - began_s < 5
        assert "line 29" in str(failed.value)
        assert not ended.running

    def test_the_tail_of_the_log(self, tmp_path):
        """Some lines, and where it is; or that there is none."""
        log = tmp_path / "server.log"
        log.write_text("\n".join(f"line {n}" for n in range(30)))

        assert LOG_LINES_TOLD == told(log).count("line ")
        assert "empty" in told(tmp_path / "none.log")


class TestStop:
    """No server outlives its benchmark."""

    def test_one_that_does_not_listen(self, capsys):
        """Is killed, and that is said."""
        with process_of(DEAF) as process:
            process.stdout.readline()
            stop(process, seconds_max=0.2)

            assert -signal.SIGKILL == process.returncode
            assert "was killed" in capsys.readouterr().err

    def test_one_that_listens(self, capsys):
        """Ends by itself."""
        with process_of("import time; print(flush=True); time.sleep(60)") as process:
            process.stdout.readline()
            stop(process)

            assert -signal.SIGTERM == process.returncode
            assert "" == capsys.readouterr().err


class TestCommand:
    """What asks the command to end lets it close what it opened."""

    @pytest.fixture(autouse=True)
    def _signals(self):
        before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
        yield
        for one, handler in before.items():
            signal.signal(one, handler)

    @pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP])
    def test_signals(self, monkeypatch, asked):
        """An end like an error's, and not zero."""
        closed = []

        def app():
            try:
                signal.raise_signal(asked)
            finally:
                closed.append(asked)

        monkeypatch.setattr(command, "app", app)
        signal.signal(asked, signal.SIG_DFL)  # under nohup SIGHUP is ignored, and stays so
        with pytest.raises(SystemExit) as ended:
            command.main()

        assert (128 + asked, [asked]) == (ended.value.code, closed)

    def test_nohup(self, monkeypatch):
        """Who asked for it to go on without a terminal gets that."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        monkeypatch.setattr(command, "app", lambda: signal.raise_signal(signal.SIGHUP))

        assert None is command.main()

    @pytest.mark.parametrize("grouped", [False, True])
    def test_a_server_that_failed(self, monkeypatch, grouped):
        """A line and a code, no traceback, also where kiosks were at it."""

        def app():
            failed = ServerFailed("The server ended; see server.log")
            raise ExceptionGroup("tasks", [failed]) if grouped else failed

        monkeypatch.setattr(command, "app", app)
        with pytest.raises(SystemExit) as ended:
            command.main()

        assert "The server ended; see server.log" == ended.value.code

    def test_how_a_command_ends(self, monkeypatch):
        """By itself, as it says."""
        monkeypatch.setattr(command, "app", lambda: sys.exit(2))
        with pytest.raises(SystemExit) as ended:
            command.main()

        assert 2 == ended.value.code
