// The librosa configuration against librosa's melspectrogram.
#include "dsp/features/front_end.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

TEST(LibrosaGolden, MelSpectrogramWithDefaults) {
  FrontEndOptions o = librosa_front_end(16000, 128);
  o.kind = FeatureKind::kMel;
  const AudioBuffer audio = golden::clip(golden::kClip);
  const FeatureMatrix rows = compute_features(o, audio.view().part(0, golden::kShortSamples));
  const FeatureMatrix expected = golden::matrix("librosa_mel_128");
  // Powers span many decades: compare relative to the row's largest value.
  ASSERT_EQ(rows.rows(), expected.rows());
  ASSERT_EQ(rows.cols(), expected.cols());
  const float peak = expected.maxCoeff();
  EXPECT_GT(peak, 1.0F);
  EXPECT_LT(golden::largest_difference(rows / peak, expected / peak), 1e-6);
  const auto logs = [](const FeatureMatrix& m) {
    return FeatureMatrix((m.array() + 1e-10F).log().matrix());
  };
  EXPECT_LT(golden::largest_difference(logs(rows), logs(expected)), 1e-3);
}

TEST(LibrosaGolden, LogMelWithReflectedEdgesAndHtkScale) {
  FrontEndOptions o = librosa_front_end(16000, 40);
  o.frame_length_s = 0.025;
  o.frame_shift_s = 0.010;
  o.fft_size = 512;
  o.frame_placement = FramePlacement::kCentre;
  o.mel_scale = MelScale::kHtkHz;
  o.mel_norm = MelNorm::kPeak;
  o.power = false;
  o.low_hz = 50.0;
  o.high_hz = 7600.0;
  const AudioBuffer audio = golden::clip(golden::kClip);
  const FeatureMatrix rows = compute_features(o, audio.view().part(0, golden::kShortSamples));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("librosa_log_mel_40_reflect")), 1e-3);
}

}  // namespace
}  // namespace bivox
