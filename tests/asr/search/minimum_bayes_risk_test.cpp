#include "asr/search/minimum_bayes_risk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "search_fixture.h"

namespace bivox {
namespace {

using test::SmallTask;
using Words = std::vector<WordIndex>;

Lattice random_lattice(const SmallTask& task, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value(-3.0F, 1.5F);
  // The last tree word is the filler.
  std::uniform_int_distribution<TreeWord> word(
      0, static_cast<TreeWord>(task.network->tree().num_words()));
  Lattice lattice;
  for (int i = 0; i < 6; ++i) lattice.nodes.push_back({i * 10});
  for (uint32_t to = 1; to < 6; ++to) {
    for (uint32_t from = to > 2 ? to - 2 : 0; from < to; ++from) {
      lattice.arcs.push_back({from, to, word(random), value(random), value(random), 0.0F});
      lattice.arcs.push_back({from, to, word(random), value(random), value(random), 0.0F});
    }
  }
  lattice.finals = {{4, -2.0F}, {5, -1.0F}};
  return lattice;
}

// Posterior of every word sequence.
std::map<Words, double> sequences(const SmallTask& task, const Lattice& lattice, double scale) {
  std::map<Words, double> mass;
  double total = 0.0;
  Words words;
  const std::function<void(uint32_t, double)> walk = [&](uint32_t node, double score) {
    for (const Lattice::Final& final : lattice.finals) {
      if (final.node != node) continue;
      const double p = std::exp(scale * (score + static_cast<double>(final.score)));
      mass[words] += p;
      total += p;
    }
    for (const LatticeArc& arc : lattice.arcs) {
      if (arc.from != node) continue;
      const bool filler = task.network->tree().is_filler(arc.word);
      if (!filler) words.push_back(task.network->tree().word(arc.word).word);
      walk(arc.to, score + lattice.score(arc));
      if (!filler) words.pop_back();
    }
  };
  walk(0, 0.0);
  for (auto& [sequence, p] : mass) p /= total;
  return mass;
}

int distance(const Words& a, const Words& b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int old = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = old;
    }
  }
  return row[b.size()];
}

double risk(const std::map<Words, double>& posteriors, const Words& words) {
  double sum = 0.0;
  for (const auto& [sequence, p] : posteriors) sum += p * distance(sequence, words);
  return sum;
}

Words words_of(const SmallTask& task, const std::vector<DecodedWord>& decoded) {
  Words words;
  for (const DecodedWord& word : decoded)
    words.push_back(task.network->tree().word(word.word).word);
  return words;
}

TEST(MinimumBayesRisk, LowersTheRiskNearlyToTheLeastOfAllSequences) {
  const SmallTask task;
  double risk_of_best_paths = 0.0;
  double risk_found = 0.0;
  double least_risk = 0.0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Lattice lattice = random_lattice(task, seed);
    const auto posteriors = sequences(task, lattice, 0.6);
    const Words best_path = words_of(task, best_path_words(*task.network, lattice, 0.6, {}));
    const Words found = words_of(task, minimum_bayes_risk(*task.network, lattice, 0.6, {}));
    // The recursion takes expectations node by node, so single cases may lose a little.
    EXPECT_LE(risk(posteriors, found), risk(posteriors, best_path) + 0.15);
    double least = 1e9;
    for (const auto& [sequence, p] : posteriors)
      least = std::min(least, risk(posteriors, sequence));
    risk_of_best_paths += risk(posteriors, best_path);
    risk_found += risk(posteriors, found);
    least_risk += least;
  }
  EXPECT_LT(risk_found, risk_of_best_paths);
  EXPECT_LT(risk_found, 1.03 * least_risk);
}

TEST(MinimumBayesRisk, ConfidenceIsThePosteriorWhereOnlyOnePlaceIsOpen) {
  const SmallTask task;
  // Word 0 or word 1, then word 2 for certain.
  Lattice lattice;
  lattice.nodes = {{0}, {10}, {20}};
  lattice.arcs = {
      {0, 1, 0, -1.0F, 0.0F, 0.0F}, {0, 1, 1, -2.0F, 0.0F, 0.0F}, {1, 2, 2, -1.0F, 0.0F, 0.0F}};
  lattice.finals = {{2, 0.0F}};
  const std::vector<DecodedWord> words = minimum_bayes_risk(*task.network, lattice, 1.0, {});
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].word, 0U);
  EXPECT_NEAR(words[0].confidence, 1.0 / (1.0 + std::exp(-1.0)), 1e-5);
  EXPECT_EQ(words[0].start_frame, 0);
  EXPECT_EQ(words[0].end_frame, 10);
  EXPECT_NEAR(words[1].confidence, 0.99F, 1e-4F);  // the most a lattice can say
  EXPECT_EQ(words[1].end_frame, 20);
  // Calibration is a logistic curve in the logit.
  const std::vector<DecodedWord> calibrated =
      minimum_bayes_risk(*task.network, lattice, 1.0, {0.5F, -1.0F});
  EXPECT_NEAR(calibrated[0].confidence, 1.0 / (1.0 + std::exp(0.5)), 1e-5);
}

TEST(MinimumBayesRisk, ManyImprobableWaysIntoAProbableArcHarmNothing) {
  const SmallTask task;
  // Word 1; or one of twenty ways, each too improbable to be looked at, into words
  // that all of them share.
  Lattice lattice;
  lattice.nodes = {{0}, {10}, {15}, {20}};
  for (int i = 0; i < 20; ++i) lattice.arcs.push_back({0, 1, 0, std::log(5e-5F), 0.0F, 0.0F});
  lattice.arcs.push_back({1, 2, 0, 0.0F, 0.0F, 0.0F});
  lattice.arcs.push_back({0, 3, 1, 0.0F, 0.0F, 0.0F});
  lattice.arcs.push_back({2, 3, 0, 0.0F, 0.0F, 0.0F});
  lattice.finals = {{3, 0.0F}};
  const std::vector<DecodedWord> words = minimum_bayes_risk(*task.network, lattice, 1.0, {});
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].word, 1U);
  EXPECT_NEAR(words[0].confidence, 0.99F, 1e-4F);
}

TEST(MinimumBayesRisk, EmptyLatticeGivesNoWords) {
  const SmallTask task;
  EXPECT_TRUE(minimum_bayes_risk(*task.network, Lattice{}, 1.0, {}).empty());
  EXPECT_TRUE(best_path_words(*task.network, Lattice{}, 1.0, {}).empty());
}

TEST(BestPathWords, StayHoweverManyOthersThereAre) {
  const SmallTask task;
  // Word 0, or one of 100,000 pairs of words 1 and 2 that are each a little less likely.
  Lattice lattice;
  lattice.nodes = {{0}, {10}, {20}};
  lattice.arcs = {{0, 1, 1, -0.5F - std::log(1e5F) / 2, 0.0F, 0.0F}};
  lattice.arcs.resize(100'000, lattice.arcs[0]);
  lattice.arcs.push_back({0, 2, 0, -1.0F, 0.0F, 0.0F});
  lattice.arcs.push_back({1, 2, 2, -0.5F + std::log(1e5F) / 2 - 0.1F, 0.0F, 0.0F});
  lattice.finals = {{2, 0.0F}};
  const std::vector<DecodedWord> words = best_path_words(*task.network, lattice, 1.0, {});
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].word, 0U);
  EXPECT_EQ(words[0].start_frame, 0);
  EXPECT_EQ(words[0].end_frame, 20);
  EXPECT_LT(words[0].confidence, 0.02F);
}

TEST(BestPathWords, PosteriorsOfArcsOverTheSameTimeAddUp) {
  const SmallTask task;
  // Word 0 twice, with other boundaries; word 1.
  Lattice lattice;
  lattice.nodes = {{0}, {9}, {10}, {20}};
  lattice.arcs = {{0, 1, 0, std::log(0.2F), 0.0F, 0.0F},
                  {0, 2, 0, std::log(0.5F), 0.0F, 0.0F},
                  {0, 3, 1, std::log(0.3F), 0.0F, 0.0F},
                  {1, 3, 2, 0.0F, 0.0F, 0.0F},
                  {2, 3, 2, 0.0F, 0.0F, 0.0F}};
  lattice.finals = {{3, 0.0F}};
  const std::vector<DecodedWord> words = best_path_words(*task.network, lattice, 1.0, {});
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].end_frame, 10);
  EXPECT_NEAR(words[0].confidence, 0.7, 1e-5);
  EXPECT_NEAR(words[1].confidence, 0.7, 1e-5);
}

}  // namespace
}  // namespace bivox
