#include "legacy/hmm/alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/features/front_end.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/topology.h"
#include "legacy/hmm/viterbi.h"
#include "synthetic_scores.h"

namespace bivox {
namespace {

using test::SyntheticScores;

/// Phones SIL, A, B, C of two states. Plain HMMs have the states 2 p and 2 p + 1; A at the end of a
/// word before C has the states 8 and 9, before B the states 10 and 11.
class AlignmentTest : public ::testing::Test {
 protected:
  static constexpr int kNumStates = 12;

  AlignmentTest() : hmms_(make_hmms()), lexicon_(make_lexicon(hmms_.phones())) {}

  static HmmSet make_hmms() {
    PhoneSet phones;
    phones.add("SIL", true);
    for (const char* name : {"A", "B", "C"}) phones.add(name);
    HmmSet set(phones, kNumStates, 2);
    set.add_transitions(left_to_right_transitions({2, 0.5F, 0.0F}));
    const PhoneId a = 1;
    for (PhoneId left = 0; left < 4; ++left) {
      set.set(WordPosition::kEnd, a, left, 3, set.add_hmm(std::vector<StateId>{8, 9}, 0));
      set.set(WordPosition::kEnd, a, left, 2, set.add_hmm(std::vector<StateId>{10, 11}, 0));
    }
    for (PhoneId phone = 0; phone < 4; ++phone) {
      const std::vector<StateId> states = {2 * phone, 2 * phone + 1};
      set.set_context_independent(phone, set.add_hmm(states, 0));
    }
    return set;
  }

  static Lexicon make_lexicon(const PhoneSet& phones) {
    return Lexicon::parse("ba B A\nba(2) C A\nc C\nbca B C A\n", phones, "test");
  }

  static std::vector<StateId> repeat(std::initializer_list<std::pair<StateId, int>> runs) {
    std::vector<StateId> truth;
    for (const auto& [state, frames] : runs)
      truth.insert(truth.end(), static_cast<size_t>(frames), state);
    return truth;
  }

  Alignment align(const std::vector<std::string>& words, SyntheticScores& scores,
                  const AlignmentOptions& options = {}, double duration_s = 0.0) const {
    const Aligner aligner(hmms_, lexicon_, fillers_, options);
    return aligner.align(words, scores.features(), scores, duration_s);
  }

  HmmSet hmms_;
  Lexicon lexicon_;
  std::vector<FillerWord> fillers_ = {{"<sil>", 0}};
};

TEST_F(AlignmentTest, FindsTheTrueTimes) {
  // Silence, "ba" as B A with A before C, then "c" at once, then silence.
  SyntheticScores scores(
      kNumStates,
      repeat({{0, 3}, {1, 2}, {4, 2}, {5, 3}, {8, 4}, {9, 1}, {6, 2}, {7, 5}, {0, 2}, {1, 3}}));
  const Alignment found = align({"ba", "c"}, scores);
  ASSERT_EQ(found.words.size(), 2U);
  EXPECT_EQ(found.words[0].name, "ba");
  EXPECT_NEAR(found.words[0].start_s, 0.05, 1e-9);
  EXPECT_NEAR(found.words[0].end_s, 0.15, 1e-9);
  EXPECT_NEAR(found.words[1].start_s, 0.15, 1e-9);
  EXPECT_NEAR(found.words[1].end_s, 0.22, 1e-9);
  ASSERT_EQ(found.words[0].phones.size(), 2U);
  EXPECT_EQ(found.words[0].phones[0].name, "B");
  EXPECT_NEAR(found.words[0].phones[1].start_s, 0.10, 1e-9);
  ASSERT_EQ(found.words[0].phones[1].states.size(), 2U);
  EXPECT_EQ(found.words[0].phones[1].states[0].name, "8");  // exact across the words
  EXPECT_NEAR(found.words[0].phones[1].states[1].start_s, 0.14, 1e-9);
  // Every frame is right: what is left are the transitions, ln 1/2 each, and two silences.
  EXPECT_NEAR(found.log_likelihood, 27 * std::log(0.5) - 2 * 5.3, 1e-3);
  EXPECT_NEAR(found.word_scores[0], std::log(0.5), 1e-3);
}

TEST_F(AlignmentTest, ChoosesThePronunciation) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 3}, {2, 4}, {3, 1}}));
  const Alignment found = align({"ba"}, scores);
  ASSERT_EQ(found.words.size(), 1U);
  ASSERT_EQ(found.words[0].phones.size(), 2U);
  EXPECT_EQ(found.words[0].phones[0].name, "C");
  EXPECT_EQ(found.words[0].start_s, 0.0);
  EXPECT_NEAR(found.words[0].end_s, 0.10, 1e-9);
}

TEST_F(AlignmentTest, SilenceBetweenWordsChangesTheContext) {
  // With silence between, A is not before C: it has its plain states 2 and 3.
  SyntheticScores scores(kNumStates,
                         repeat({{4, 2}, {5, 2}, {2, 2}, {3, 2}, {0, 3}, {1, 3}, {6, 2}, {7, 2}}));
  AlignmentOptions options;
  options.include_fillers = true;
  const Alignment found = align({"ba", "c"}, scores, options);
  ASSERT_EQ(found.words.size(), 3U);
  EXPECT_EQ(found.words[0].phones[1].states[0].name, "2");
  EXPECT_EQ(found.words[1].name, "<sil>");
  EXPECT_NEAR(found.words[1].start_s, 0.08, 1e-9);
  EXPECT_NEAR(found.words[1].end_s, 0.14, 1e-9);
  EXPECT_EQ(found.word_scores.size(), 3U);
}

TEST_F(AlignmentTest, RepeatedWordsStayApart) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 2}, {6, 3}, {7, 3}, {6, 1}, {7, 1}}));
  const Alignment found = align({"c", "c", "c"}, scores);
  ASSERT_EQ(found.words.size(), 3U);
  EXPECT_NEAR(found.words[1].start_s, 0.04, 1e-9);
  EXPECT_NEAR(found.words[2].start_s, 0.10, 1e-9);
}

TEST_F(AlignmentTest, NarrowBeamsAreWidened) {
  // The first frames look like the wrong pronunciation by far: a beam of 5 loses the right one.
  SyntheticScores scores(kNumStates, repeat({{0, 6}, {1, 6}, {4, 2}, {5, 2}, {2, 2}, {3, 2}}),
                         -1.0F);
  AlignmentOptions narrow;
  narrow.beam = 0.5F;
  const Alignment found = align({"ba"}, scores, narrow);
  const Alignment wide = align({"ba"}, scores);
  ASSERT_EQ(found.words.size(), 1U);
  EXPECT_LE(found.log_likelihood, wide.log_likelihood + 1e-9);
}

TEST_F(AlignmentTest, TimesStayInsideTheFile) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 8}}));
  const Alignment found = align({"c"}, scores, {}, 0.093);
  EXPECT_EQ(found.words[0].end_s, 0.093);
  EXPECT_EQ(found.words[0].phones[0].states[1].end_s, 0.093);
}

TEST_F(AlignmentTest, BoundariesLieInTheMiddleOfTheWindow) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 8}, {0, 2}, {1, 3}}));
  AlignmentOptions options;
  options.window_lead_s = 0.0075;
  const Alignment found = align({"c"}, scores, options, 0.16);
  EXPECT_EQ(found.words[0].start_s, 0.0);
  EXPECT_NEAR(found.words[0].phones[0].states[1].start_s, 0.0275, 1e-9);
  EXPECT_NEAR(found.words[0].end_s, 0.1075, 1e-9);
}

TEST_F(AlignmentTest, UnknownWordsAndShortAudioAreNamed) {
  SyntheticScores scores(kNumStates, repeat({{6, 2}, {7, 2}}));
  try {
    align({"c", "xyzzy"}, scores);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("\"xyzzy\""));
    EXPECT_FALSE(error.hint().empty());
  }
  try {
    align({"ba", "ba", "ba", "ba"}, scores);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), ::testing::HasSubstr("too short"));
  }
  // Long enough by the count of states allowed to skip, but these HMMs have no skips.
  EXPECT_THROW(align({"ba", "ba"}, scores), Error);
  EXPECT_TRUE(align({}, scores).words.empty());
}

TEST_F(AlignmentTest, RecordsAreCollected) {
  std::vector<std::string> words;
  std::vector<StateId> truth;
  for (int i = 0; i < 3000; ++i) {
    words.emplace_back("c");
    for (const auto& [state, frames] : {std::pair{6, 3}, std::pair{7, 4}}) {
      truth.insert(truth.end(), static_cast<size_t>(frames), state);
    }
  }
  const std::vector<std::string> spelt(words);
  const AlignmentGraph graph(hmms_, lexicon_, fillers_, spelt);
  const std::vector<float> entry_scores(graph.nodes().size(), 0.0F);
  ViterbiAligner viterbi(hmms_, graph, entry_scores, 300.0F);
  std::vector<float> frame(kNumStates);
  size_t most = 0;
  for (const StateId state : truth) {
    std::fill(frame.begin(), frame.end(), -10.0F);
    frame[static_cast<size_t>(state)] = 0.0F;
    ASSERT_FALSE(viterbi.wanted_states().empty());
    viterbi.advance(frame);
    most = std::max(most, viterbi.num_records());
  }
  const auto path = viterbi.best_path();
  ASSERT_TRUE(path.has_value());
  ASSERT_EQ(path->entries.size(), 6000U);
  for (size_t i = 0; i < path->entries.size(); ++i) {
    ASSERT_EQ(path->entries[i].frame, static_cast<int>(i / 2 * 7 + (i % 2) * 3)) << i;
  }
  EXPECT_LT(most, 200000U);  // millions without collection
}

constexpr const char* kModel = "/usr/share/pocketsphinx/model/en-us/en-us";
constexpr const char* kDictionary = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict";

TEST(AlignmentOnSpeech, WordsOfARealClipLieWhereTheyAreHeard) {
  if (!std::filesystem::exists(kModel)) {
    GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  }
  const auto model = load_sphinx_model(kModel);
  const Lexicon lexicon = Lexicon::load(kDictionary, model->hmms().phones());
  const std::filesystem::path clip =
      std::filesystem::path(BIVOX_TEST_DATA) / "audio" / "librispeech-1867-154075-0005.flac";
  const AudioBuffer audio = read_audio(clip, 16000);
  const FeatureMatrix features =
      compute_features(model->front_end(), {audio.samples, audio.sample_rate_hz});
  const std::vector<std::string> words = {"that's", "a",    "likely", "story", "i",
                                          "can",    "show", "you",    "the",   "tracks"};
  const double duration_s =
      static_cast<double>(audio.samples.size()) / static_cast<double>(audio.sample_rate_hz);
  const Aligner aligner(model->hmms(), lexicon, model->fillers());
  const auto scores = model->make_scores();
  const Alignment found = aligner.align(words, features, *scores, duration_s);
  ASSERT_EQ(found.words.size(), words.size());
  double before = 0.0;
  for (const TranscriptWord& word : found.words) {
    EXPECT_GE(word.start_s, before);
    EXPECT_GT(word.end_s, word.start_s);
    EXPECT_EQ(word.phones.front().start_s, word.start_s);
    EXPECT_EQ(word.phones.back().end_s, word.end_s);
    before = word.end_s;
  }
  EXPECT_LE(before, duration_s);
  // PocketSphinx 5.1 on the same clip: Decoder(hmm, dict, lm=None, remove_noise=True), then
  // set_align_text and seg().
  const std::vector<double> peer_starts = {0.14, 0.37, 0.42, 0.89, 2.30,
                                           2.40, 2.54, 2.80, 2.96, 3.05};
  for (size_t i = 0; i < words.size(); ++i) {
    EXPECT_NEAR(found.words[i].start_s, peer_starts[i], 0.05) << words[i];
  }
  // After "story" the level stays below -56 dBFS from 1.40 s to 2.30 s (measured every 50 ms).
  EXPECT_NEAR(found.words[3].end_s, 1.40, 0.1);
  EXPECT_NEAR(found.words[4].start_s, 2.30, 0.1);
}

}  // namespace
}  // namespace bivox
