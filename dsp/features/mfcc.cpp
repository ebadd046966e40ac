#include "dsp/features/mfcc.h"

#include <cmath>
#include <numbers>

#include "dsp/core/check.h"
#include "dsp/features/frame_kernels.h"

namespace bivox {

CepstrumTransform::CepstrumTransform(const MfccOptions& options)
    : num_mel_(options.num_mel),
      num_cepstra_(options.num_cepstra),
      matrix_t_(static_cast<size_t>(options.num_mel) *
                static_cast<size_t>(AlignedBuffer::padded(options.num_cepstra))) {
  BIVOX_CHECK(num_mel_ >= 1 && num_cepstra_ >= 1 && num_cepstra_ <= num_mel_);
  for (int i = 0; i < num_cepstra_; ++i) {
    double scale = std::sqrt(2.0 / num_mel_);
    if (options.dct == DctKind::kUnitary && i == 0) scale = std::sqrt(1.0 / num_mel_);
    if (options.dct == DctKind::kSphinxLegacy) scale = 1.0 / num_mel_;
    if (options.lifter != 0.0F) {
      scale *= 1.0 + options.lifter / 2.0 * std::sin(i * std::numbers::pi / options.lifter);
    }
    for (int j = 0; j < num_mel_; ++j) {
      double value = scale * std::cos(std::numbers::pi * i * (j + 0.5) / num_mel_);
      if (options.dct == DctKind::kSphinxLegacy && j == 0) value *= 0.5;
      matrix_t_[static_cast<size_t>(j) * static_cast<size_t>(padded_cepstra()) +
                static_cast<size_t>(i)] = static_cast<float>(value);
    }
  }
}

void CepstrumTransform::apply(const float* log_mel, float* out) const {
  kernels::multiply_row(log_mel, num_mel_, matrix_t_.data(), padded_cepstra(), out);
}

}  // namespace bivox
