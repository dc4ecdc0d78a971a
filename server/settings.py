"""All settings in one table: name, default, help. Read from `hadir.toml` and `HADIR_*`.

The environment wins over the file. README.md shows the same table; a test compares them.
"""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from server.errors import SettingsInvalid
from server.vision.session import Runtime

# The least that finds all faces of LFW with eyes 24 pixels apart in VGA, which is the least that is
# recognised (`hadir-bench reach`).
DETECT_SIDE_PIXELS = 288
_OTHER_VARIABLES = {"HADIR_FAILPOINT"}


class Settings(BaseSettings):
    """The settings of one server process. Immutable."""

    model_config = SettingsConfigDict(env_prefix="HADIR_", frozen=True, extra="forbid")

    listen: str = Field("127.0.0.1:50051", description="Address and port of the gRPC server.")
    allow_plaintext: bool = Field(
        False, description="Serve without TLS on an address that is not loopback."
    )
    tls_certificate: Path | None = Field(
        None, description="Certificate chain (PEM). Read again when the file changes."
    )
    tls_key: Path | None = Field(None, description="Private key of the certificate (PEM).")
    database: str = Field(
        "sqlite:///hadir.db",
        description="`sqlite:///FILE` (relative to the settings file).",
    )
    key_file: Path = Field(
        Path("hadir.key"), description="Key that encrypts faces at rest. Back it up elsewhere."
    )
    models: str = Field("default", description="Model pack: `default` or `insightface:DIR`.")
    accept_noncommercial_models: bool = Field(
        False, description="Accept a pack whose weights are for non-commercial research only."
    )
    antispoof_models: Path | None = Field(
        None, description="Directory with the two MiniFASNet files, for passive liveness."
    )
    calibration: Path | None = Field(
        None, description="Calibration file of the model pack; the default pack ships its own."
    )
    runtime: Runtime = Field(
        Runtime.AUTO, description="`auto`, `openvino` or `onnxruntime`; auto is the faster here."
    )
    workers: int = Field(
        0, ge=0, le=64, description="Threads that analyse frames; 0 for one a usable core."
    )
    detect_side_pixels: int = Field(
        DETECT_SIDE_PIXELS,
        ge=160,
        le=1280,
        description="Longer side of the frame in which faces are looked for.",
    )
    identification_fpir: float = Field(
        0.003, gt=0, lt=0.5, description="Highest expected false-positive identification rate."
    )
    verification_fmr: float = Field(
        1e-4, gt=0, lt=0.5, description="Highest false match rate of a phone's check-in."
    )
    session_hours_device: float = Field(
        12, gt=0, le=720, description="How long a phone or kiosk stays logged in."
    )
    session_hours_staff: float = Field(
        8, gt=0, le=72, description="How long a staff account stays logged in."
    )
    activation_hours: float = Field(
        72, gt=0, le=720, description="How long an activation code may wait for its device."
    )
    upload_hours: float = Field(
        72, gt=0, le=8760, description="How long a document may wait for its request."
    )
    fingerprint_days: int = Field(
        180, ge=93, le=36500, description="How long fingerprints of check-ins' frames are kept."
    )
    refusal_days: int = Field(
        180, ge=1, le=36500, description="How long scores of refused check-ins are kept."
    )
    document_days: int = Field(
        1825, ge=1, le=36500, description="How long documents are kept after their request's days."
    )
    face_days_after_leaving: int = Field(
        90, ge=1, le=36500, description="How long faces are kept of who left the service."
    )
    repeat_minutes: float = Field(
        5, ge=0, le=120, description="A sighting this soon after a check-in repeats it."
    )
    location_accuracy_m_max: float = Field(
        150, gt=0, le=5000, description="A place less accurate than this is refused, in metres."
    )
    stream_idle_seconds: float = Field(
        15, gt=0, le=600, description="A stream on which nothing comes for so long ends."
    )
    drain_seconds: float = Field(
        15, gt=0, le=300, description="How long running work may take when the server stops."
    )
    kiosk_fps_max: float = Field(
        5, gt=0, le=30, description="Frames a second that a kiosk is asked to send at most."
    )
    time_zone: str = Field(
        "Asia/Jayapura", description="Zone of the province: dates where no site says another."
    )
    trust_clock: bool = Field(
        False, description="Believe the clock where what is stored speaks against it."
    )
    metrics_listen: str = Field(
        "",
        pattern=r"^(\S+:\d+)?$",
        description="Address and port for Prometheus (`/metrics`, plain HTTP); empty for none.",
    )
    traces_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+:\d+)?$",
        description="Collector for traces (OTLP over gRPC, `http://HOST:4317`); empty for none.",
    )
    traces_ratio: float = Field(
        0.01, ge=0, le=1, description="Share of the frames that are traced; every call is."
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Lowest level that is logged."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value}; an example is Asia/Jayapura") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Tests and commands first, then the environment, then the file named by the loader."""
        del dotenv_settings, file_secret_settings
        file = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, file


def load_settings(file: Path | None = None, **overrides: object) -> Settings:
    """Reads the settings; relative paths are meant from the settings file.

    Raises SettingsInvalid with every fault by name.
    """
    if file is not None and not file.is_file():
        raise SettingsInvalid(f"no settings file {file}; `hadir-server init` writes one")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        settings = FromFile(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"there is no setting {name}, see `hadir-server settings`"
            if fault["type"] == "extra_forbidden"
            else f"{name}: {fault['msg']}"
            for fault in error.errors()
            for name in [".".join(map(str, fault["loc"]))]
        )
        raise SettingsInvalid(f"{file}: {faults}" if file else faults) from error
    except ValueError as error:
        raise SettingsInvalid(f"{file}: {error}") from error
    return _absolute(settings, file.parent if file else Path.cwd())


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Returns each HADIR_* that names no setting: misspelled, it is ignored."""
    known = {f"HADIR_{name.upper()}" for name in Settings.model_fields} | _OTHER_VARIABLES
    return sorted(
        name for name in environment if name.startswith("HADIR_") and name.upper() not in known
    )


def sqlite_path(settings: Settings) -> Path:
    """Returns the database file. Raises SettingsInvalid for another kind of database."""
    scheme, _, path = settings.database.partition(":///")
    if scheme != "sqlite" or not path:
        raise SettingsInvalid(f"database {settings.database!r}: use sqlite:///FILE")
    return Path(path)


def _absolute(settings: Settings, base: Path) -> Settings:
    """Resolves relative paths; the result is a plain Settings."""
    values = settings.model_dump()
    for name in ("tls_certificate", "tls_key", "key_file", "antispoof_models", "calibration"):
        if values[name] is not None:
            values[name] = base.joinpath(values[name]).absolute()
    kind, colon, pack = settings.models.partition(":")
    if colon:
        values["models"] = f"{kind}:{base.joinpath(Path(pack).expanduser()).absolute()}"
    path = base.joinpath(sqlite_path(settings)).absolute()
    values["database"] = f"sqlite:///{path}"
    return Settings.model_construct(**values)
