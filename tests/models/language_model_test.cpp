#include "models/lm/language_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dsp/core/error.h"
#include "models/lm/arpa.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using test::as_bytes;
using test::make_random_model;

std::shared_ptr<const NgramModel> random_ngram() {
  return parse_arpa(as_bytes(make_random_model(3, 12, 7).arpa()), "random");
}

const std::vector<AddedWord> kAdded = {{"new", -6.0F}, {"w3", -1.0F}, {"newer", -7.0F}};
const std::vector<BoostedPhrase> kBoosted = {
    {{"w2", "new"}, 2.0F}, {{"newer"}, 3.0F}, {{"w4", "w5", "w4"}, 0.5F}, {{"w4"}, 0.25F}};

TEST(LanguageModel, IsTheNgramModelWhereNothingIsAdded) {
  const auto ngram = random_ngram();
  const LanguageModel plain(ngram);
  const LanguageModel empty(ngram, {}, {});
  for (const LanguageModel& lm : {plain, empty}) {
    EXPECT_EQ(lm.num_words(), ngram->num_words());
    for (LmState state = 0; state < ngram->num_states(); ++state) {
      for (LmWord word = 0; word < ngram->num_words(); ++word) {
        EXPECT_EQ(lm.step(state, word).log_prob, ngram->step(state, word).log_prob);
        EXPECT_EQ(lm.step(state, word).next, ngram->step(state, word).next);
      }
    }
  }
}

TEST(LanguageModel, AddedWordsAreReachedFromEveryContext) {
  const auto ngram = random_ngram();
  const LanguageModel lm(ngram, kAdded, {});
  EXPECT_EQ(lm.num_words(), ngram->num_words() + 2);  // w3 was there already
  EXPECT_EQ(lm.find("w3"), ngram->find("w3"));
  EXPECT_EQ(lm.find("nowhere"), std::nullopt);
  const LmWord word = lm.find("newer").value();
  EXPECT_EQ(lm.word(word), "newer");
  EXPECT_EQ(lm.unigram_log_prob(word), -7.0F);
  for (LmState state = 0; state < ngram->num_states(); ++state) {
    float weight = 0.0F;
    for (LmState at = state; at != 0; at = ngram->backoff_state(at)) {
      weight += ngram->backoff_log_weight(at);
    }
    EXPECT_NEAR(lm.step(state, word).log_prob, weight - 7.0F, 1e-5);
    EXPECT_EQ(lm.step(state, word).next, LanguageModel::kEmptyState);
  }
}

// Along random texts: the n-gram model's probability plus what the phrases pay.
TEST(LanguageModel, BoostsAddToTheProbabilities) {
  const auto ngram = random_ngram();
  const LanguageModel bare(ngram, kAdded, {});
  const LanguageModel lm(ngram, kAdded, kBoosted);
  std::vector<PhraseBoost::Phrase> phrases;
  for (const BoostedPhrase& boosted : kBoosted) {
    PhraseBoost::Phrase& phrase = phrases.emplace_back();
    phrase.bonus = boosted.bonus;
    for (const std::string& word : boosted.words) phrase.words.push_back(lm.find(word).value());
  }
  const PhraseBoost boost(lm.num_words(), phrases);
  std::mt19937 random(5);
  for (int text = 0; text < 100; ++text) {
    LmState bare_state = bare.begin_state();
    LmState state = lm.begin_state();
    PhraseState phrase = 0;
    for (int i = 0; i < 20; ++i) {
      const LmWord word = 1 + random() % (lm.num_words() - 1);
      const auto expected = bare.step(bare_state, word);
      const auto paid = boost.step(phrase, word);
      const auto step = lm.step(state, word);
      EXPECT_NEAR(step.log_prob, expected.log_prob + paid.bonus, 1e-5);
      bare_state = expected.next;
      phrase = paid.next;
      state = step.next;
    }
  }
}

// What the look-ahead relies on, in every state that can be reached.
TEST(LanguageModel, IsABackOffAutomaton) {
  const LanguageModel lm(random_ngram(), kAdded, kBoosted);
  std::vector<LmState> states = {0};
  if (lm.begin_state() != 0) states.push_back(lm.begin_state());
  for (size_t i = 0; i < states.size(); ++i) {
    const LmState state = states[i];
    std::vector<bool> listed(lm.num_words(), false);
    lm.for_each_successor(state, [&](LmWord word, float log_prob) {
      listed[word] = true;
      EXPECT_NEAR(log_prob, lm.step(state, word).log_prob, 1e-5);
    });
    for (LmWord word = 0; word < lm.num_words(); ++word) {
      const auto step = lm.step(state, word);
      if (std::find(states.begin(), states.end(), step.next) == states.end()) {
        states.push_back(step.next);
      }
      if (listed[word]) continue;
      ASSERT_NE(state, LanguageModel::kEmptyState);
      const auto shorter = lm.step(lm.backoff_state(state), word);
      EXPECT_NEAR(step.log_prob, lm.backoff_log_weight(state) + shorter.log_prob, 1e-4);
      EXPECT_EQ(step.next, shorter.next);
    }
  }
  EXPECT_GT(states.size(), lm.ngram().num_states());  // pairs were among them
}

TEST(LanguageModel, RefusesPhrasesOfUnknownWords) {
  const auto ngram = random_ngram();
  const std::vector<BoostedPhrase> phrases = {{{"w2", "nowhere"}, 1.0F}};
  try {
    const LanguageModel lm(ngram, {}, phrases);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("'w2 nowhere'"), std::string::npos) << error.message();
  }
}

TEST(LanguageModel, RareWordsAreThoseOfTheQuantile) {
  const auto ngram = random_ngram();
  std::vector<float> all;
  for (LmWord word = 1; word < ngram->num_words(); ++word) {
    all.push_back(ngram->unigram_log_prob(word));
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(rare_word_log_prob(*ngram, 0.0), all.front());
  EXPECT_EQ(rare_word_log_prob(*ngram, 0.5), all[all.size() / 2]);
  EXPECT_EQ(rare_word_log_prob(*ngram, 1.0), all.back());
}

}  // namespace
}  // namespace bivox
