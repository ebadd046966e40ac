// Extended Baum-Welch: without a denominator it is maximum likelihood, with one it tells classes
// apart better, and nothing that it is given makes it give up on finite numbers.
#include "legacy/gmm/ebw_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dsp/core/random.h"

namespace bivox {
namespace {

constexpr int kDims = 3;

struct Frame {
  int state;
  std::vector<float> x;
};

// Two states of two densities each, and frames of both that overlap.
MixtureModel two_states() {
  MixtureModel model(2, std::vector<float>(kDims, 0.0F), std::vector<float>(kDims, 1.0F));
  for (int s = 0; s < 2; ++s) {
    Mixture& mixture = model.state(s);
    mixture.weights = {0.6F, 0.4F};
    mixture.means = {0.2F, -0.5F, 0.3F, -0.4F, 0.6F, 0.1F};
    for (float& m : mixture.means) m += s == 0 ? -0.3F : 0.3F;
    mixture.variances = {1.0F, 0.8F, 1.2F, 0.7F, 1.1F, 0.9F};
  }
  return model;
}

std::vector<Frame> frames(int count) {
  Random random(7);
  std::vector<Frame> out;
  for (int i = 0; i < count; ++i) {
    Frame frame{i % 2, {}};
    for (int d = 0; d < kDims; ++d) {
      // The first dimension tells the states apart, the others are wide and tell nothing.
      const double spread = d == 0 ? 0.7 : 2.0;
      const double centre = d == 0 ? (frame.state == 0 ? -0.6 : 0.6) : 0.0;
      frame.x.push_back(static_cast<float>(centre + spread * random.gaussian()));
    }
    out.push_back(std::move(frame));
  }
  return out;
}

double log_prob(const MixtureModel& model, int state, const std::vector<float>& x) {
  EmStatistics statistics(model);
  return statistics.accumulate(state, x.data());
}

// log P(state | x) with equal priors, summed; the objective of maximum mutual information.
double objective(const MixtureModel& model, const std::vector<Frame>& data) {
  double sum = 0.0;
  for (const Frame& frame : data) {
    const double a = log_prob(model, 0, frame.x);
    const double b = log_prob(model, 1, frame.x);
    const double top = std::max(a, b);
    sum += (frame.state == 0 ? a : b) - top - std::log(std::exp(a - top) + std::exp(b - top));
  }
  return sum;
}

TEST(EbwUpdate, WithoutADenominatorIsMaximumLikelihood) {
  MixtureModel expected = two_states();
  MixtureModel model = two_states();
  EmStatistics numerator(model);
  for (const Frame& frame : frames(400)) numerator.accumulate(frame.state, frame.x.data());
  const EmStatistics nothing(model);
  numerator.update(expected, {});
  EbwOptions options;
  options.smoothing = 0.0;
  options.weight_smoothing = 0.0;
  update_extended_baum_welch(numerator, nothing, numerator, {}, options, model);
  for (int s = 0; s < 2; ++s) {
    for (size_t i = 0; i < expected.state(s).means.size(); ++i) {
      EXPECT_NEAR(model.state(s).means[i], expected.state(s).means[i], 1e-5F);
      EXPECT_NEAR(model.state(s).variances[i], expected.state(s).variances[i], 1e-5F);
    }
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(model.state(s).weights[k], expected.state(s).weights[k], 1e-5F);
    }
  }
}

TEST(EbwUpdate, RaisesThePosteriorOfWhatWasSaid) {
  MixtureModel model = two_states();
  const std::vector<Frame> data = frames(2000);
  double before = objective(model, data);
  const double at_first = before;
  for (int pass = 0; pass < 6; ++pass) {
    EmStatistics numerator(model);
    EmStatistics denominator(model);
    for (const Frame& frame : data) {
      const double a = log_prob(model, 0, frame.x);
      const double b = log_prob(model, 1, frame.x);
      const auto second = static_cast<float>(1.0 / (1.0 + std::exp(a - b)));
      numerator.accumulate(frame.state, frame.x.data());
      denominator.accumulate(0, frame.x.data(), 1.0F - second);
      denominator.accumulate(1, frame.x.data(), second);
    }
    update_extended_baum_welch(numerator, denominator, numerator, {}, {}, model);
    const double now = objective(model, data);
    EXPECT_GT(now, before) << pass;
    before = now;
  }
  EXPECT_GT(before, at_first + 20.0);
}

TEST(EbwUpdate, StaysFiniteWhenTheDenominatorOutweighs) {
  MixtureModel model = two_states();
  EmStatistics numerator(model);
  EmStatistics denominator(model);
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    std::vector<float> x(kDims, static_cast<float>(50.0 * random.gaussian()));
    denominator.accumulate(i % 2, x.data());
    if (i % 50 == 0) numerator.accumulate(i % 2, x.data(), 0.01F);
  }
  const std::vector<float> global(kDims, 1.0F);
  EbwOptions options;
  options.smoothing = 0.0;
  for (int s = 0; s < 2; ++s) model.state(s).weights = {1.0F, 0.0F};
  update_extended_baum_welch(numerator, denominator, numerator, global, options, model);
  for (int s = 0; s < 2; ++s) {
    float sum = 0.0F;
    for (const float w : model.state(s).weights) {
      EXPECT_GE(w, 0.0F);
      sum += w;
    }
    EXPECT_NEAR(sum, 1.0F, 1e-5F);
    for (const float m : model.state(s).means) EXPECT_TRUE(std::isfinite(m));
    for (const float v : model.state(s).variances) EXPECT_GE(v, 0.0099F);
  }
}

TEST(EbwUpdate, WhatHardlyOccursStays) {
  MixtureModel model = two_states();
  const MixtureModel before = model;
  EmStatistics numerator(model);
  EmStatistics denominator(model);
  const std::vector<float> x(kDims, 1.0F);
  numerator.accumulate(0, x.data());
  update_extended_baum_welch(numerator, denominator, numerator, {}, {}, model);
  for (int s = 0; s < 2; ++s) {
    EXPECT_EQ(model.state(s).means, before.state(s).means);
    EXPECT_EQ(model.state(s).variances, before.state(s).variances);
    EXPECT_EQ(model.state(s).weights, before.state(s).weights);
  }
}

}  // namespace
}  // namespace bivox
