#include "legacy/data_check/text_fit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dsp/core/error.h"
#include "models/topology.h"
#include "synthetic_scores.h"

namespace bivox {
namespace {

using test::SyntheticScores;

/// Phones SIL, A, B, C of two states, 2 p and 2 p + 1; A at the end of a word has the states 8
/// and 9.
class TextFitTest : public ::testing::Test {
 protected:
  static constexpr int kNumStates = 10;

  TextFitTest()
      : hmms_(make_hmms()),
        lexicon_(Lexicon::parse("ba B A\nc C\nab A B\ncc C C C C C C\n", hmms_.phones(), "test")) {}

  static HmmSet make_hmms() {
    PhoneSet phones;
    phones.add("SIL", true);
    for (const char* name : {"A", "B", "C"}) phones.add(name);
    HmmSet set(phones, kNumStates, 2);
    set.add_transitions(left_to_right_transitions({2, 0.5F, 0.0F}));
    for (PhoneId left = 0; left < 4; ++left) {
      for (PhoneId right = 0; right < 4; ++right) {
        set.set(WordPosition::kEnd, 1, left, right, set.add_hmm(std::vector<StateId>{8, 9}, 0));
      }
    }
    for (PhoneId phone = 0; phone < 4; ++phone) {
      const std::vector<StateId> states = {2 * phone, 2 * phone + 1};
      set.set_context_independent(phone, set.add_hmm(states, 0));
    }
    return set;
  }

  static std::vector<StateId> repeat(std::initializer_list<std::pair<StateId, int>> runs) {
    std::vector<StateId> truth;
    for (const auto& [state, frames] : runs)
      truth.insert(truth.end(), static_cast<size_t>(frames), state);
    return truth;
  }

  TextFit fit(const std::vector<std::string>& words, SyntheticScores& scores) const {
    return TextFitter(hmms_, lexicon_, fillers_).fit(words, scores.features(), scores);
  }

  HmmSet hmms_;
  Lexicon lexicon_;
  std::vector<FillerWord> fillers_ = {{"<sil>", 0}};
};

TEST_F(TextFitTest, RightTextLosesNothing) {
  // Silence, "ba" with the A of word ends, "c", silence.
  SyntheticScores scores(
      kNumStates,
      repeat({{0, 3}, {1, 2}, {4, 4}, {5, 5}, {8, 4}, {9, 3}, {6, 5}, {7, 4}, {0, 2}, {1, 3}}));
  const TextFit found = fit({"ba", "c"}, scores);
  EXPECT_EQ(found.num_frames, 35);
  EXPECT_EQ(found.speech_frames, 25);
  EXPECT_EQ(found.missed_frames, 0);
  EXPECT_NEAR(found.ratio, 0.0, 1e-6);
  ASSERT_EQ(found.phones.size(), 3U);
  EXPECT_EQ(found.phones[0].phone, 2);
  EXPECT_EQ(found.phones[1].word, 0);
  EXPECT_EQ(found.phones[2].word, 1);
  EXPECT_EQ(found.phones[1].first_frame, 14);
  EXPECT_EQ(found.phones[1].frames, 7);
  EXPECT_NEAR(found.phones[2].ratio, 0.0, 1e-6);
}

TEST_F(TextFitTest, WrongWordHasALowRatioAndTheRightOneHasNot) {
  SyntheticScores scores(kNumStates, repeat({{4, 8}, {5, 8}, {8, 8}, {9, 8}, {6, 8}, {7, 8}}));
  const TextFit found = fit({"ba", "ab"}, scores);  // the truth is "ba c"
  EXPECT_LT(found.ratio, -1.5);
  double right = 0.0;
  double wrong = 0.0;
  for (const PhoneFit& phone : found.phones) {
    (phone.word == 0 ? right : wrong) += phone.frames * phone.ratio;
  }
  EXPECT_GT(right, wrong / 4.0);
  EXPECT_LT(wrong, -100.0);
}

TEST_F(TextFitTest, SpeechThatTheTextLeavesOutIsMissed) {
  // "c", silence, and "ba", which the text does not have: silence must take it.
  SyntheticScores scores(kNumStates,
                         repeat({{6, 4}, {7, 4}, {0, 5}, {1, 5}, {4, 6}, {5, 6}, {8, 6}, {9, 6}}));
  const TextFit found = fit({"c"}, scores);
  EXPECT_GE(found.missed_frames, 20);
  EXPECT_LT(found.ratio, -3.0);
}

TEST_F(TextFitTest, RefusesAudioTooShortAndUnknownWords) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 2}}));
  EXPECT_THROW(fit({"cc"}, scores), Error);
  EXPECT_THROW(fit({"zebra"}, scores), Error);
}

}  // namespace
}  // namespace bivox
