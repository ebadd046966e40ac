#include "models/lm/ngram_marginals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lm_test_texts.h"
#include "models/lm/kneser_ney.h"

namespace bivox {
namespace {

double exp_of(float log_prob) { return std::exp(static_cast<double>(log_prob)); }

TEST(NgramMarginals, OfABigramModelAreTheStationaryDistribution) {
  TrainingText text;
  for (const auto& sentence : test::random_sentences(2000, 80, 3)) text.add_sentence(sentence);
  const TrainingVocabulary vocabulary = frequent_words(text);
  const KneserNeyModel trained =
      estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = 2}), vocabulary.words);
  const auto model = build_ngram_model(trained.trie, "model");
  // By brute force: one row of P(w | v) a word, iterated; </s> goes on as <s>.
  std::vector<double> expected(model->num_words(), 0.0);
  expected[1] = expected[2] = 1.0;
  for (int i = 0; i < 200; ++i) {
    std::vector<double> next(expected.size(), 0.0);
    for (LmWord v = 0; v < model->num_words(); ++v) {
      if (v == model->sentence_end()) continue;
      const LmState state = model->step(NgramModel::kEmptyState, v).next;
      for (LmWord w = 0; w < model->num_words(); ++w) {
        if (w == model->sentence_begin()) continue;
        next[w] += expected[v] * exp_of(model->step(state, w).log_prob);
      }
    }
    double sum = 0.0;
    for (const double value : next) sum += value;
    for (size_t w = 0; w < next.size(); ++w) expected[w] = next[w] / sum;
    expected[1] = expected[2];
  }
  const NgramMarginals marginals = ngram_marginals(trained.trie);
  ASSERT_EQ(marginals.size(), 1U);
  double total = 0.0;
  for (LmWord w = 0; w < model->num_words(); ++w) {
    if (w != model->sentence_begin()) total += marginals[0][w];
  }
  for (LmWord w = 3; w < 40; ++w) {
    EXPECT_NEAR(marginals[0][w] / total / expected[w], 1.0, 0.05) << model->word(w);
  }
}

TEST(NgramMarginals, OfAKneserNeyModelAreTheFrequenciesOfItsText) {
  TrainingText text;
  for (const auto& sentence : test::random_sentences(6000, 80, 4)) text.add_sentence(sentence);
  const TrainingVocabulary vocabulary = frequent_words(text);
  const KneserNeyModel trained =
      estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = 3}), vocabulary.words);
  const NgramMarginals marginals = ngram_marginals(trained.trie);
  ASSERT_EQ(marginals.size(), 2U);
  double total = 0.0;
  for (const uint32_t count : trained.counts[0]) total += count;
  total -= trained.counts[0][kTextBegin];
  double marginal_error = 0.0;
  double unigram_error = 0.0;
  for (uint32_t w = 3; w < 60; ++w) {
    const double frequency = trained.counts[0][w] / total;
    marginal_error += std::abs(marginals[0][w] - frequency);
    unigram_error += std::abs(exp_of(trained.trie.unigram_log_probs[w]) - frequency);
  }
  // The lower order itself counts different words before, which is far from the frequency.
  EXPECT_LT(marginal_error, 0.1);
  EXPECT_LT(marginal_error, 0.2 * unigram_error);
  double pair_error = 0.0;
  for (size_t e = 0; e < marginals[1].size(); ++e) {
    pair_error += std::abs(marginals[1][e] - trained.counts[1][e] / total);
  }
  EXPECT_LT(pair_error, 0.25);
}

}  // namespace
}  // namespace bivox
