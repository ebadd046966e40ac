#include "dsp/analysis/stft.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/features/fft.h"

namespace bivox {

namespace {

// Where the windows hardly reach, dividing by their sum would only amplify rounding.
constexpr float kSmallestWeight = 1e-6F;

FramingOptions framing_of(const StftOptions& o) {
  return {o.frame_length, o.frame_shift, o.fft_size, o.placement};
}

}  // namespace

void StftOptions::validate() const {
  if (frame_length < 1 || frame_shift < 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("stft frame_length {}, frame_shift {}: expected at least 1 sample",
                            frame_length, frame_shift));
  }
  if (fft_size < frame_length || fft_size % 2 != 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("stft fft_size {}: expected an even number from frame_length {} on",
                            fft_size, frame_length));
  }
}

ComplexMatrix stft(const StftOptions& options, AudioView audio) {
  options.validate();
  Framer framer(framing_of(options));
  framer.accept(audio.samples);
  framer.finish();
  const std::vector<float> window = make_window(options.window, options.frame_length);
  RealFft fft(options.fft_size);
  const int frames = framer.frames_ready();
  ComplexMatrix spectrum(frames, fft.bins());
  for (int t = 0; t < frames; ++t) {
    const Framer::Frame frame = framer.frame(t);
    float* row = fft.batch_input();
    for (int n = 0; n < frame.length; ++n)
      row[n] = frame.samples[n] * window[static_cast<size_t>(n)];
    std::fill(row + frame.length, row + options.fft_size, 0.0F);
    fft.forward_batch(1);
    std::copy_n(fft.batch_output(), fft.bins(), spectrum.row(t).data());
  }
  return spectrum;
}

AudioBuffer inverse_stft(const StftOptions& options, const ComplexMatrix& spectrum,
                         int64_t num_samples, int sample_rate_hz) {
  options.validate();
  RealFft fft(options.fft_size);
  BIVOX_CHECK(num_samples >= 0 && (spectrum.rows() == 0 || spectrum.cols() == fft.bins()));
  const FramingOptions framing = framing_of(options);
  const std::vector<float> window = make_window(options.window, options.frame_length);
  std::vector<float> frame(static_cast<size_t>(options.fft_size));
  std::vector<float> weight(static_cast<size_t>(num_samples));
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(num_samples)), sample_rate_hz};
  for (Eigen::Index t = 0; t < spectrum.rows(); ++t) {
    fft.inverse(spectrum.row(t).data(), frame.data());
    const int64_t start = frame_start(framing, t);
    const int64_t from = std::max<int64_t>(0, -start);
    const int64_t to = std::min<int64_t>(options.frame_length, num_samples - start);
    for (int64_t n = from; n < to; ++n) {
      const auto at = static_cast<size_t>(start + n);
      const float w = window[static_cast<size_t>(n)];
      audio.samples[at] += w * frame[static_cast<size_t>(n)];
      weight[at] += w * w;
    }
  }
  for (size_t i = 0; i < weight.size(); ++i) {
    audio.samples[i] = weight[i] > kSmallestWeight ? audio.samples[i] / weight[i] : 0.0F;
  }
  return audio;
}

}  // namespace bivox
