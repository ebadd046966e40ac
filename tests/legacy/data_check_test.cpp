#include "legacy/data_check/data_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dsp/core/random.h"

namespace bivox {
namespace {

/// A data set in which nothing is wrong: 60 utterances of three speakers, six words of four phones.
class DataCheckTest : public ::testing::Test {
 protected:
  DataCheckTest() {
    Random random(7);
    for (int i = 0; i < 60; ++i) {
      UtteranceFacts facts;
      facts.id = "u" + std::to_string(i);
      facts.speaker = "s" + std::to_string(i % 3);
      facts.text = "a few words of number " + std::to_string(i);
      facts.words = {"a", "few", "words", "of", "number", std::to_string(i)};
      AudioFacts& audio = facts.audio;
      audio.duration_s = 2.5 + 0.1 * i;
      audio.sample_rate_hz = 16000;
      audio.peak = 0.5;
      audio.speech_level_db = -20.0;
      audio.noise_level_db = -60.0;
      audio.first_level_db = audio.last_level_db = -58.0;
      audio.speech_s = 2.0;
      audio.bandwidth_hz = 8000.0;
      audio.hash = random.next();
      for (float& value : audio.fingerprint) {
        value = static_cast<float>(8.0 * random.gaussian());
      }
      // Speakers differ by a nat: an accent is no error.
      facts.fit = fit_with(-1.0 - i % 3, 8, random);
      utterances_.push_back(std::move(facts));
    }
  }

  static TextFit fit_with(double ratio, int frames_of_phone, Random& random) {
    TextFit fit;
    for (int p = 0; p < 24; ++p) {
      fit.phones.push_back({static_cast<PhoneId>(p % 5), p / 4, 10 + p * frames_of_phone,
                            frames_of_phone, ratio + 0.3 * random.gaussian()});
      fit.ratio += fit.phones.back().ratio / 24.0;
    }
    fit.speech_frames = 24 * frames_of_phone;
    fit.num_frames = fit.speech_frames + 20;
    return fit;
  }

  const CheckedUtterance& checked(size_t index) {
    checked_ = check_data(utterances_, options_);
    return *std::ranges::find(checked_, index, &CheckedUtterance::index);
  }
  bool has(size_t index, FindingKind kind) {
    const CheckedUtterance& one = checked(index);
    return std::ranges::any_of(one.findings, [&](const Finding& f) { return f.kind == kind; });
  }
  /// Only this utterance has the finding, and it stands first.
  void expect_alone(size_t index, FindingKind kind) {
    EXPECT_TRUE(has(index, kind)) << finding_name(kind);
    EXPECT_EQ(count_findings(checked_)[static_cast<size_t>(kind)], 1) << finding_name(kind);
    EXPECT_EQ(checked_.front().index, index) << finding_name(kind);
    EXPECT_GE(checked_.front().suspicion, 2.5) << finding_name(kind);
  }

  std::vector<UtteranceFacts> utterances_;
  DataCheckOptions options_;
  std::vector<CheckedUtterance> checked_;
  Random random_{3};
};

TEST_F(DataCheckTest, GoodDataHasNoFindings) {
  checked(0);
  for (const int count : count_findings(checked_)) EXPECT_EQ(count, 0);
  for (const CheckedUtterance& one : checked_) EXPECT_LT(one.suspicion, 4.0);
}

TEST_F(DataCheckTest, WrongTextsComeFirstAndAccentsDoNot) {
  for (const size_t i : {5U, 31U, 48U}) utterances_[i].fit = fit_with(-5.0, 8, random_);
  checked(0);
  std::vector<size_t> worst;
  for (size_t r = 0; r < 3; ++r) worst.push_back(checked_[r].index);
  std::ranges::sort(worst);
  EXPECT_EQ(worst, (std::vector<size_t>{5, 31, 48}));
  EXPECT_EQ(count_findings(checked_)[static_cast<size_t>(FindingKind::kMisfit)], 3);
  // Speaker s2 has a ratio two nats below that of s0 throughout, and passes.
  EXPECT_FALSE(has(2, FindingKind::kMisfit));
}

TEST_F(DataCheckTest, OneWrongWordIsNamedWithItsPlace) {
  for (size_t p = 8; p < 12; ++p) utterances_[4].fit->phones[p].ratio = -9.0;
  expect_alone(4, FindingKind::kWordMisfit);
  EXPECT_NE(checked(4).findings[0].detail.find("\"words\" at 0.74 s"), std::string::npos)
      << checked(4).findings[0].detail;
}

TEST_F(DataCheckTest, OddSpeakingRates) {
  utterances_[7].fit = fit_with(-2.0, 3, random_);
  expect_alone(7, FindingKind::kFast);
  utterances_[7].fit = fit_with(-2.0, 30, random_);
  expect_alone(7, FindingKind::kSlow);
}

TEST_F(DataCheckTest, SpeechBeyondTheText) {
  utterances_[9].fit->missed_frames = 110;
  utterances_[9].fit->speech_frames += 110;
  expect_alone(9, FindingKind::kExtraSpeech);
}

TEST_F(DataCheckTest, TextsThatCannotBeAligned) {
  utterances_[3].fit.reset();
  utterances_[3].unfit = "too short";
  expect_alone(3, FindingKind::kTextUnfit);
}

TEST_F(DataCheckTest, FilesAndTextsThatAreNotThere) {
  UtteranceFacts missing;
  missing.id = "missing";
  missing.text = "a word";
  missing.words = {"a", "word"};
  missing.unreadable = "no such file";
  utterances_.push_back(missing);
  EXPECT_TRUE(has(60, FindingKind::kUnreadable));
  EXPECT_EQ(checked_.front().index, 60U);
  utterances_[8].text.clear();
  utterances_[8].words.clear();
  utterances_[8].fit.reset();
  EXPECT_TRUE(has(8, FindingKind::kNoText));
  EXPECT_EQ(checked_[1].index, 8U);
}

TEST_F(DataCheckTest, SoundThatIsBad) {
  const UtteranceFacts good = utterances_[11];
  AudioFacts& audio = utterances_[11].audio;
  const auto expect = [&](FindingKind kind) {
    expect_alone(11, kind);
    utterances_[11] = good;
  };
  audio.clipped_share = 0.02;
  expect(FindingKind::kClipped);
  audio.crowd_share = 0.2;
  expect(FindingKind::kClipped);
  audio.first_level_db = -24.0;
  expect(FindingKind::kCutStart);
  audio.last_level_db = -24.0;
  expect(FindingKind::kCutEnd);
  audio.sample_rate_hz = 8000;
  audio.bandwidth_hz = 4000.0;
  expect(FindingKind::kLowRate);
  audio.bandwidth_hz = 4000.0;
  expect(FindingKind::kNarrowBand);
  audio.noise_level_db = -26.0;
  audio.first_level_db = audio.last_level_db = -26.0 - 6.0;
  expect(FindingKind::kNoisy);
  audio.speech_level_db = -50.0;
  audio.noise_level_db = audio.first_level_db = audio.last_level_db = -80.0;
  expect(FindingKind::kQuiet);
  audio.speech_level_db = -70.0;
  expect(FindingKind::kSilent);
}

TEST_F(DataCheckTest, NoVoiceIsSilenceUnlessTheTextFits) {
  utterances_[6].audio.speech_s = 0.0;
  EXPECT_FALSE(has(6, FindingKind::kSilent));
  utterances_[6].fit = fit_with(-8.0, 8, random_);
  EXPECT_TRUE(has(6, FindingKind::kSilent));
}

TEST_F(DataCheckTest, CopiesNameEachOther) {
  utterances_[20].audio = utterances_[10].audio;
  EXPECT_TRUE(has(10, FindingKind::kCopy));
  EXPECT_TRUE(has(20, FindingKind::kCopy));
  EXPECT_EQ(count_findings(checked_)[static_cast<size_t>(FindingKind::kCopy)], 2);
  EXPECT_EQ(checked(20).findings[0].detail, "of u10, with another text");
  const double other_text = checked(20).suspicion;
  utterances_[20].text = utterances_[10].text;
  EXPECT_LT(checked(20).suspicion, other_text);
}

TEST_F(DataCheckTest, TheSameTextInTheSameTime) {
  utterances_[21].text = "A few words, of number 15!";  // as u15, of the same speaker
  utterances_[21].audio.duration_s = utterances_[15].audio.duration_s + 0.03;
  EXPECT_TRUE(has(21, FindingKind::kRepeated));
  utterances_[21].speaker = "s1";
  EXPECT_FALSE(has(21, FindingKind::kRepeated));
  utterances_[21].speaker = utterances_[15].speaker;
  utterances_[21].audio.duration_s += 0.5;
  EXPECT_FALSE(has(21, FindingKind::kRepeated));
}

TEST_F(DataCheckTest, UnknownWordsAreListed) {
  utterances_[2].unknown = {"zyzzyva", "qux"};
  EXPECT_TRUE(has(2, FindingKind::kUnknownWords));
  EXPECT_EQ(checked(2).findings[0].detail, "zyzzyva qux");
}

TEST_F(DataCheckTest, WhatAllHaveIsNoError) {
  for (UtteranceFacts& utterance : utterances_) utterance.audio.bandwidth_hz = 4000.0;
  utterances_[30].audio.clipped_share = 0.02;
  checked(30);
  EXPECT_EQ(count_findings(checked_)[static_cast<size_t>(FindingKind::kNarrowBand)], 60);
  EXPECT_EQ(checked_.front().index, 30U);
  EXPECT_LT(checked_.back().suspicion, 1.0);
}

TEST_F(DataCheckTest, SmallSetsAndNamesOfFindings) {
  EXPECT_TRUE(check_data({}).empty());
  utterances_.resize(1);
  EXPECT_EQ(check_data(utterances_).size(), 1U);
  for (int kind = 0; kind < kNumFindingKinds; ++kind) {
    const auto one = static_cast<FindingKind>(kind);
    EXPECT_EQ(find_finding_kind(finding_name(one)), one);
    EXPECT_FALSE(finding_meaning(one).empty());
  }
  EXPECT_FALSE(find_finding_kind("nonsense").has_value());
}

}  // namespace
}  // namespace bivox
