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
    shipped = resources.files("server") / "calibration" / f"{model_version}.json"
    place = override or shipped
    name = str(override or f"server/calibration/{model_version}.json")
    if not place.is_file():
        raise ModelInvalid(f"no calibration at {name}: {_HOW}", model_version=model_version)
    try:
        calibration = Calibration.parse(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelInvalid(f"{name}: {error}; {_HOW}", model_version=model_version) from error
    if calibration.model_version != model_version:
        other = calibration.model_version
        raise ModelInvalid(
            f"{name} is of the model {other}, the server runs {model_version}: {_HOW}",
            model_version=model_version,
        )
    return calibration
