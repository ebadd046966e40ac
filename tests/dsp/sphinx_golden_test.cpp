// The Sphinx configuration against sphinx_fe of Debian's sphinxbase-utils.
#include "dsp/features/front_end.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

FrontEndOptions cepstra_only(bool noise_removal) {
  FrontEndOptions o = sphinx_front_end();
  o.noise_removal = noise_removal;
  o.cmvn.kind = CmvnKind::kNone;
  o.deltas = DeltaKind::kNone;
  return o;
}

TEST(SphinxGolden, CepstraWithNoiseRemoval) {
  const FeatureMatrix rows = compute_features(cepstra_only(true), golden::clip(golden::kClip));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("sphinx_noise_removed")), 1e-3);
}

TEST(SphinxGolden, CepstraWithNoiseRemovalOnAnotherSpeaker) {
  const FeatureMatrix rows = compute_features(cepstra_only(true), golden::clip(golden::kLongClip));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("sphinx_noise_removed_long")), 1e-3);
}

TEST(SphinxGolden, CepstraWithoutNoiseRemoval) {
  const FeatureMatrix rows = compute_features(cepstra_only(false), golden::clip(golden::kClip));
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("sphinx_plain")), 1e-3);
}

TEST(SphinxGolden, MeanNormalisedWithDerivatives) {
  const FeatureMatrix rows = compute_features(sphinx_front_end(), golden::clip(golden::kClip));
  EXPECT_EQ(rows.cols(), 39);
  EXPECT_LT(golden::largest_difference(rows, golden::matrix("sphinx_39")), 2e-3);
}

}  // namespace
}  // namespace bivox
