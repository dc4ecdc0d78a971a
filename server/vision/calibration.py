"""Finds the calibration of a model: a file of the operator's own, or the one that is shipped."""

from importlib import resources
from pathlib import Path

from server.domain.calibration import Calibration
from server.errors import ModelInvalid

_HOW = "measure one with `hadir-bench accuracy --calibration FILE` and name it in the settings"


def load_calibration(model_version: str, override: Path | None) -> Calibration:
    """Returns the calibration of a model version, from `override` if it is given.

    Raises ModelInvalid if there is none, or it is damaged or of another model.
    """
    if override is not None:
        source = override.read_text if override.is_file() else None
        place = str(override)
    else:
        shipped = resources.files("server") / "calibration" / f"{model_version}.json"
        source = shipped.read_text if shipped.is_file() else None
        place = f"server/calibration/{model_version}.json"
    if source is None:
        raise ModelInvalid(f"no calibration at {place}: {_HOW}", model_version=model_version)
    try:
        calibration = Calibration.parse(source(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelInvalid(f"{place}: {error}; {_HOW}", model_version=model_version) from error
    if calibration.model_version != model_version:
        other = calibration.model_version
        raise ModelInvalid(
            f"{place} is of the model {other}, the server runs {model_version}: {_HOW}",
            model_version=model_version,
        )
    return calibration
