#include "tts/prosody/acoustic_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/text/front_end_fixture.h"
#include "tests/tts/tiny_voice.h"
#include "tts/prosody/phone_features.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

SpokenSentence spoken(std::string_view text, const SpeakingOptions& options = {}) {
  static const auto kVoice = VoiceAcoustics::compile(tiny_voice());
  return kVoice->speak(front_end().utterances(text).at(0), options);
}

void save(const AcousticParts& parts, const fs::path& folder) {
  ModelFolderWriter writer(folder, kVoiceKind, "tiny");
  writer.set_options_json("{\"acoustic\":" + add_acoustic_model(parts, writer) + "}");
  writer.set_card("# Tiny\n");
  writer.commit();
}

TEST(AcousticNetworks, PlaceRowsSayWhereInThePhone) {
  const FeatureMatrix rows = place_rows(std::vector<int>{1, 4});
  ASSERT_EQ(rows.rows(), 5);
  EXPECT_FLOAT_EQ(rows(0, 0), 0.5F);
  EXPECT_FLOAT_EQ(rows(1, 0), 0.125F);
  EXPECT_FLOAT_EQ(rows(4, 0), 0.875F);
  EXPECT_FLOAT_EQ(rows(3, 1), 2.0F / 20.0F);
  EXPECT_FLOAT_EQ(rows(3, 2), 1.0F / 20.0F);
  EXPECT_FLOAT_EQ(rows(1, 3), std::log(4.0F) / 4.0F);
}

TEST(AcousticNetworks, PitchRowsAreHatsTimesVoicing) {
  const AcousticParts parts = tiny_voice();
  std::vector<float> row(kPitchColumns);
  write_pitch_row(parts.features, parts.scale, static_cast<float>(std::log(200.0)), 1.0F, row);
  EXPECT_FLOAT_EQ(row[0], 1.0F);
  EXPECT_NEAR(row[1], 0.0F, 1e-5F);
  EXPECT_NEAR(std::accumulate(row.begin() + 2, row.end(), 0.0F), 1.0F, 1e-5F);
  const double at = std::log(200.0 / parts.features.min_f0_hz) /
                    std::log(parts.features.max_f0_hz / parts.features.min_f0_hz) *
                    (kPitchHats - 1);
  EXPECT_GT(row[2 + static_cast<size_t>(std::lround(at))], 0.4F);
  write_pitch_row(parts.features, parts.scale, 20.0F, 0.0F, row);
  EXPECT_EQ(std::accumulate(row.begin() + 2, row.end(), 0.0F), 0.0F);
}

TEST(AcousticNetworks, RefusesOptionsOutOfRange) {
  AcousticNetworkOptions options;
  options.kernel = 4;
  EXPECT_THROW(options.validate(), Error);
  options = {};
  options.decoder_channels = 2048;
  options.decoder_blocks = 32;
  EXPECT_THROW(options.validate(), Error);
  EXPECT_EQ(parse_acoustic_network_options(acoustic_network_options_json(tiny_networks()), "test"),
            tiny_networks());
  EXPECT_THROW(parse_acoustic_network_options("{}", "test"), Error);
}

TEST(VoiceAcoustics, FramesAreThoseOfThePhones) {
  const Utterance utterance = front_end().utterances("Hello, my friend.").at(0);
  const SpokenSentence sentence = spoken("Hello, my friend.");
  const auto contexts = phone_contexts(utterance);
  ASSERT_EQ(sentence.phones.size(), contexts.size());
  int at = 0;
  for (size_t p = 0; p < contexts.size(); ++p) {
    EXPECT_EQ(sentence.phones[p].phone, contexts[p].phone);
    EXPECT_EQ(sentence.phones[p].word, contexts[p].word);
    EXPECT_EQ(sentence.phones[p].first_frame, at);
    EXPECT_GE(sentence.phones[p].frames, 1);
    at += sentence.phones[p].frames;
  }
  const VocoderFeatureOptions features;
  ASSERT_EQ(sentence.rows.rows(), at);
  ASSERT_EQ(sentence.rows.cols(), features.columns());
  EXPECT_TRUE(sentence.rows.array().isFinite().all());
  for (Eigen::Index t = 0; t < at; ++t) {
    EXPECT_GE(sentence.rows(t, 0), std::log(features.log_floor));
    EXPECT_GE(sentence.rows(t, features.f0_column()), std::log(features.min_f0_hz) - 1e-4);
    EXPECT_LE(sentence.rows(t, features.f0_column()), std::log(features.max_f0_hz) + 1e-4);
    EXPECT_GE(sentence.rows(t, features.voicing_column()), 0.0F);
    EXPECT_LE(sentence.rows(t, features.voicing_column()), 1.0F);
  }
  // Silences are not voiced.
  EXPECT_EQ(sentence.rows(0, features.voicing_column()), 0.0F);
  EXPECT_EQ(sentence.rows, spoken("Hello, my friend.").rows);
}

TEST(VoiceAcoustics, RateAndPitchAreWhatIsAskedFor) {
  const VocoderFeatureOptions features;
  const std::string text = "The source of the huge river is the clear spring.";
  const auto plain = spoken(text);
  const double frames = static_cast<double>(plain.rows.rows());
  EXPECT_NEAR(static_cast<double>(spoken(text, {.rate = 0.5}).rows.rows()), 2.0 * frames,
              0.05 * frames);
  const auto high = spoken(text, {.pitch_semitones = 3.0});
  ASSERT_EQ(high.rows.rows(), plain.rows.rows());
  for (Eigen::Index t = 0; t < plain.rows.rows(); ++t) {
    EXPECT_NEAR(high.rows(t, features.f0_column()) - plain.rows(t, features.f0_column()),
                std::log(2.0) / 4.0, 1e-4);
  }
  const auto monotone = spoken(text, {.pitch_range = 0.0});
  const auto f0 = monotone.rows.col(features.f0_column());
  EXPECT_NEAR(f0.maxCoeff(), f0.minCoeff(), 1e-4F);
  EXPECT_THROW(spoken(text, {.rate = 5.0}), Error);
  EXPECT_THROW(spoken(text, {.speaker = 1}), Error);
}

TEST(VoiceAcoustics, KeepsTheStyleOfTheText) {
  const VocoderFeatureOptions features;
  const auto plain = spoken("One river.");
  const auto slow = spoken("<speak><prosody rate=\"50%\">One river.</prosody></speak>");
  EXPECT_GT(slow.rows.rows(), plain.rows.rows() * 3 / 2);
  const auto loud = spoken("<speak><prosody volume=\"+6dB\">One river.</prosody></speak>");
  ASSERT_EQ(loud.rows.rows(), plain.rows.rows());
  EXPECT_NEAR(loud.rows(20, 20) - plain.rows(20, 20), 0.6 * std::log(10.0), 1e-3);
  const auto paused = spoken("<speak>One <break time=\"700ms\"/> river.</speak>");
  const auto pause = std::find_if(paused.phones.begin() + 1, paused.phones.end(),
                                  [](const SpokenPhone& phone) { return phone.word < 0; });
  ASSERT_NE(pause, paused.phones.end());
  EXPECT_NEAR(pause->frames, 70, 1);
}

TEST(VoiceAcoustics, SpeaksVeryShortAndVeryLongSentences) {
  EXPECT_GT(spoken("No.").rows.rows(), 2);
  EXPECT_GT(VoiceAcoustics::compile(tiny_voice())->speak(Utterance()).rows.rows(), 0);
  Utterance longest = front_end().utterances("A rod is used to catch pink salmon").at(0);
  const std::vector<UtteranceWord> words = longest.words;
  const std::vector<UtterancePhone> phones = longest.phones;
  for (int copy = 1; copy < 60; ++copy) {
    for (UtteranceWord word : words) {
      word.first_phone += copy * static_cast<int>(phones.size());
      longest.words.push_back(word);
    }
    for (UtterancePhone phone : phones) {
      phone.word += copy * static_cast<int>(words.size());
      longest.phones.push_back(phone);
    }
  }
  const SpokenSentence sentence = VoiceAcoustics::compile(tiny_voice())->speak(longest);
  // Silences before all copies and after each.
  EXPECT_EQ(sentence.phones.size(), longest.phones.size() + 61);
  EXPECT_EQ(sentence.rows.rows() % kFramesPerStep, 0);
}

TEST(VoiceAcoustics, ComesBackFromAFolder) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "voice";
  AcousticParts parts = tiny_voice(2);
  parts.liveliness[5] = 1.25F;
  save(parts, folder);
  const auto loaded = VoiceAcoustics::load(folder);
  EXPECT_EQ(loaded->speakers(), (std::vector<std::string>{"s0", "s1"}));
  const Utterance utterance = front_end().utterances("Hello, my friend.").at(0);
  // Weights are stored as bfloat16, in which they are computed.
  const SpokenSentence one = loaded->speak(utterance, {.speaker = 1});
  const SpokenSentence other = VoiceAcoustics::compile(parts)->speak(utterance, {.speaker = 1});
  ASSERT_EQ(one.rows.rows(), other.rows.rows());
  EXPECT_LT((one.rows - other.rows).cwiseAbs().maxCoeff(), 0.1F);
  EXPECT_NE(one.rows.topRows(2), loaded->speak(utterance, {.speaker = 0}).rows.topRows(2));
}

TEST(VoiceAcoustics, RefusesFoldersThatDoNotFitTogether) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "voice";
  save(tiny_voice(), folder);
  const std::string config = content_of(folder / "config.json");
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string changed = config;
    const size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    std::ofstream(folder / "config.json", std::ios::binary) << changed;
    EXPECT_THROW(VoiceAcoustics::load(folder), Error) << from;
  };
  refused("\"acoustic\"", "\"other\"");
  refused("\"speakers\"", "\"people\"");
  refused("\"liveliness\"", "\"life\"");
  refused("\"kernel\"", "\"colonel\"");
  refused("\"voice\"", "\"vocoder\"");
  std::ofstream(folder / "config.json", std::ios::binary) << config;
  EXPECT_NO_THROW(VoiceAcoustics::load(folder));
}

}  // namespace
}  // namespace bivox
