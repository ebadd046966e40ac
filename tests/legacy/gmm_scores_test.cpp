#include "legacy/gmm/gmm_scores.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr float kNoSelection = std::numeric_limits<float>::infinity();

struct Shape {
  int codebooks;
  int densities;
  std::vector<int> stream_dims;
  int states;
};

/// A random model of which state s draws from codebook s % codebooks.
GmmParameters random_parameters(const Shape& shape, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(0.001F, 1.0F);
  GmmParameters p;
  p.num_codebooks = shape.codebooks;
  p.num_densities = shape.densities;
  int column = 0;
  for (const int dims : shape.stream_dims) {
    p.streams.emplace_back();
    for (int d = 0; d < dims; ++d) p.streams.back().push_back(column++);
  }
  const auto gaussians = static_cast<size_t>(shape.codebooks * shape.densities * column);
  for (size_t i = 0; i < gaussians; ++i) {
    p.means.push_back(20.0F + 2.0F * normal(random));
    p.variances.push_back(0.2F + uniform(random));
  }
  for (int s = 0; s < shape.states; ++s) p.codebook_of_state.push_back(s % shape.codebooks);
  const auto states = static_cast<size_t>(shape.states);
  const auto densities = static_cast<size_t>(shape.densities);
  p.weights.resize(shape.stream_dims.size() * densities * states);
  for (size_t f = 0; f < shape.stream_dims.size(); ++f) {
    for (size_t s = 0; s < states; ++s) {
      float sum = 0.0F;
      for (size_t k = 0; k < densities; ++k) {
        sum += p.weights[(f * densities + k) * states + s] = std::pow(uniform(random), 4.0F);
      }
      for (size_t k = 0; k < densities; ++k) p.weights[(f * densities + k) * states + s] /= sum;
    }
  }
  return p;
}

FeatureMatrix random_features(int frames, int dims, unsigned seed = 2) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  FeatureMatrix features(frames, dims);
  for (int i = 0; i < features.size(); ++i) features.data()[i] = 20.0F + 2.0F * normal(random);
  return features;
}

struct Reference {
  double score = 0.0;
  std::vector<double> best;           ///< Best log density of each stream.
  std::vector<double> stream_scores;  ///< Exact log likelihood of each stream.
};

/// log p(x | state) in double precision, straight from the definition.
Reference reference_score(const GmmParameters& p, size_t state, const float* row) {
  Reference result;
  const auto densities = static_cast<size_t>(p.num_densities);
  size_t total_dims = 0;
  for (const auto& columns : p.streams) total_dims += columns.size();
  size_t at = static_cast<size_t>(p.codebook_of_state[state]) * densities * total_dims;
  for (size_t f = 0; f < p.streams.size(); ++f) {
    std::vector<float> x;
    for (const int column : p.streams[f]) x.push_back(row[column]);
    std::vector<double> terms;
    double best = -1e300;
    double best_density = -1e300;
    for (size_t k = 0; k < densities; ++k, at += x.size()) {
      const double density = log_density(x, std::span(p.means).subspan(at, x.size()),
                                         std::span(p.variances).subspan(at, x.size()));
      const double weight = p.weights[(f * densities + k) * p.codebook_of_state.size() + state];
      terms.push_back(density + std::log(std::max(weight, 1e-12)));
      best = std::max(best, terms.back());
      best_density = std::max(best_density, density);
    }
    double sum = 0.0;
    for (const double term : terms) sum += std::exp(term - best);
    result.stream_scores.push_back(best + std::log(sum));
    result.best.push_back(best_density);
    result.score += result.stream_scores.back();
  }
  return result;
}

class GmmScoresShapes : public ::testing::TestWithParam<Shape> {};

TEST_P(GmmScoresShapes, EqualTheReferenceWithoutSelection) {
  const GmmParameters p = random_parameters(GetParam());
  const auto gmms = std::make_shared<const GmmSet>(p);
  GmmScores scores(gmms, {kNoSelection});
  const FeatureMatrix features = random_features(11, gmms->feature_dims());
  scores.accept(features);
  ASSERT_EQ(scores.frames_ready(), 11);
  std::vector<float> out(static_cast<size_t>(scores.num_states()));
  for (int t = 0; t < 11; ++t) {
    scores.score(t, {}, out);
    for (size_t s = 0; s < out.size(); ++s) {
      const double expected = reference_score(p, s, features.row(t).data()).score;
      ASSERT_NEAR(out[s], expected, 1e-3 * std::abs(expected)) << "frame " << t << " state " << s;
    }
  }
}

TEST_P(GmmScoresShapes, SelectionErrsWithinItsBound) {
  const GmmParameters p = random_parameters(GetParam());
  const auto gmms = std::make_shared<const GmmSet>(p);
  const FeatureMatrix features = random_features(5, gmms->feature_dims());
  std::vector<float> out(p.codebook_of_state.size());
  double error_before = std::numeric_limits<double>::infinity();
  for (const float threshold : {1.0F, 4.0F, 14.0F}) {
    GmmScores scores(gmms, {threshold});
    scores.accept(features);
    double error = 0.0;
    for (int t = 0; t < 5; ++t) {
      scores.score(t, {}, out);
      for (size_t s = 0; s < out.size(); ++s) {
        const Reference exact = reference_score(p, s, features.row(t).data());
        // exp(exact) <= exp(kept) + exp(best - T), so kept >= ln(exp(exact) - exp(best - T)); where
        // that says nothing, the best density's weight still counts.
        double lower = 0.0;
        for (size_t f = 0; f < exact.best.size(); ++f) {
          const double left_out = std::exp(exact.best[f] - threshold - exact.stream_scores[f]);
          lower += left_out < 1.0 ? exact.stream_scores[f] + std::log1p(-left_out)
                                  : exact.best[f] + std::log(1e-12);
        }
        const double rounding = 1e-3 * std::abs(exact.score);
        EXPECT_LE(out[s], exact.score + rounding);
        EXPECT_GE(out[s], lower - rounding);
        error += exact.score - out[s];
      }
    }
    error /= 5.0 * static_cast<double>(out.size());
    EXPECT_LE(error, error_before);
    error_before = error;
  }
  EXPECT_LT(error_before, 0.01);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, GmmScoresShapes,
    ::testing::Values(Shape{1, 40, {5, 3, 1, 4}, 50},    // semi-continuous, four streams
                      Shape{3, 128, {13, 13, 13}, 200},  // phonetically tied
                      Shape{9, 8, {39}, 9},              // continuous
                      Shape{4, 17, {6, 2}, 14}));        // few states a codebook

TEST(GmmScores, DoNotDependOnHowRowsAreCut) {
  const auto gmms = std::make_shared<const GmmSet>(random_parameters({3, 20, {7, 4}, 40}));
  const FeatureMatrix features = random_features(37, 11);
  GmmScores whole(gmms);
  whole.accept(features);
  whole.finish();
  GmmScores pieces(gmms);
  std::vector<float> expected(40);
  std::vector<float> found(40);
  int accepted = 0;
  for (int t = 0; t < 37; ++t) {
    const int more = std::min(t % 5 == 0 ? 9 : 1, 37 - accepted);
    pieces.accept(features.middleRows(accepted, more));
    accepted += more;
    whole.score(t, {}, expected);
    pieces.score(t, {}, found);
    ASSERT_EQ(found, expected) << t;
  }
}

TEST(GmmScores, ActiveStatesGetTheSameScores) {
  for (const Shape& shape : {Shape{5, 20, {7}, 60}, Shape{60, 8, {7}, 60}}) {
    const auto gmms = std::make_shared<const GmmSet>(random_parameters(shape));
    const FeatureMatrix features = random_features(30, 7);
    GmmScores all(gmms);
    GmmScores some(gmms);
    all.accept(features);
    some.accept(features);
    std::vector<float> expected(60);
    std::mt19937 random(3);
    for (int t = 0; t < 30; ++t) {
      std::vector<StateId> active;
      for (int i = 0; i < t % 4 + 1; ++i) active.push_back(static_cast<StateId>(random() % 60));
      std::vector<float> found(60, 1.0F);
      all.score(t, {}, expected);
      some.score(t, active, found);
      for (const StateId state : active) {
        ASSERT_EQ(found[static_cast<size_t>(state)], expected[static_cast<size_t>(state)]);
      }
    }
  }
}

TEST(GmmScores, EveryInstructionSetGivesTheSameScores) {
  for (const Shape& shape : {Shape{2, 40, {5, 3}, 150}, Shape{6, 12, {7}, 6}}) {
    const auto gmms = std::make_shared<const GmmSet>(random_parameters(shape));
    const FeatureMatrix features = random_features(13, gmms->feature_dims());
    std::vector<std::vector<float>> expected;  // of the best instruction set
    const int64_t supported = hwy::SupportedTargets();
    int tried = 0;
    for (int64_t targets = supported; targets != 0; targets &= targets - 1) {
      hwy::SetSupportedTargetsForTest(targets & -targets);  // lower bits are better sets
      GmmScores scores(gmms);
      scores.accept(features);
      for (int t = 0; t < 13; ++t) {
        std::vector<float> out(static_cast<size_t>(shape.states));
        scores.score(t, {}, out);
        if (tried == 0) {
          expected.push_back(out);
        }
        for (size_t s = 0; s < out.size(); ++s) {
          const float wanted = expected[static_cast<size_t>(t)][s];
          ASSERT_NEAR(out[s], wanted, 1e-4 * std::abs(wanted)) << "targets " << targets;
        }
      }
      ++tried;
    }
    hwy::SetSupportedTargetsForTest(0);
    EXPECT_GE(tried, 1);
  }
}

TEST(GmmScores, ResetStartsAgain) {
  const auto gmms = std::make_shared<const GmmSet>(random_parameters({2, 20, {4}, 20}));
  GmmScores scores(gmms);
  std::vector<float> first(20);
  std::vector<float> again(20);
  scores.accept(random_features(3, 4));
  scores.score(0, {}, first);
  scores.score(2, {}, again);
  scores.reset();
  EXPECT_EQ(scores.frames_ready(), 0);
  EXPECT_THROW(scores.score(0, {}, again), std::logic_error);
  scores.accept(random_features(3, 4));
  scores.score(0, {}, again);
  EXPECT_EQ(again, first);
}

TEST(GmmScores, ForgottenFramesAreRefusedAndTheLastIsKept) {
  const auto gmms = std::make_shared<const GmmSet>(random_parameters({1, 4, {2}, 6}));
  GmmScores scores(gmms);
  std::vector<float> out(6);
  scores.accept(random_features(100, 2));
  scores.score(90, {}, out);
  EXPECT_NO_THROW(scores.score(90 - AcousticScores::kScoreHistory, {}, out));
  EXPECT_THROW(scores.score(0, {}, out), std::logic_error);
  EXPECT_THROW(scores.score(100, {}, out), std::logic_error);
  EXPECT_THROW(scores.accept(random_features(1, 3)), std::logic_error);
}

TEST(GmmScores, StayNumbersWhateverTheFeatures) {
  for (const Shape& shape : {Shape{1, 20, {2, 2, 2}, 30}, Shape{3, 5, {6}, 3}}) {
    const auto gmms = std::make_shared<const GmmSet>(random_parameters(shape));
    GmmScores scores(gmms);
    FeatureMatrix features(4, 6);
    features.row(0).setConstant(std::numeric_limits<float>::quiet_NaN());
    features.row(1).setConstant(std::numeric_limits<float>::infinity());
    features.row(2).setConstant(1e19F);
    features.row(3).setConstant(-1e6F);
    scores.accept(features);
    std::vector<float> out(static_cast<size_t>(shape.states));
    for (int t = 0; t < 4; ++t) {
      scores.score(t, {}, out);
      for (const float score : out) EXPECT_TRUE(std::isfinite(score)) << t;
    }
  }
}

TEST(GmmScores, StreamsTakeTheColumnsTheyName) {
  GmmParameters p = random_parameters({1, 6, {2, 1}, 8});
  p.streams = {{3, 0}, {1}};
  const auto gmms = std::make_shared<const GmmSet>(p);
  EXPECT_EQ(gmms->feature_dims(), 4);
  GmmScores scores(gmms, {kNoSelection});
  const FeatureMatrix features = random_features(2, 4);
  scores.accept(features);
  std::vector<float> out(8);
  scores.score(1, {}, out);
  EXPECT_NEAR(out[5], reference_score(p, 5, features.row(1).data()).score, 0.02);
}

TEST(GmmScores, TransformComesBeforeStreams) {
  GmmParameters p = random_parameters({1, 6, {2, 1}, 8});
  FeatureMatrix transform(3, 5);
  transform.setRandom();
  const FeatureMatrix features = random_features(1, 5);
  const FeatureMatrix transformed = features * transform.transpose();
  const double expected = reference_score(p, 3, transformed.data()).score;
  p.transform = transform;
  GmmScores scores(std::make_shared<const GmmSet>(p), {kNoSelection});
  scores.accept(features);
  std::vector<float> out(8);
  scores.score(0, {}, out);
  EXPECT_NEAR(out[3], expected, 1e-3 * std::abs(expected));
}

TEST(GmmSet, ParametersThatAreNoModelAreErrors) {
  const GmmParameters good = random_parameters({2, 4, {3}, 6});
  EXPECT_NO_THROW(GmmSet{good});
  const auto with = [&good](auto&& change) {
    GmmParameters p = good;
    change(p);
    return p;
  };
  EXPECT_THROW(GmmSet(with([](auto& p) { p.means.pop_back(); })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.means[1] = NAN; })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.variances[1] = -1.0F; })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.weights[1] = 2.0F; })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.codebook_of_state[0] = 2; })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.streams.clear(); })), Error);
  EXPECT_THROW(GmmSet(with([](auto& p) { p.num_densities = 0; })), Error);
}

}  // namespace
}  // namespace bivox
