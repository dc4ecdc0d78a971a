"""From JPEG to embeddings: models, sessions, and the way of a frame. Nothing here calls out."""

import os
import sys

# Both runtimes report their use to their makers unless told not to before they are loaded: ONNX
# Runtime to Microsoft, OpenVINO to Google Analytics (without this package it has a silent stub).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
