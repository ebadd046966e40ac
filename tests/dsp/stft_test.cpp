#include "dsp/analysis/stft.h"

#include "dsp/core/error.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

TEST(Stft, InverseGivesTheSignalBack) {
  const AudioBuffer audio = golden::clip(golden::kClip);
  for (const auto placement : {FramePlacement::kCentreZero, FramePlacement::kCentre}) {
    StftOptions o;
    o.placement = placement;
    const auto n = static_cast<int64_t>(audio.samples.size());
    const AudioBuffer back = inverse_stft(o, stft(o, audio), n, 16000);
    ASSERT_EQ(back.samples.size(), audio.samples.size());
    double largest = 0.0;
    // The last window may end before the last samples.
    for (size_t i = 0; i + 160 < audio.samples.size(); ++i) {
      largest = std::max<double>(largest, std::abs(back.samples[i] - audio.samples[i]));
    }
    EXPECT_LT(largest, 1e-5);
  }
}

TEST(Stft, AToneFallsIntoItsBin) {
  AudioBuffer audio{std::vector<float>(8000), 16000};
  for (size_t i = 0; i < 8000; ++i) {
    audio.samples[i] = std::sin(2.0 * M_PI * 1000.0 * static_cast<double>(i) / 16000.0);
  }
  const ComplexMatrix spectrum = stft({}, audio);
  Eigen::Index bin = 0;
  spectrum.row(20).cwiseAbs().maxCoeff(&bin);
  EXPECT_EQ(bin, 1000 * 512 / 16000);
  EXPECT_NEAR(std::abs(spectrum(20, bin)), 400 / 4.0, 1.0);  // half the sum of the Hann window
}

TEST(Stft, RefusesWrongSizes) {
  EXPECT_THROW(stft({.frame_length = 600}, AudioBuffer{{0.0F}, 16000}), Error);
  EXPECT_THROW(stft({.fft_size = 511}, AudioBuffer{{0.0F}, 16000}), Error);
  EXPECT_THROW(stft({.frame_shift = 0}, AudioBuffer{{0.0F}, 16000}), Error);
}

}  // namespace
}  // namespace bivox
