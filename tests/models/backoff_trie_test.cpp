#include "models/lm/backoff_trie.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "dsp/core/file_io.h"
#include "lm_test_texts.h"
#include "models/lm/arpa.h"
#include "models/lm/kneser_ney.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

/// The largest difference of log P along random walks.
double difference(const NgramModel& a, const NgramModel& b) {
  EXPECT_EQ(a.num_words(), b.num_words());
  std::mt19937 random(4);
  double worst = 0.0;
  LmState in_a = 0;
  LmState in_b = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto word = static_cast<LmWord>(random() % a.num_words());
    const auto step_a = a.step(in_a, word);
    const auto step_b = b.step(in_b, b.find(a.word(word)).value());
    worst = std::max(worst, std::abs(static_cast<double>(step_a.log_prob - step_b.log_prob)));
    EXPECT_EQ(a.context_length(step_a.next), b.context_length(step_b.next));
    in_a = step_a.next;
    in_b = step_b.next;
  }
  return worst;
}

TEST(BackoffTrie, ComesFromAModelAndGoesBack) {
  for (const size_t order : {1U, 2U, 3U, 4U}) {
    const auto random_model = test::make_random_model(order, 20, 3);
    const auto model = parse_arpa(test::as_bytes(random_model.arpa()), "random");
    const BackoffTrie trie = make_backoff_trie(*model);
    EXPECT_EQ(trie.order(), static_cast<int>(order));
    const auto again = build_ngram_model(trie, "again");
    EXPECT_EQ(difference(*model, *again), 0.0);
    EXPECT_EQ(model->num_states(), again->num_states());
  }
}

TEST(BackoffTrie, WeightsAreThoseOfANormalizedModel) {
  const auto model = parse_arpa(test::as_bytes(test::make_random_model(3, 20, 6).arpa()), "random");
  BackoffTrie trie = make_backoff_trie(*model);
  for (float& weight : trie.unigram_backoffs) weight = -5.0F;
  for (float& weight : trie.levels[0].backoffs) weight = 5.0F;
  set_backoff_weights(trie);
  EXPECT_LT(difference(*model, *build_ngram_model(std::move(trie), "again")), 1e-4);
}

TEST(BackoffTrie, ArpaFilesKeepTheModel) {
  TrainingText text;
  for (const std::string& sentence : test::random_sentences(3000, 200, 9))
    text.add_sentence(sentence);
  const TrainingVocabulary vocabulary = frequent_words(text);
  const BackoffTrie trie =
      estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = 3}), vocabulary.words).trie;
  const auto model = build_ngram_model(trie, "model");
  for (const std::string name : {"bivox_test.arpa", "bivox_test.arpa.gz"}) {
    const auto path = std::filesystem::temp_directory_path() / (std::to_string(getpid()) + name);
    write_arpa(trie, path);
    const std::string bytes = read_file(path);
    EXPECT_EQ(name.ends_with(".gz"), bytes[0] == '\x1f');
    const auto read = NgramModel::load(path);
    std::filesystem::remove(path);
    for (int k = 1; k <= 3; ++k) EXPECT_EQ(read->num_ngrams(k), model->num_ngrams(k));
    EXPECT_LT(difference(*model, *read), 2e-5);
  }
}

}  // namespace
}  // namespace bivox
