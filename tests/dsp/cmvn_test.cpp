#include "dsp/features/cmvn.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Feeds one-column rows and returns what came out, before and after finish().
std::vector<float> feed(CmvnStage& stage, const std::vector<float>& x, bool finish = true) {
  RowQueue in(1);
  RowQueue out(1);
  for (const float& v : x) {
    in.push(&v);
    stage.accept(in, out);
  }
  if (finish) stage.finish(out);
  return {out.row(0), out.row(0) + out.size()};
}

TEST(Cmvn, UtteranceMeanAndDeviation) {
  CmvnOptions o{.kind = CmvnKind::kUtterance, .variance = true};
  CmvnStage stage(o, 1);
  EXPECT_TRUE(feed(stage, {}, false).empty());
  const std::vector<float> y = feed(stage, {1, 3, 5, 7});
  const double deviation = std::sqrt(5.0);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], (2.0 * i - 3.0) / deviation, 1e-6);
}

TEST(Cmvn, NegativeC0DoesNotCount) {
  CmvnStage stage({.kind = CmvnKind::kUtterance, .skip_negative_c0 = true}, 1);
  EXPECT_EQ(feed(stage, {10, -100, 20}), (std::vector<float>{-5, -115, 5}));
  // Only silence: nothing to take away, and no division by zero.
  CmvnStage silent({.kind = CmvnKind::kUtterance, .skip_negative_c0 = true}, 1);
  EXPECT_EQ(feed(silent, {-46, -46}), (std::vector<float>{-46, -46}));
}

TEST(Cmvn, SlidingWindowForgets) {
  CmvnStage stage({.kind = CmvnKind::kSliding, .window = 2}, 1);
  EXPECT_EQ(feed(stage, {2, 4, 8, 8}), (std::vector<float>{0, 1, 2, 0}));
}

TEST(Cmvn, SlidingWindowStartsFromThePrior) {
  CmvnStage stage({.kind = CmvnKind::kSliding, .window = 4, .prior_mean = {10.0F}, .prior_rows = 3},
                  1);
  // Weights of the prior: 3, 2, 1, 0, 0.
  const std::vector<float> y = feed(stage, {6, 6, 6, 6, 6});
  EXPECT_NEAR(y[0], 6 - (30 + 6) / 4.0, 1e-6);
  EXPECT_NEAR(y[1], 6 - (20 + 12) / 4.0, 1e-6);
  EXPECT_NEAR(y[3], 0.0, 1e-6);
  EXPECT_NEAR(y[4], 0.0, 1e-6);
}

TEST(Cmvn, RunningMeanRenewsAsSphinxDoes) {
  CmvnStage stage({.kind = CmvnKind::kRunning, .prior_mean = {10.0F}}, 1);
  const std::vector<float> y = feed(stage, std::vector<float>(810, 14.0F));
  EXPECT_EQ(y[0], 4.0F);
  EXPECT_EQ(y[800], 4.0F);  // the 801st row still sees the prior ...
  EXPECT_EQ(y[801], 0.0F);  // ... and renews the mean
  stage.reset();
  EXPECT_EQ(feed(stage, {14.0F})[0], 0.0F);  // kept from one utterance to the next
  stage.forget();
  EXPECT_EQ(feed(stage, {14.0F})[0], 4.0F);
}

TEST(Cmvn, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(CmvnStage({.kind = CmvnKind::kSliding, .window = 0}, 1), Error);
  EXPECT_THROW(CmvnStage({.kind = CmvnKind::kRunning, .variance = true}, 1), Error);
}

}  // namespace
}  // namespace bivox
