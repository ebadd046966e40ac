// The Kaldi configurations against kaldi-native-fbank.
#include "dsp/features/front_end.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

TEST(KaldiGolden, LogMel80) {
  const AudioBuffer audio = golden::clip(golden::kClip);
  const FeatureMatrix rows =
      compute_features(kaldi_fbank_front_end(80), audio.view().part(0, golden::kShortSamples));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("kaldi_fbank_80")), 1e-3);
}

TEST(KaldiGolden, MfccWithRawEnergy) {
  const FeatureMatrix rows = compute_features(kaldi_mfcc_front_end(), golden::clip(golden::kClip));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("kaldi_mfcc_13")), 1e-3);
}

TEST(KaldiGolden, MfccWithReflectedEdges) {
  FrontEndOptions o = kaldi_mfcc_front_end();
  o.frame_placement = FramePlacement::kKaldiReflect;
  o.use_energy = false;
  const FeatureMatrix rows = compute_features(o, golden::clip(golden::kClip));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("kaldi_mfcc_13_edges")), 1e-3);
}

}  // namespace
}  // namespace bivox
