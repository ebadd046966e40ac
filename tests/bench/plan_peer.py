"""onnxruntime on the dense network of dense_net.h: audio-seconds per second on one thread.

    python3 -m venv out/venv && out/venv/bin/pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    out/venv/bin/python tests/bench/plan_peer.py [seconds of audio]

Batch norms are folded into the convolutions beforehand, as its optimizer does. With few frames a call it
pads each call by zeros where a stream keeps context, so only the time compares.
"""

import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MEL, CHANNELS, KERNEL, LAYERS, LABELS, RATE = 80, 256, 11, 10, 32, 50


def model():
    rng = np.random.default_rng(1)
    nodes, weights, x, inputs = [], [], "mel", MEL
    for layer in range(LAYERS):
        shape = (CHANNELS, inputs, KERNEL)
        w = rng.normal(0, 0.02, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(w, f"w{layer}"))
        weights.append(numpy_helper.from_array(np.zeros(CHANNELS, np.float32), f"b{layer}"))
        pads = [KERNEL // 2, KERNEL // 2]
        nodes.append(helper.make_node("Conv", [x, f"w{layer}", f"b{layer}"], [f"c{layer}"], pads=pads))
        y = f"c{layer}"
        if layer > 0:
            nodes.append(helper.make_node("Add", [x, y], [f"s{layer}"]))
            y = f"s{layer}"
        x, inputs = f"x{layer}", CHANNELS
        nodes.append(helper.make_node("Relu", [y], [x]))
    w = rng.normal(0, 0.02, (LABELS, CHANNELS, 1)).astype(np.float32)
    weights.append(numpy_helper.from_array(w, "w_out"))
    nodes.append(helper.make_node("Conv", [x, "w_out"], ["out"]))
    graph = helper.make_graph(
        nodes, "dense",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, MEL, None])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, LABELS, None])], weights)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])
    for frames in (500, 25, 5):
        x = np.full((1, MEL, frames), 0.1, np.float32)
        calls = max(1, seconds * RATE // frames)
        session.run(None, {"mel": x})
        best = 0.0
        for _ in range(3):
            start = time.process_time()
            for _ in range(calls):
                session.run(None, {"mel": x})
            best = max(best, calls * frames / RATE / (time.process_time() - start))
        print(f"onnxruntime {onnxruntime.__version__} float32 {frames:4} frames a call "
              f"{best:7.1f} x real time, RTF {1 / best:.5f}")


if __name__ == "__main__":
    main()
