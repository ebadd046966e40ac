// A few hundred of the texts of tests/bench/say_fuzz.py, spoken by a voice that has learnt nothing:
// each ends in sound, in nothing where there are no words, or in an error of the input.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/tiny_voice_folder.h"
#include "tts/voice/voice.h"

namespace bivox {
namespace {

// A byte a character.
std::string bytes_of(const std::string& utf8) {
  std::string bytes;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
    } else {
      const auto next = static_cast<unsigned char>(utf8[++i]);
      bytes += static_cast<char>((lead & 3U) << 6U | (next & 63U));
    }
  }
  return bytes;
}

class OddTexts : public ::testing::Test {
 protected:
  OddTexts() {
    write_tiny_voice(scratch_.path() / "voice-tiny", true);
    voice_ = Voice::load(scratch_.path() / "voice-tiny", Pronouncer::parse(kTinyDictionary));
  }

  // Speaks it and looks at every sample; false for an error of the input.
  bool speak(const std::string& text, TextForm form) {
    VoiceOptions how;
    how.form = form;
    how.speaking.rate = 4.0;
    int64_t samples = 0;
    bool sane = true;
    VoiceSink sink;
    sink.audio = [&](std::span<const float> audio) {
      for (const float x : audio) sane = sane && std::isfinite(x) && std::fabs(x) <= 1.0F;
      samples += static_cast<int64_t>(audio.size());
      return true;
    };
    try {
      const SpeechSummary summary = voice_->speak(text, how, sink);
      EXPECT_TRUE(sane) << text;
      EXPECT_EQ(summary.samples, samples);
      EXPECT_EQ(summary.sentences > 0, samples > 0) << text;
      spoken_ += samples > 0;
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInput) << error.message();
      EXPECT_FALSE(error.message().empty());
      return false;
    }
  }

  ScratchFolder scratch_;
  std::shared_ptr<const Voice> voice_;
  int spoken_ = 0;
};

TEST_F(OddTexts, EndInSoundOrAnError) {
  const auto texts = nlohmann::json::parse(read_file(BIVOX_TEST_DATA "/tts/odd_texts.json"));
  ASSERT_GE(texts.size(), 300U);
  int errors = 0;
  int documents = 0;
  for (const auto& entry : texts) {
    const std::string text = bytes_of(entry.get<std::string>());
    EXPECT_TRUE(speak(text, TextForm::kPlain)) << text;
    if (text.find("<speak") == std::string::npos && text.find("</speak") == std::string::npos) {
      continue;
    }
    ++documents;
    errors += !speak(text, TextForm::kSsml);
  }
  // Most have words, and most SSML documents of these are broken.
  EXPECT_GT(spoken_, 150);
  EXPECT_GE(documents, 10);
  EXPECT_GT(errors, 0);
}

}  // namespace
}  // namespace bivox
