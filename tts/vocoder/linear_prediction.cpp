#include "tts/vocoder/linear_prediction.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr double kWhiteShare = 1e-4;  // of noise added to the power: bounds the filter's peaks
constexpr double kLeastPower = 1e-14;

}  // namespace

PredictorMaker::PredictorMaker(int fft_size)
    : fft_(fft_size),
      spectrum_(static_cast<size_t>(fft_.bins())),
      correlation_(static_cast<size_t>(fft_size)) {
  BIVOX_CHECK(fft_size > 2 * kPredictorOrder);
}

LinearPredictor PredictorMaker::make(std::span<const float> envelope) noexcept {
  std::copy(envelope.begin(), envelope.end(), spectrum_.begin());
  fft_.inverse(spectrum_.data(), correlation_.data());
  const double power =
      std::max(static_cast<double>(correlation_[0]) * (1.0 + kWhiteShare), kLeastPower);
  std::array<double, kPredictorOrder> a = {};
  double error = power;
  for (size_t i = 0; i < kPredictorOrder; ++i) {
    double reflection = static_cast<double>(correlation_[i + 1]);
    for (size_t k = 0; k < i; ++k) reflection -= a[k] * static_cast<double>(correlation_[i - k]);
    reflection /= error;
    if (!(std::abs(reflection) < 0.9999)) break;  // rounding: what there is will do
    std::array<double, kPredictorOrder> next = a;
    next[i] = reflection;
    for (size_t k = 0; k < i; ++k) next[k] = a[k] - reflection * a[i - 1 - k];
    a = next;
    error *= 1.0 - reflection * reflection;
  }
  LinearPredictor predictor;
  for (size_t k = 0; k < kPredictorOrder; ++k) predictor.a[k] = static_cast<float>(a[k]);
  predictor.gain = static_cast<float>(std::sqrt(std::max(error, kLeastPower)));
  return predictor;
}

float PredictionMemory::predict(const LinearPredictor& predictor) const noexcept {
  float sum = 0.0F;
  for (size_t k = 0; k < kPredictorOrder; ++k) sum += predictor.a[k] * last_[k];
  return sum;
}

void PredictionMemory::push(float y) noexcept {
  std::copy_backward(last_.begin(), last_.end() - 1, last_.end());
  last_[0] = y;
}

void PredictionMemory::residual(const LinearPredictor& predictor, std::span<const float> y,
                                std::span<float> e) noexcept {
  for (size_t n = 0; n < y.size(); ++n) {
    const float value = y[n];
    e[n] = (value - predict(predictor)) / predictor.gain;
    push(value);
  }
}

void PredictionMemory::synthesize(const LinearPredictor& predictor, std::span<const float> e,
                                  std::span<float> y) noexcept {
  for (size_t n = 0; n < e.size(); ++n) {
    const float value = predict(predictor) + predictor.gain * e[n];
    y[n] = value;
    push(value);
  }
}

}  // namespace bivox
