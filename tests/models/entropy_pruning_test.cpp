#include "models/lm/entropy_pruning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "lm_test_texts.h"
#include "models/lm/kneser_ney.h"

namespace bivox {
namespace {

KneserNeyModel train(int order, uint32_t num_words, size_t sentences = 4000) {
  TrainingText text;
  for (const std::string& sentence : test::random_sentences(sentences, num_words, 9)) {
    text.add_sentence(sentence);
  }
  const TrainingVocabulary vocabulary = frequent_words(text);
  return estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = order}), vocabulary.words);
}

TEST(EntropyPruning, CostIsTheRelativeEntropyOfTheTwoModels) {
  // Bigrams: the entropy can be summed over all words of the one context that changes.
  const KneserNeyModel trained = train(2, 40);
  const auto costs = pruning_costs(trained.trie, trained.counts);
  const auto model = build_ngram_model(trained.trie, "whole");
  double total = 0.0;
  for (const uint32_t count : trained.counts[0]) total += count;
  const BackoffLevel& bigrams = trained.trie.levels[0];
  for (size_t c = 0; c + 1 < bigrams.begins.size(); c += 5) {
    if (bigrams.begins[c] == bigrams.begins[c + 1]) continue;
    const uint32_t gone = (bigrams.begins[c] + bigrams.begins[c + 1]) / 2;
    KeptNgrams kept = {std::vector<uint8_t>(bigrams.size(), 1)};
    kept[0][gone] = 0;
    BackoffTrie pruned = trained.trie;
    remove_ngrams(pruned, kept);
    const auto smaller = build_ngram_model(std::move(pruned), "pruned");
    const auto word = static_cast<LmWord>(c);
    const LmState before = model->step(0, word).next;
    const LmState after = smaller->step(0, word).next;
    double entropy = 0.0;
    for (LmWord w = 0; w < model->num_words(); ++w) {
      if (w == model->sentence_begin()) continue;
      const auto p = static_cast<double>(model->step(before, w).log_prob);
      const auto q = static_cast<double>(smaller->step(after, w).log_prob);
      entropy += std::exp(p) * (p - q);
    }
    entropy *= trained.counts[0][c] / total;
    EXPECT_NEAR(static_cast<double>(costs[0][gone]), entropy, 1e-8 + 1e-3 * entropy);
  }
}

TEST(EntropyPruning, FitsTheSizeAndStillSumsToOne) {
  for (const int order : {2, 3, 4}) {
    const KneserNeyModel trained = train(order, 300);
    const uint64_t whole = build_ngram_model(trained.trie, "whole")->num_bytes();
    const auto costs = pruning_costs(trained.trie, trained.counts);
    uint64_t ngrams = 0;
    for (const double share : {0.35, 0.6, 0.9}) {
      const auto limit = static_cast<uint64_t>(share * static_cast<double>(whole));
      const KeptNgrams kept = keep_within(trained.trie, costs, limit);
      BackoffTrie trie = trained.trie;
      remove_ngrams(trie, kept);
      const auto model = build_ngram_model(std::move(trie), "pruned");
      EXPECT_LE(model->num_bytes(), limit);
      EXPECT_GT(static_cast<double>(model->num_bytes()), 0.9 * static_cast<double>(limit));
      EXPECT_LT(test::worst_sum(*model, 200, 2), 2e-5);
      uint64_t count = 0;
      for (int k = 2; k <= order; ++k) count += model->num_ngrams(k);
      EXPECT_GT(count, ngrams);
      ngrams = count;
    }
  }
}

TEST(EntropyPruning, WithoutCountsTheModelItselfWeighsContexts) {
  const auto model = build_ngram_model(train(3, 300).trie, "whole");
  BackoffTrie trie = make_backoff_trie(*model);
  const auto costs = pruning_costs(trie);
  remove_ngrams(trie, keep_within(trie, costs, model->num_bytes() / 2));
  const auto pruned = build_ngram_model(std::move(trie), "pruned");
  EXPECT_LE(pruned->num_bytes(), model->num_bytes() / 2);
  EXPECT_LT(test::worst_sum(*pruned, 200, 2), 2e-5);
}

TEST(EntropyPruning, ThresholdsAtTheEnds) {
  const KneserNeyModel trained = train(3, 100);
  const auto costs = pruning_costs(trained.trie, trained.counts);
  const KeptNgrams none = keep_above(trained.trie, costs, HUGE_VAL);
  BackoffTrie trie = trained.trie;
  remove_ngrams(trie, none);
  EXPECT_EQ(trie.levels[0].size() + trie.levels[1].size(), 0U);
  const auto unigrams = build_ngram_model(std::move(trie), "unigrams");
  EXPECT_EQ(unigrams->num_bytes(), binary_size(trained.trie, none));
  EXPECT_LT(test::worst_sum(*unigrams, 20, 2), 1e-5);
  EXPECT_THROW(keep_within(trained.trie, costs, 1000), Error);
  const KeptNgrams all = keep_within(trained.trie, costs, uint64_t{1} << 40);
  BackoffTrie same = trained.trie;
  remove_ngrams(same, all);
  EXPECT_EQ(same.levels[1].words, trained.trie.levels[1].words);
  EXPECT_EQ(same.levels[1].suffixes, trained.trie.levels[1].suffixes);
}

}  // namespace
}  // namespace bivox
