// LDA, MLLT and fMLLR on data of which the answer is known.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <random>
#include <vector>

#include "dsp/core/error.h"
#include "legacy/gmm/em_statistics.h"
#include "legacy/gmm/fmllr.h"
#include "legacy/gmm/lda.h"
#include "legacy/gmm/mllt.h"

namespace bivox {
namespace {

TEST(Lda, FindsTheDirectionThatSeparates) {
  // Classes differ along (1, 1); the noise is large along (1, -1) and in the third dimension.
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  FeatureMatrix x(4000, 3);
  std::vector<int> classes(4000);
  for (int t = 0; t < 4000; ++t) {
    const int c = t % 3;
    classes[static_cast<size_t>(t)] = t % 10 == 9 ? -1 : c;
    const float along = static_cast<float>(c) + 0.2F * normal(random);
    const float across = 5.0F * normal(random);
    x.row(t) << along + across, along - across, 3.0F * normal(random);
    if (t % 10 == 9) x.row(t).setConstant(1e4F);  // not counted
  }
  LdaStatistics statistics(3, 3);
  statistics.accumulate(x.topRows(2000), {classes.data(), 2000});
  LdaStatistics rest(3, 3);
  rest.accumulate(x.bottomRows(2000), {classes.data() + 2000, 2000});
  statistics.add(rest);
  const FeatureMatrix a = statistics.estimate(1);
  ASSERT_EQ(a.rows(), 1);
  EXPECT_NEAR(a(0, 0) / a(0, 1), 1.0F, 0.05F);
  EXPECT_LT(std::abs(a(0, 2) / a(0, 0)), 0.05F);
  // Within-class variance of the projection is one.
  EXPECT_NEAR(a(0, 0), 1.0F / (2.0F * 0.2F), 0.15F);
}

TEST(Lda, TooFewFramesAreAnError) { EXPECT_THROW(LdaStatistics(2, 3).estimate(1), Error); }

// A single Gaussian at zero with unit variances.
MixtureModel unit_model(int dims) {
  const std::vector<float> mean(static_cast<size_t>(dims), 0.0F);
  const std::vector<float> variance(static_cast<size_t>(dims), 1.0F);
  return {1, mean, variance};
}

TEST(Mllt, DecorrelatesAndRaisesTheLikelihood) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  constexpr int kFrames = 5000;
  FeatureMatrix x(kFrames, 3);
  for (int t = 0; t < kFrames; ++t) {
    const float a = normal(random);
    const float b = normal(random);
    x.row(t) << a, 0.9F * a + 0.3F * b, 2.0F * normal(random);
  }
  MixtureModel model = unit_model(3);
  const std::vector<int> states(kFrames, 0);
  const auto fit = [&](const FeatureMatrix& rows) {
    for (int pass = 0; pass < 2; ++pass) {
      EmStatistics em(model);
      for (int t = 0; t < kFrames; ++t) em.accumulate(0, rows.data() + 3 * t);
      if (pass == 1) return em.log_likelihood() / kFrames;
      em.update(model, {});
    }
    return 0.0;
  };
  const double before = fit(x);
  MlltStatistics statistics(3);
  statistics.accumulate(model, x, states);
  const FeatureMatrix a = statistics.estimate();
  const FeatureMatrix y = x * a.transpose();
  const double jacobian = std::log(std::abs(a.cast<double>().determinant()));
  const double after = fit(y) + jacobian;
  // A full covariance gains -1/2 log(1 - r^2) with the correlation r of the first two columns.
  const double r2 = 0.81 / (0.81 + 0.09);
  EXPECT_NEAR(after - before, -0.5 * std::log(1.0 - r2), 0.02);
  const FeatureMatrix covariance = y.transpose() * y / static_cast<float>(kFrames);
  EXPECT_LT(std::abs(covariance(0, 1)), 0.02F * std::sqrt(covariance(0, 0) * covariance(1, 1)));
}

TEST(Fmllr, UndoesAnAffineDistortion) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  constexpr int kFrames = 6000;
  // Three states with two densities each, data drawn from them, then distorted.
  const std::vector<float> zero = {0.0F, 0.0F};
  const std::vector<float> one = {1.0F, 1.0F};
  MixtureModel model(3, zero, one);
  for (int s = 0; s < 3; ++s) {
    Mixture& m = model.state(s);
    m.weights = {0.5F, 0.5F};
    const auto p = static_cast<float>(s);
    m.means = {3.0F * p, -2.0F * p, 3.0F * p + 1.0F, 4.0F - p};
    m.variances = {0.5F, 0.2F, 0.3F, 0.4F};
  }
  FeatureMatrix clean(kFrames, 2);
  std::vector<int> states(kFrames);
  for (int t = 0; t < kFrames; ++t) {
    const int s = t % 3;
    states[static_cast<size_t>(t)] = s;
    const Mixture& m = model.state(s);
    const auto k = static_cast<size_t>(random() % 2);
    for (size_t d = 0; d < 2; ++d) {
      clean(t, static_cast<int>(d)) =
          m.means[2 * k + d] + std::sqrt(m.variances[2 * k + d]) * normal(random);
    }
  }
  FeatureMatrix distortion(2, 3);
  distortion << 1.3F, 0.2F, 0.7F, -0.3F, 0.8F, -1.0F;
  const FeatureMatrix heard = apply_affine(distortion, clean);
  FeatureMatrix restored = heard;
  FeatureMatrix w;
  // Posteriors come from the features adapted so far, so the estimate is refined.
  for (int pass = 0; pass < 8; ++pass) {
    FmllrStatistics statistics(2);
    statistics.accumulate(model, restored, heard, states);
    w = statistics.estimate();
    restored = apply_affine(w, heard);
  }
  EXPECT_LT((restored - clean).norm() / clean.norm(), 0.03);
  EXPECT_GT((heard - clean).norm() / clean.norm(), 0.3);
}

TEST(Fmllr, TooLittleSpeechKeepsTheFeatures) {
  FmllrStatistics statistics(2);
  FeatureMatrix expected(2, 3);
  expected << 1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F;
  EXPECT_EQ(statistics.estimate(), expected);
}

}  // namespace
}  // namespace bivox
