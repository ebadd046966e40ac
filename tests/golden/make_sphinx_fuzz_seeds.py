#!/usr/bin/env python3
"""Writes the seed files of sphinx_model_fuzz: a reader's number, then a small file that it reads.

Usage: make_sphinx_fuzz_seeds.py tests/fuzz/corpus/sphinx_model
"""
import struct
import sys
from pathlib import Path


def s3(sizes, values):
    words = list(sizes) + [len(values)] + [struct.unpack("<I", struct.pack("<f", v))[0] for v in values]
    total = 0
    for word in words:
        total = ((total << 20 | total >> 12) + word) & 0xFFFFFFFF
    return (b"s3\nversion 1.0\nchksum0 yes\n endhdr\n" + struct.pack("<I", 0x11223344)
            + b"".join(struct.pack("<I", w) for w in words + [total]))


def sendump(clusters):
    strings = [b"title", b"header", b"feature_count 1", b"mixture_count 2", b"model_count 3"]
    if clusters:
        strings += [b"cluster_count 15", b"cluster_bits 4"]
    head = b"".join(struct.pack("<i", len(s) + 1) + s + b"\0" for s in strings) + struct.pack("<i", 0)
    return head + (bytes(range(16)) + b"\x21\x03\x54\x06" if clusters
                   else struct.pack("<ii", 2, 3) + bytes(range(6)))


MDEF_TEXT = b"""0.3
3 n_base
1 n_tri
12 n_state_map
9 n_tied_state
6 n_tied_ci_state
3 n_tied_tmat
A - - - n/a 0 0 1 N
B - - - n/a 1 2 3 N
SIL - - - filler 2 4 5 N
A B SIL e n/a 0 6 7 N
"""


def mdef_binary():
    records = [(0, 0, bytes(4)), (1, 1, bytes(4)), (2, 2, b"\1\0\0\0"), (3, 0, b"\2\0\1\2")]
    return (b"BMDF" + struct.pack("<ii", 1, 4) + b"text"
            + struct.pack("<10i", 3, 4, 2, 6, 9, 3, 4, 3, 1, 2) + b"A\0B\0SIL\0" + bytes(8)
            + b"".join(struct.pack("<ii", s, m) + info for s, m, info in records)
            + struct.pack("<i", 8) + struct.pack("<8H", *range(8)))


SEEDS = {
    "gaussians": (0, s3([1, 2, 2, 3, 1], [0.5] * 8)),
    "mixture_weights": (1, s3([2, 1, 2], [1.0] * 4)),
    "transition_matrices": (2, s3([1, 2, 3], [1.0] * 6)),
    "feature_transform": (3, s3([1, 2, 3], [1.0] * 6)),
    "sendump": (4, sendump(False)),
    "sendump_clusters": (4, sendump(True)),
    "feat_params": (5, b"-lowerf 130\n-nfilt 25\n-feat 1s_c_d_dd\n-cmninit 41.00,-5.29\n-varnorm no\n"),
    "noisedict": (6, b"<sil> SIL\n[NOISE] +NSN+\n"),
    "streams": (7, b"24,0-11/25,12-23/26-38"),
    "mdef_text": (8, MDEF_TEXT),
    "mdef_binary": (8, mdef_binary()),
}

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, (kind, data) in SEEDS.items():
    (folder / name).write_bytes(bytes([kind]) + data)
