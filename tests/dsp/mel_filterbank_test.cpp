#include "dsp/features/mel_filterbank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "dsp/core/error.h"

namespace bivox {
namespace {

TEST(MelFilterbank, ScalesInvertAndKnowTheirFixedPoints) {
  for (const auto scale :
       {MelScale::kHtk, MelScale::kSlaney, MelScale::kHtkHz, MelScale::kSphinx}) {
    for (const double hz : {0.0, 100.0, 999.0, 1001.0, 4000.0, 8000.0}) {
      EXPECT_NEAR(mel_to_hz(scale, hz_to_mel(scale, hz)), hz, 1e-9 * (1.0 + hz));
    }
  }
  EXPECT_NEAR(hz_to_mel(MelScale::kHtkHz, 1000.0), 1000.0, 0.1);  // by design of the scale
  EXPECT_NEAR(hz_to_mel(MelScale::kSlaney, 1000.0), 15.0, 1e-12);
  EXPECT_NEAR(hz_to_mel(MelScale::kSlaney, 6400.0), 42.0, 1e-9);  // 15 + 27
}

TEST(MelFilterbank, PeakFiltersOverlapToOne) {
  // Between the first and the last centre, neighbouring HTK triangles sum to 1 at every bin.
  MelFilterbankOptions o;
  o.num_mel = 23;
  const auto filters = make_mel_filterbank(o);
  std::vector<double> sum(257);
  for (const auto& f : filters) {
    for (size_t k = 0; k < f.weights.size(); ++k) {
      sum[static_cast<size_t>(f.first_bin) + k] += f.weights[k];
    }
  }
  for (size_t k = 6; k < 225; ++k) EXPECT_NEAR(sum[k], 1.0, 1e-5) << k;
}

TEST(MelFilterbank, AreaFiltersHaveAreaOne) {
  MelFilterbankOptions o;
  o.scale = MelScale::kSlaney;
  o.norm = MelNorm::kArea;
  o.fft_size = 16384;  // fine bins make the sum an integral
  o.num_mel = 40;
  for (const auto& f : make_mel_filterbank(o)) {
    const double sum = std::accumulate(f.weights.begin(), f.weights.end(), 0.0);
    EXPECT_NEAR(sum * o.sample_rate_hz / o.fft_size, 1.0, 1e-2);
  }
}

TEST(MelFilterbank, SphinxEdgesLieOnBins) {
  MelFilterbankOptions o;
  o.scale = MelScale::kSphinx;
  o.norm = MelNorm::kPeak;
  o.num_mel = 25;
  o.low_hz = 130.0;
  o.high_hz = 6800.0;
  for (const auto& f : make_mel_filterbank(o)) {
    // A centre on a bin has weight exactly 1.
    EXPECT_EQ(*std::max_element(f.weights.begin(), f.weights.end()), 1.0F);
  }
}

TEST(MelFilterbank, RefusesEmptyFiltersAndWrongEdges) {
  MelFilterbankOptions o;
  o.num_mel = 200;
  EXPECT_THROW(make_mel_filterbank(o), Error);
  o.num_mel = 20;
  o.high_hz = 9000.0;
  EXPECT_THROW(make_mel_filterbank(o), Error);
  o.high_hz = 10.0;
  EXPECT_THROW(make_mel_filterbank(o), Error);
}

}  // namespace
}  // namespace bivox
