"""Writes a small safetensors file with the format's own library, for tests of our reader.

    python3 -m venv out/venv && out/venv/bin/pip install numpy==2.4.6 safetensors==0.8.0 ml_dtypes==0.6.0
    out/venv/bin/python tests/golden/make_safetensors.py tests/data/models/safetensors/reference.safetensors
"""
import sys

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

tensors = {
    "floats": np.array([[0.5, -1.25, 3e-8], [np.pi, -np.inf, 65504.0]], dtype=np.float32),
    "brains": np.array([0.1, -2.7182818, 1e30], dtype=np.float32).astype(ml_dtypes.bfloat16),
    "halves": np.array([1.0, -0.333251953125, 5.960464477539063e-08, 65504.0], dtype=np.float16),
    "bytes": np.array([[-128], [-1], [127]], dtype=np.int8),
    "words": np.array([2**31 - 1, -(2**31), 7], dtype=np.int32),
    "empty": np.zeros((0, 3), dtype=np.float32),
    "scalar": np.array(42.0, dtype=np.float32),
}
save_file(tensors, sys.argv[1], metadata={"made_by": "safetensors"})
