"""Runs one model file on one CPU runtime: the `Session` protocol and its two implementations.

A session knows threads, precision and providers; it knows nothing of faces. `run` blocks, releases
the GIL and may be called from several threads at once.
"""

import enum
import platform
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.errors import ModelInvalid

Array = NDArray[np.float32]


class Runtime(enum.StrEnum):
    """Which runtime executes a model."""

    AUTO = "auto"
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"


class Session(Protocol):
    """A loaded model with one input."""

    @property
    def name(self) -> str:
        """Runtime and precision, for logs and reports."""

    def run(self, batch: Array) -> list[Array]:
        """Returns the outputs, in the order of the file, for a float32 NCHW batch."""


def open_session(
    model: bytes,
    runtime: Runtime,
    *,
    prefer: Runtime = Runtime.OPENVINO,
    precise: bool = False,
    calls: int = 1,
    file: object = "",
) -> Session:
    """Loads a model. AUTO takes `prefer` on x86-64 and ONNX Runtime elsewhere.

    A call runs on one thread. calls: how many run at once at least. precise: fp32 even where the
    CPU is faster with less.
    """
    if runtime is Runtime.AUTO:
        runtime = prefer if platform.machine() in {"x86_64", "AMD64"} else Runtime.ONNXRUNTIME
    if runtime is Runtime.OPENVINO:
        return OpenVinoSession(model, precise=precise, calls=calls, file=file)
    return OrtSession(model, file=file)


class OrtSession:
    """ONNX Runtime: one thread a call, no spinning (onnxruntime#6895, #11841)."""

    name = "onnxruntime fp32"

    def __init__(self, model: bytes, *, file: object = "") -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as faults

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self.raw = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except (
            faults.Fail,
            faults.InvalidProtobuf,
            faults.InvalidGraph,
            faults.NotImplemented,
        ) as error:
            raise ModelInvalid(f"ONNX Runtime cannot load {file}", path=file) from error
        self._input = self.raw.get_inputs()[0].name

    def run(self, batch: Array) -> list[Array]:
        """Returns the outputs, in the order of the file."""
        outputs: list[Array] = self.raw.run(None, {self._input: batch})
        return outputs


class OpenVinoSession:
    """OpenVINO, bf16 where the CPU has it in hardware: a compiled model for each call at once.

    Two workers of the pipeline analysed 1.36 times the frames of one when they shared a compiled
    model of two streams, and 2.00 times with one each (Zen 4). A call beyond `calls` waits.
    """

    def __init__(
        self, model: bytes, *, precise: bool = False, calls: int = 1, file: object = ""
    ) -> None:
        import openvino

        core = openvino.Core()
        bf16 = not precise and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.name = "openvino bf16" if bf16 else "openvino fp32"
        hints = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        }
        # Its binding to numpy is made at the first use, and two threads whose first uses meet wait
        # for each other for ever, one with the interpreter's lock: so use it here, in one thread.
        openvino.Tensor(np.zeros(1, np.float32)).element_type.to_dtype()
        # All are compiled now, beside each other: the network and its weights in float32, 39 MB of
        # the default embedder, are not kept for later.
        self._idle: SimpleQueue[Any] = SimpleQueue()
        try:
            network = core.read_model(model)
            with ThreadPoolExecutor(calls) as executor:
                for compiled in executor.map(
                    lambda _: core.compile_model(network, "CPU", hints), range(calls)
                ):
                    self._idle.put(compiled.create_infer_request())
        except RuntimeError as error:
            raise ModelInvalid(f"OpenVINO cannot load {file}", path=file) from error

    def run(self, batch: Array) -> list[Array]:
        """Returns copies of the outputs, in the order of the file."""
        request = self._idle.get()
        try:
            request.infer({0: batch}, share_inputs=True)
            count = len(request.model_outputs)
            return [np.array(request.get_output_tensor(i).data) for i in range(count)]
        finally:
            self._idle.put(request)
