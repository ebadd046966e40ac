// A feature matrix as a NumPy file: `numpy.load("out.npy")` gives a float32 array [frames x dims].
//
// Format 1.0, little-endian, C order. Source: NumPy documentation, "numpy.lib.format".
// Thread rule: free function. Test: tests/apps/npy_file_test.cpp.
#pragma once

#include <iosfwd>

#include "dsp/features/feature_matrix.h"

namespace bivox {

void write_npy(std::ostream& out, const FeatureMatrix& features);

}  // namespace bivox
