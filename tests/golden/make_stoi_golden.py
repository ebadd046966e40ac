#!/usr/bin/env python3
"""STOI of a recording and two damaged copies of it, by pystoi (pip install pystoi soundfile).

Usage: make_stoi_golden.py tests/data/audio/kathleen-arctic_a0045_1592747525.wav

The copies are simple enough to be made again in tests/tts/measures_test.cpp.
"""
import sys

import numpy as np
import soundfile
from pystoi import stoi

x, rate = soundfile.read(sys.argv[1])
assert rate == 16000, rate
n = np.arange(len(x))
echo = x.copy()
echo[800:] += 0.8 * x[:-800]
hum = x + 0.05 * np.sin(0.3 * n) + 0.05 * np.sin(0.55 * n)
for name, y in (("echo", echo), ("hum", hum), ("both", echo + hum - x)):
    print(name, f"{stoi(x, y, rate):.5f}")
