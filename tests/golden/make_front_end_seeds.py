#!/usr/bin/env python3
"""Writes the seeds of front_end_fuzz: one for each preset, a tone after the options' bytes.

  python3 tests/golden/make_front_end_seeds.py tests/fuzz/corpus/front_end
"""
import math
import pathlib
import struct
import sys

for i, name in enumerate(["fbank", "sphinx", "mfcc", "librosa"]):
    kind = 2 if name in ("fbank", "librosa") else 3
    head = bytes([i, 0, 0, 0, i % 5, i % 6, i % 4, kind, i % 4, 0, i % 3, 0, 0, 0, 0, 0, 2, 1, 1, 37])
    tone = [0.3 * math.sin(j * 0.1 * (i + 1)) for j in range(900)]
    path = pathlib.Path(sys.argv[1], name)
    path.write_bytes(head + struct.pack(f"<{len(tone)}f", *tone))
