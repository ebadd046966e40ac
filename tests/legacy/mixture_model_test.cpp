#include "legacy/gmm/mixture_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "legacy/gmm/gmm_scores.h"

namespace bivox {
namespace {

MixtureModel two_states() {
  const std::vector<float> mean = {1.0F, -2.0F};
  const std::vector<float> variance = {4.0F, 0.25F};
  return {2, mean, variance};
}

TEST(MixtureModel, SplitsByOccupancy) {
  MixtureModel model = two_states();
  const std::vector<double> occupancy = {9000.0, 1000.0};
  model.split(8, occupancy, 0.5, 10.0, 1);
  EXPECT_EQ(model.num_gaussians(), 8);
  // Shares go as the square root: 3 to 1.
  EXPECT_EQ(model.state(0).size(), 6);
  EXPECT_EQ(model.state(1).size(), 2);
  for (int s = 0; s < 2; ++s) {
    const Mixture& m = model.state(s);
    EXPECT_NEAR(std::accumulate(m.weights.begin(), m.weights.end(), 0.0F), 1.0F, 1e-6F);
    EXPECT_EQ(m.means.size(), m.weights.size() * 2);
  }
  EXPECT_NE(model.state(1).means[0], model.state(1).means[2]);
}

TEST(MixtureModel, StatesWithFewFramesStaySmall) {
  MixtureModel model = two_states();
  model.split(100, std::vector<double>{1000.0, 25.0}, 0.2, 10.0, 1);
  EXPECT_EQ(model.state(1).size(), 2);
  EXPECT_EQ(model.num_gaussians(), 100);
  MixtureModel starved = two_states();
  starved.split(100, std::vector<double>{30.0, 25.0}, 0.2, 10.0, 1);
  EXPECT_EQ(starved.num_gaussians(), 5);  // ends although the target is not reached
}

TEST(MixtureModel, ScoresLikeItsFormula) {
  MixtureModel model = two_states();
  model.split(20, std::vector<double>{9000.0, 100.0}, 1.0, 10.0, 3);
  ASSERT_GT(model.state(0).size(), 16);  // more than one group of the kernels
  ASSERT_LT(model.state(1).size(), 3);
  GmmScores scores(std::make_shared<const GmmSet>(model.to_parameters()));
  FeatureMatrix rows(3, 2);
  rows << 0.5F, -1.5F, 2.0F, -2.5F, 1.0F, -2.0F;
  scores.accept(rows);
  std::vector<float> found(2);
  for (int t = 0; t < 3; ++t) {
    scores.score(t, {}, found);
    for (int s = 0; s < 2; ++s) {
      const Mixture& m = model.state(s);
      double likelihood = 0.0;
      for (int k = 0; k < m.size(); ++k) {
        const auto at = static_cast<size_t>(2 * k);
        const float x[2] = {rows(t, 0), rows(t, 1)};
        likelihood +=
            static_cast<double>(m.weights[static_cast<size_t>(k)]) *
            std::exp(log_density({x, 2}, {m.means.data() + at, 2}, {m.variances.data() + at, 2}));
      }
      EXPECT_NEAR(found[static_cast<size_t>(s)], std::log(likelihood), 1e-4) << t << " " << s;
    }
  }
}

TEST(MixtureModel, TransformsMeans) {
  MixtureModel model = two_states();
  model.transform_means(std::vector<float>{0.0F, 2.0F, 1.0F, 1.0F});
  EXPECT_FLOAT_EQ(model.state(1).means[0], -4.0F);
  EXPECT_FLOAT_EQ(model.state(1).means[1], -1.0F);
}

}  // namespace
}  // namespace bivox
