#!/usr/bin/env python3
"""Log-mel throughput beside kaldi-native-fbank: the same audio, one thread, the same run.

  cmake --preset release -DBIVOX_BENCH=ON && cmake --build --preset release --target log_mel_bench
  python3 -m venv venv && venv/bin/pip install kaldi-native-fbank numpy
  venv/bin/python tests/bench/log_mel_peer.py build/release/tests/bench/log_mel_bench

Prints frames a second of both and the ratio; alternates the two so that a busy machine slows both.
"""
import json
import math
import subprocess
import sys
import time

import kaldi_native_fbank as knf
import numpy as np

RATE, SECONDS, ROUNDS = 16000, 60, 5


def make_audio():
    """The audio of log_mel_bench.cpp."""
    n = RATE * SECONDS
    state, noise = 1, np.empty(n, np.float32)
    for i in range(n):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        noise[i] = (state >> 8) / 8388608.0 - 1.0
    return 0.3 * noise * np.sin(np.arange(n, dtype=np.float32) * np.float32(1e-4))


def peer_seconds(wave, frame_shift_ms):
    options = knf.FbankOptions()
    options.mel_opts.num_bins = 80
    options.frame_opts.dither = 0.0
    options.frame_opts.frame_shift_ms = frame_shift_ms
    fbank = knf.OnlineFbank(options)
    start = time.process_time()
    fbank.accept_waveform(RATE, wave)
    fbank.input_finished()
    return time.process_time() - start, fbank.num_frames_ready


def peer_frames_per_second(wave):
    """Of the C++ computation alone: the cost of turning the Python list into a vector, measured by a
    run that computes a single frame, is taken off."""
    seconds, frames = peer_seconds(wave, 10.0)
    overhead, _ = peer_seconds(wave, 1000.0 * SECONDS)
    return frames / (seconds - overhead)


def own_frames_per_second(program):
    out = subprocess.run([program, "--benchmark_filter=^log_mel_80$", "--benchmark_format=json"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["benchmarks"][0]["items_per_second"]


def main():
    wave = (make_audio() * 32768).astype(np.float32).tolist()
    ratios = []
    for _ in range(ROUNDS):
        peer = max(peer_frames_per_second(wave) for _ in range(3))
        own = own_frames_per_second(sys.argv[1])
        ratios.append(own / peer)
        print(f"bivox {own:,.0f} frames/s, kaldi-native-fbank {peer:,.0f}, ratio {own / peer:.2f}")
    print(f"geometric mean of ratios: {math.exp(sum(map(math.log, ratios)) / ROUNDS):.2f}")


if __name__ == "__main__":
    main()
