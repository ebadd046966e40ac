#include "models/lm/phrase_boost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using Phrase = PhraseBoost::Phrase;

constexpr uint32_t kNumWords = 6;
constexpr LmWord kStop = 5;  // in no phrase: what was paid in advance is back after it

// B(W) by looking for every phrase at every place.
double counted(const std::vector<Phrase>& phrases, const std::vector<LmWord>& text) {
  double sum = 0.0;
  for (size_t i = 0; i < phrases.size(); ++i) {
    const std::vector<LmWord>& words = phrases[i].words;
    float bonus = phrases[i].bonus;
    bool is_repeated = false;
    for (size_t k = 0; k < phrases.size(); ++k) {
      if (phrases[k].words != words) continue;
      is_repeated = is_repeated || k < i;
      bonus = std::max(bonus, phrases[k].bonus);
    }
    if (is_repeated) continue;
    for (size_t at = 0; at + words.size() <= text.size(); ++at) {
      if (std::equal(words.begin(), words.end(), text.begin() + static_cast<long>(at))) {
        sum += static_cast<double>(bonus) * static_cast<double>(words.size());
      }
    }
  }
  return sum;
}

std::vector<Phrase> random_phrases(std::mt19937& random) {
  std::uniform_real_distribution<float> bonus(-1.0F, 3.0F);
  std::vector<Phrase> phrases(1 + random() % 6);
  for (Phrase& phrase : phrases) {
    phrase.words.resize(1 + random() % 4);
    for (LmWord& word : phrase.words) word = random() % 3;  // few, so that phrases overlap
    phrase.bonus = bonus(random);
  }
  return phrases;
}

TEST(PhraseBoost, PaysEveryOccurrenceAndTakesAdvancesBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::vector<Phrase> phrases = random_phrases(random);
    const PhraseBoost boost(kNumWords, phrases);
    std::vector<LmWord> text(12);
    for (LmWord& word : text) word = random() % 4;
    text.push_back(kStop);
    double sum = 0.0;
    PhraseState state = 0;
    for (const LmWord word : text) {
      const PhraseBoost::Step step = boost.step(state, word);
      sum += static_cast<double>(step.bonus);
      state = step.next;
      ASSERT_LT(state, boost.num_states());
    }
    EXPECT_EQ(state, 0U);
    EXPECT_NEAR(sum, counted(phrases, text), 1e-4);
  }
}

// What is listed explicitly, and the way to the shorter state, give the same steps.
TEST(PhraseBoost, IsABackOffAutomaton) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    const PhraseBoost boost(kNumWords, random_phrases(random));
    for (PhraseState state = 0; state < boost.num_states(); ++state) {
      for (LmWord word = 0; word < kNumWords; ++word) {
        const PhraseBoost::Step step = boost.step(state, word);
        bool listed = false;
        boost.for_each_successor(state, [&](LmWord successor, const PhraseBoost::Step& own) {
          if (successor != word) return;
          listed = true;
          EXPECT_EQ(own.bonus, step.bonus);
          EXPECT_EQ(own.next, step.next);
        });
        if (state == 0) {
          EXPECT_EQ(step.bonus, boost.start_bonus(word));
        } else if (!listed) {
          const PhraseBoost::Step other = boost.step(boost.shorter(state), word);
          EXPECT_NEAR(step.bonus, boost.shorter_bonus(state) + other.bonus, 1e-5);
          EXPECT_EQ(step.next, other.next);
        }
        EXPECT_LE(boost.shorter_bonus(state), 0.0F);
      }
    }
  }
}

TEST(PhraseBoost, PaysInAdvance) {
  const PhraseBoost boost(kNumWords, std::vector<Phrase>{{{0, 1, 2}, 2.0F}});
  const PhraseBoost::Step first = boost.step(0, 0);
  EXPECT_EQ(first.bonus, 2.0F);
  EXPECT_EQ(boost.step(first.next, 1).bonus, 2.0F);
  EXPECT_EQ(boost.step(first.next, kStop).bonus, -2.0F);
  EXPECT_EQ(boost.step(first.next, 0).bonus, 0.0F);  // gives one back, begins anew
}

TEST(PhraseBoost, SingleWordsNeedNoState) {
  const PhraseBoost boost(kNumWords, std::vector<Phrase>{{{0}, 2.0F}, {{1}, -1.0F}});
  EXPECT_EQ(boost.num_states(), 1U);
  EXPECT_EQ(boost.start_bonus(0), 2.0F);
  EXPECT_EQ(boost.start_bonus(1), -1.0F);
  EXPECT_EQ(boost.start_bonus(2), 0.0F);
}

TEST(PhraseBoost, RefusesWhatMakesNoSense) {
  EXPECT_THROW(PhraseBoost(kNumWords, std::vector<Phrase>{{{}, 1.0F}}), Error);
  EXPECT_THROW(
      PhraseBoost(kNumWords, std::vector<Phrase>{{{0}, std::numeric_limits<float>::infinity()}}),
      Error);
}

}  // namespace
}  // namespace bivox
