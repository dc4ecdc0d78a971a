"""The first frames of a server come to several threads at once: none may wait for ever."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Two first uses meet in about every second try at this pace; see the note in OpenVinoSession.
TRIES = 4
HANGS_S = 60

FIRST_USES = """
    import os, sys, threading
    import numpy as np
    from onnx import TensorProto, helper
    from server.vision.session import OpenVinoSession

    sys.setswitchinterval(1e-6)
    shape = ["n", 4]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])], "relu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    session = OpenVinoSession(model.SerializeToString(), calls=4)
    together = threading.Barrier(4)

    def first() -> None:
        together.wait()
        session.run(np.ones((1, 4), np.float32))

    threads = [threading.Thread(target=first, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)
"""


class TestFirstUse:
    """OpenVINO's binding to numpy is made once, in one thread."""

    def test_threads_that_begin_together(self):
        """Four threads whose first inferences meet all come back, in every process."""
        pytest.importorskip("openvino")
        command = [sys.executable, "-c", textwrap.dedent(FIRST_USES)]

        for _ in range(TRIES):
            subprocess.run(command, cwd=ROOT, check=True, timeout=HANGS_S)
