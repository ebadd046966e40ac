#!/usr/bin/env python3
"""Inference of the dense 256-channel net (dense_net.h) beside onnxruntime float32, on one core.

  cmake --preset release -DBIVOX_BENCH=ON && cmake --build --preset release --target nn_inference_bivox
  python3 -m venv venv && venv/bin/pip install onnxruntime onnx numpy
  venv/bin/python tests/bench/nn_inference_onnxruntime.py build/release/tests/bench/nn_inference_bivox

60 s of audio, onnxruntime in one call (its fastest way), Bivox as a stream of chunks. Both answer by
turns within one run, each in seconds of its own processor time, so that a busy machine slows both;
prints medians, and the median of the ratios of neighbours. BIVOX_ISA=avx2 and the like limits Bivox
only. Batch norms are folded on both sides.
"""
import statistics
import subprocess
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

MEL, CHANNELS, KERNEL, LAYERS, LABELS, FRAMES = 80, 256, 11, 10, 32, 3000
ROUNDS, CHUNK = 9, 192


def dense_net():
    rng = np.random.default_rng(1)
    nodes, weights, x = [], [], "mel"

    def conv(name, source, inputs, outputs, kernel):
        w = rng.standard_normal((outputs, inputs, kernel)).astype(np.float32)
        w *= (2.0 / (inputs * kernel)) ** 0.5
        weights.append(numpy_helper.from_array(w, name + ".w"))
        weights.append(numpy_helper.from_array(np.zeros(outputs, np.float32), name + ".b"))
        nodes.append(helper.make_node("Conv", [source, name + ".w", name + ".b"], [name],
                                      pads=[kernel // 2, kernel // 2]))
        return name

    for layer in range(LAYERS):
        y = conv(f"conv{layer}", x, MEL if layer == 0 else CHANNELS, CHANNELS, KERNEL)
        if layer > 0:
            nodes.append(helper.make_node("Add", [y, x], [f"sum{layer}"]))
            y = f"sum{layer}"
        nodes.append(helper.make_node("Relu", [y], [f"relu{layer}"]))
        x = f"relu{layer}"
    conv("labels", x, CHANNELS, LABELS, 1)
    graph = helper.make_graph(
        nodes, "dense",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, MEL, FRAMES])],
        [helper.make_tensor_value_info("labels", TensorProto.FLOAT, [1, LABELS, FRAMES])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(dense_net().SerializeToString(), options,
                                   providers=["CPUExecutionProvider"])
    mel = np.random.default_rng(2).standard_normal((1, MEL, FRAMES)).astype(np.float32)
    bivox = subprocess.Popen([sys.argv[1], str(CHUNK)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)

    def onnxruntime_seconds():
        start = time.process_time()
        session.run(None, {"mel": mel})
        return time.process_time() - start

    def bivox_seconds(precision):
        bivox.stdin.write(precision + "\n")
        bivox.stdin.flush()
        seconds, isa, _ = bivox.stdout.readline().split()
        return float(seconds), isa

    precisions = ["float32", "bfloat16", "int8"]
    onnxruntime_seconds()
    for precision in precisions:
        _, isa = bivox_seconds(precision)
    times = {p: [] for p in precisions + ["onnxruntime"]}
    for _ in range(ROUNDS):
        times["onnxruntime"].append(onnxruntime_seconds())
        for precision in precisions:
            times[precision].append(bivox_seconds(precision)[0])
    bivox.stdin.close()
    bivox.wait()
    audio = FRAMES / 50
    peer = statistics.median(times["onnxruntime"])
    print(f"onnxruntime {ort.__version__} float32: real-time factor {peer / audio:.5f}")
    for precision in precisions:
        ratio = statistics.median(a / b for a, b in zip(times["onnxruntime"], times[precision]))
        print(f"bivox {isa} {precision}: real-time factor "
              f"{statistics.median(times[precision]) / audio:.5f}, {ratio:.2f} x onnxruntime")


if __name__ == "__main__":
    main()
