"""Settings: file and environment, which of them wins, and what is refused."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.errors import SettingsInvalid
from server.settings import Settings, load_settings, sqlite_path
from server.vision.session import Runtime

FIELDS = Settings.model_fields
NUMBERS = [name for name, field in FIELDS.items() if field.annotation in {int, float}]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine's own, and a folder without a file."""
    for name in [name for name in os.environ if name.upper().startswith("HADIR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(directory: Path, text: str) -> Path:
    """Writes a settings file."""
    file = directory / "hadir.toml"
    file.write_text(text)
    return file


class TestSources:
    """Defaults, then the file, then the environment, then what a command says."""

    def test_defaults_need_no_file(self, tmp_path: Path) -> None:
        """A server for this machine only."""
        loaded = load_settings()

        assert ("127.0.0.1:50051", False, "default") == (
            loaded.listen, loaded.allow_plaintext, loaded.models,
        )  # fmt: skip
        assert tmp_path / "hadir.db" == sqlite_path(loaded)

    def test_a_file_is_read(self, tmp_path: Path) -> None:
        """With its types."""
        file = written(
            tmp_path,
            'listen = "0.0.0.0:1"\nworkers = 3\nruntime = "openvino"\nkiosk_fps_max = 2.5\n',
        )

        loaded = load_settings(file)

        assert ("0.0.0.0:1", 3, Runtime.OPENVINO, 2.5) == (
            loaded.listen, loaded.workers, loaded.runtime, loaded.kiosk_fps_max,
        )  # fmt: skip

    def test_the_environment_wins_over_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a container or a unit file needs it."""
        file = written(tmp_path, "workers = 3\nactivation_hours = 1\n")
        monkeypatch.setenv("HADIR_WORKERS", "5")
        monkeypatch.setenv("HADIR_ALLOW_PLAINTEXT", "true")

        loaded = load_settings(file)

        assert (5, 1, True) == (loaded.workers, loaded.activation_hours, loaded.allow_plaintext)

    def test_a_command_wins_over_both(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Tests and the demo choose their own port."""
        monkeypatch.setenv("HADIR_WORKERS", "5")

        assert 7 == load_settings(written(tmp_path, "workers = 3\n"), workers=7).workers

    def test_a_second_file_is_not_the_first(self, tmp_path: Path) -> None:
        """Nothing is kept from one load to the next."""
        load_settings(written(tmp_path, "workers = 3\n"))

        assert 0 == load_settings().workers

    def test_are_immutable(self) -> None:
        """A running server does not change under its feet."""
        with pytest.raises(ValidationError):
            load_settings().workers = 2


class TestPaths:
    """Relative paths are meant from the settings file."""

    @pytest.mark.parametrize(
        "name", ["tls_certificate", "tls_key", "key_file", "antispoof_models", "calibration"]
    )
    def test_are_resolved(self, tmp_path: Path, name: str) -> None:
        """Wherever the server is started."""
        folder = tmp_path / "etc"
        folder.mkdir()
        file = written(folder, f'{name} = "sub/file"\n')

        assert folder / "sub/file" == getattr(load_settings(file), name)
        assert Path("/abs/file") == getattr(load_settings(file, **{name: "/abs/file"}), name)

    def test_of_the_database(self, tmp_path: Path) -> None:
        """The part behind sqlite:///."""
        folder = tmp_path / "etc"
        folder.mkdir()
        file = written(folder, 'database = "sqlite:///data/hadir.db"\n')

        assert folder / "data/hadir.db" == sqlite_path(load_settings(file))
        other = load_settings(file, database="sqlite:////srv/hadir.db")
        assert Path("/srv/hadir.db") == sqlite_path(other)

    def test_of_a_model_pack(self, tmp_path: Path) -> None:
        """The part behind insightface:."""
        folder = tmp_path / "etc"
        folder.mkdir()
        file = written(folder, 'models = "insightface:packs/buffalo_l"\n')

        assert f"insightface:{folder}/packs/buffalo_l" == load_settings(file).models

    def test_a_file_named_from_here_gives_absolute_paths(self, tmp_path: Path) -> None:
        """`-c hadir.toml` in another folder later finds the same key."""
        written(tmp_path, "")

        assert tmp_path / "hadir.key" == load_settings(Path("hadir.toml")).key_file

    @pytest.mark.parametrize("database", ["postgresql://host/hadir", "hadir.db", "sqlite:///", ""])
    def test_another_database_is_refused(self, database: str) -> None:
        """With what to write instead."""
        with pytest.raises(SettingsInvalid, match="sqlite:///FILE"):
            load_settings(database=database)


class TestRefusals:
    """Every fault is named."""

    def test_an_unknown_key(self, tmp_path: Path) -> None:
        """A typing error must not be a default."""
        with pytest.raises(SettingsInvalid, match="lisen"):
            load_settings(written(tmp_path, 'lisen = "0.0.0.0:1"\n'))

    def test_all_faults_at_once(self, tmp_path: Path) -> None:
        """By the names of the settings."""
        with pytest.raises(SettingsInvalid) as raised:
            load_settings(written(tmp_path, 'workers = -1\nlog_level = "LOUD"\nruntime = "x"\n'))

        assert all(name in str(raised.value) for name in ("workers", "log_level", "runtime"))

    def test_a_wrong_value_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the name of the setting too."""
        monkeypatch.setenv("HADIR_DRAIN_SECONDS", "soon")

        with pytest.raises(SettingsInvalid, match="drain_seconds"):
            load_settings()

    @pytest.mark.parametrize("content", [b"listen = \n", b"\xff\xfe", b"a = 1\na = 2\n"])
    def test_a_file_that_is_no_toml(self, tmp_path: Path, content: bytes) -> None:
        """With its name."""
        file = tmp_path / "hadir.toml"
        file.write_bytes(content)

        with pytest.raises(SettingsInvalid, match=r"hadir\.toml"):
            load_settings(file)

    def test_a_file_that_is_missing(self, tmp_path: Path) -> None:
        """And how to get one."""
        with pytest.raises(SettingsInvalid, match="init"):
            load_settings(tmp_path / "other.toml")

    @pytest.mark.parametrize("value", [-1, 1e9])
    @pytest.mark.parametrize("name", NUMBERS)
    def test_every_number_has_a_limit_to_both_sides(self, name: str, value: float) -> None:
        """A negative count, a rate over one, hours that never end: refused before the start."""
        with pytest.raises(SettingsInvalid, match=name):
            load_settings(**{name: value})

    def test_the_numbers_are_found(self) -> None:
        """Those of the test above."""
        assert {"workers", "verification_fmr", "drain_seconds"} < {*NUMBERS} < {*FIELDS}


class TestTable:
    """The table of settings that `hadir-server settings` shows."""

    def test_every_setting_has_a_meaning(self) -> None:
        """One sentence or two."""
        meanings = {name: field.description or "" for name, field in FIELDS.items()}

        assert {} == {n: text for n, text in meanings.items() if not text[15:].endswith(".")}
