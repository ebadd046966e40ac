// Cepstra from log mel energies: a DCT-II and a lifter, folded into one matrix.
//
//   c[i] = l_i * a_i * sum_j cos(pi i (j + 1/2) / M) x[j],   l_i = 1 + Q/2 sin(pi i / Q)
//
// The scale a_i is the definition chosen by DctKind. Shapes: x `[M]` natural logs, c
// `[num_cepstra]`. Thread rule: immutable after construction. Sources: Davis & Mermelstein, IEEE
// Trans. ASSP 28(4), 1980, equation 1; sphinxbase fe_sigproc.c (fe_dct2, fe_spec2cep); The HTK
// Book, equations 5.14 (DCT) and 5.12 (lifter). Test: tests/dsp/mfcc_test.cpp.
#pragma once

#include <cstdint>

#include "dsp/features/aligned_buffer.h"

namespace bivox {

enum class DctKind : uint8_t {
  kUnitary,       ///< a_i = sqrt(2/M), a_0 = sqrt(1/M) (Sphinx "dct", Kaldi).
  kHtk,           ///< a_i = sqrt(2/M) for all i (HTK, Sphinx "htk").
  kSphinxLegacy,  ///< a_i = 1/M, and x[0] counts half (Sphinx "legacy").
};

struct MfccOptions {
  int num_mel = 23;
  int num_cepstra = 13;
  DctKind dct = DctKind::kUnitary;
  float lifter = 22.0F;  ///< Q; 0 is off.
};

class CepstrumTransform {
 public:
  explicit CepstrumTransform(const MfccOptions& options);

  /// out[0 .. padded_cepstra()), of which the first num_cepstra count; 64-byte aligned.
  void apply(const float* log_mel, float* out) const;
  int padded_cepstra() const { return AlignedBuffer::padded(num_cepstra_); }

 private:
  int num_mel_;
  int num_cepstra_;
  AlignedBuffer matrix_t_;  // [num_mel x padded_cepstra]
};

}  // namespace bivox
