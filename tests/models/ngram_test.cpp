#include "models/lm/ngram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "models/lm/arpa.h"
#include "models/lm/ngram_builder.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using test::as_bytes;
using test::make_random_model;
using test::Ngram;
using test::RandomModel;

const double kLn10 = std::log(10.0);

class NgramOrders : public testing::TestWithParam<size_t> {};

// The automaton against the recursion, along random texts that start at the sentence's start.
TEST_P(NgramOrders, StepsGiveTheProbabilitiesOfTheRecursion) {
  const RandomModel model = make_random_model(GetParam(), 12, 7);
  const auto lm = parse_arpa(as_bytes(model.arpa()), "random");
  ASSERT_EQ(lm->order(), static_cast<int>(GetParam()));
  std::mt19937 random(3);
  for (int text = 0; text < 50; ++text) {
    LmState state = lm->begin_state();
    Ngram history = {0};
    for (int i = 0; i < 20; ++i) {
      const uint32_t word = 2 + random() % 10;
      const auto step = lm->step(state, word);
      EXPECT_NEAR(step.log_prob, model.log10_prob(history, word) * kLn10, 2e-5);
      state = step.next;
      history.push_back(word);
    }
  }
}

// sum over w of P(w | h) = 1, whatever the history; <s> is never predicted (its probability is
// 1e-99).
TEST_P(NgramOrders, ProbabilitiesSumToOne) {
  const RandomModel model = make_random_model(GetParam(), 12, 11);
  const auto lm = parse_arpa(as_bytes(model.arpa()), "random");
  for (LmState state = 0; state < lm->num_states(); ++state) {
    double sum = 0.0;
    for (LmWord word = 0; word < lm->num_words(); ++word) {
      sum += std::exp(static_cast<double>(lm->step(state, word).log_prob));
    }
    EXPECT_NEAR(sum, 1.0, 1e-5) << "state " << state;
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, NgramOrders, testing::Values(2, 3, 4, 5));

TEST(Ngram, UnigramModel) {
  const RandomModel model = make_random_model(1, 6, 5);
  const auto lm = parse_arpa(as_bytes(model.arpa()), "random");
  EXPECT_EQ(lm->num_states(), 1U);
  EXPECT_EQ(lm->begin_state(), NgramModel::kEmptyState);
  EXPECT_EQ(lm->step(0, 3).next, 0U);
  EXPECT_NEAR(lm->step(0, 3).log_prob, model.levels[0].at({3}).log10_prob * kLn10, 1e-6);
}

TEST(Ngram, SuccessorsAreSortedAndAgreeWithSteps) {
  // 80 words at density 0.9 make lists long enough for buckets.
  const RandomModel model = make_random_model(2, 80, 2, 0.9);
  const auto lm = parse_arpa(as_bytes(model.arpa()), "random");
  uint32_t longest = 0;
  uint64_t total = 0;
  for (LmState state = 0; state < lm->num_states(); ++state) {
    std::vector<LmWord> words;
    lm->for_each_successor(state, [&](LmWord word, float log_prob) {
      words.push_back(word);
      EXPECT_EQ(log_prob, lm->step(state, word).log_prob);
    });
    EXPECT_TRUE(std::is_sorted(words.begin(), words.end()));
    EXPECT_EQ(words.size(), lm->num_successors(state));
    if (state > 0) {
      longest = std::max(longest, lm->num_successors(state));
      total += words.size();
    }
    // Words that are not listed cost the back-off weight.
    for (LmWord word = 0; word < lm->num_words(); ++word) {
      if (std::binary_search(words.begin(), words.end(), word)) continue;
      EXPECT_EQ(lm->step(state, word).log_prob,
                lm->backoff_log_weight(state) + lm->step(lm->backoff_state(state), word).log_prob);
    }
  }
  EXPECT_GT(longest, NgramModel::kBucketedArcs);
  EXPECT_EQ(total, lm->num_ngrams(2));
}

TEST(Ngram, StatesAreMinimal) {
  const RandomModel model = make_random_model(3, 12, 7);
  const auto lm = parse_arpa(as_bytes(model.arpa()), "random");
  for (LmState state = 1; state < lm->num_states(); ++state) {
    EXPECT_TRUE(lm->num_successors(state) > 0 || lm->backoff_log_weight(state) != 0.0F);
    EXPECT_LT(lm->context_length(lm->backoff_state(state)), lm->context_length(state));
  }
  EXPECT_EQ(lm->context_length(0), 0);
  EXPECT_EQ(lm->context_length(lm->begin_state()), 1);
}

TEST(Ngram, Codebook) {
  const std::vector<float> values = {-1.0F, -4.0F, -1.0F, -2.0F, -3.0F};
  EXPECT_EQ(make_codebook(values, 4), (std::vector<float>{-4.0F, -3.0F, -2.0F, -1.0F}));
  // Parts {-4 -3} and {-2 -1 -1}.
  const std::vector<float> two = make_codebook(values, 2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_FLOAT_EQ(two[0], -3.5F);
  EXPECT_FLOAT_EQ(two[1], -4.0F / 3.0F);
  EXPECT_EQ(nearest_code(two, -9.0F), 0);
  EXPECT_EQ(nearest_code(two, -2.6F), 0);
  EXPECT_EQ(nearest_code(two, -2.2F), 1);
  EXPECT_EQ(nearest_code(two, 0.0F), 1);
}

// Text drawn from the model itself; 12 bits instead of the 16 that files get.
TEST(Ngram, QuantizationKeepsPerplexity) {
  const RandomModel model = make_random_model(2, 160, 9, 0.8);
  ASSERT_GT(model.levels[1].size(), 10000U);
  const std::string arpa = model.arpa();
  const auto exact = parse_arpa(as_bytes(arpa), "exact");
  const auto coarse = parse_arpa(as_bytes(arpa), "coarse", {.codebook_size = 4096});
  std::mt19937 random(1);
  double sum_exact = 0.0;
  double sum_coarse = 0.0;
  LmState state = exact->begin_state();
  constexpr int kLength = 20000;
  for (int i = 0; i < kLength; ++i) {
    std::vector<double> probs(exact->num_words());
    for (LmWord w = 0; w < exact->num_words(); ++w) {
      probs[w] = std::exp(static_cast<double>(exact->step(state, w).log_prob));
    }
    const auto word = static_cast<LmWord>(
        std::discrete_distribution<uint32_t>(probs.begin(), probs.end())(random));
    const auto step = exact->step(state, word);
    sum_exact += static_cast<double>(step.log_prob);
    sum_coarse += static_cast<double>(coarse->step(state, word).log_prob);
    state = step.next;
    if (word == 1) state = exact->begin_state();
  }
  EXPECT_NE(sum_exact, sum_coarse);
  EXPECT_NEAR(std::exp((sum_exact - sum_coarse) / kLength), 1.0, 1e-3);
}

}  // namespace
}  // namespace bivox
