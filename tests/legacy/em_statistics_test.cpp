#include "legacy/gmm/em_statistics.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace bivox {
namespace {

// One state, two well separated Gaussians in one dimension.
std::vector<float> draw(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(0.0F, 1.0F);
  std::vector<float> x(count);
  for (float& value : x) {
    value = uniform(random) < 0.3F ? -4.0F + 0.5F * normal(random) : 3.0F + 2.0F * normal(random);
  }
  return x;
}

MixtureModel start() {
  const std::vector<float> mean = {0.0F};
  const std::vector<float> variance = {16.0F};
  MixtureModel model(1, mean, variance);
  model.split(2, std::vector<double>{1000.0}, 1.0, 10.0, 1);
  return model;
}

TEST(EmStatistics, LikelihoodNeverFallsAndFindsTheMixture) {
  const std::vector<float> x = draw(20000, 5);
  MixtureModel model = start();
  double before = -1e9;
  for (int pass = 0; pass < 60; ++pass) {
    EmStatistics statistics(model);
    for (const float value : x) statistics.accumulate(0, &value);
    EXPECT_GE(statistics.log_likelihood(), before - 0.05) << pass;
    before = statistics.log_likelihood();
    EXPECT_EQ(statistics.update(model, {}), 0);
  }
  const Mixture& m = model.state(0);
  const size_t low = m.means[0] < m.means[1] ? 0 : 1;
  EXPECT_NEAR(m.weights[low], 0.3F, 0.02F);
  EXPECT_NEAR(m.means[low], -4.0F, 0.05F);
  EXPECT_NEAR(m.variances[low], 0.25F, 0.03F);
  EXPECT_NEAR(m.means[1 - low], 3.0F, 0.1F);
  EXPECT_NEAR(m.variances[1 - low], 4.0F, 0.2F);
}

TEST(EmStatistics, PartsAddUpToTheWhole) {
  const std::vector<float> x = draw(1000, 6);
  const MixtureModel model = start();
  EmStatistics whole(model);
  EmStatistics first(model);
  EmStatistics second(model);
  for (size_t i = 0; i < x.size(); ++i) {
    whole.accumulate(0, &x[i]);
    (i < 400 ? first : second).accumulate(0, &x[i]);
  }
  first.add(second);
  EXPECT_DOUBLE_EQ(first.frames(), 1000.0);
  EXPECT_NEAR(first.log_likelihood(), whole.log_likelihood(), 1e-6);
  MixtureModel a = start();
  MixtureModel b = start();
  whole.update(a, {});
  first.update(b, {});
  EXPECT_NEAR(a.state(0).means[0], b.state(0).means[0], 1e-5F);
}

TEST(EmStatistics, RemovesStarvedDensitiesAndFloorsVariances) {
  MixtureModel model = start();
  model.state(0).means = {0.0F, 1000.0F};
  model.state(0).variances = {1.0F, 1.0F};
  EmStatistics statistics(model);
  const float x = 0.5F;
  for (int i = 0; i < 100; ++i) statistics.accumulate(0, &x);
  const std::vector<float> global = {2.0F};
  EXPECT_EQ(statistics.update(model, global), 1);
  ASSERT_EQ(model.state(0).size(), 1);
  EXPECT_FLOAT_EQ(model.state(0).weights[0], 1.0F);
  EXPECT_FLOAT_EQ(model.state(0).means[0], 0.5F);
  EXPECT_FLOAT_EQ(model.state(0).variances[0], 0.02F);
}

TEST(EmStatistics, StatesWithoutDataStay) {
  const std::vector<float> mean = {7.0F};
  const std::vector<float> variance = {1.0F};
  MixtureModel model(2, mean, variance);
  EmStatistics statistics(model);
  const float x = 1.0F;
  for (int i = 0; i < 10; ++i) statistics.accumulate(0, &x);
  statistics.update(model, {});
  EXPECT_FLOAT_EQ(model.state(0).means[0], 1.0F);
  EXPECT_FLOAT_EQ(model.state(1).means[0], 7.0F);
}

}  // namespace
}  // namespace bivox
