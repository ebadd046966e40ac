// A voice: text in, speech out, sentence by sentence.
//
//   text ── TextFrontEnd ─> Utterance ── VoiceAcoustics ─> rows ── VocoderStream ─> samples
//
//   const auto voice = Voice::load("models/pretrained/voice-kathleen", pronouncer);
//   voice->speak("Good morning. How are you?", {.seed = 1}, sink);
//
// The first samples come as soon as the first sentence has its rows; the others are worked on while
// they sound. All sentences of a text go through one vocoder stream, so that nothing begins or ends
// between them: joints cannot click. Before the first and after the last of them, 0.15 s of their
// silence are held. Rate, pitch and volume, of the options and of the markup, are
// in the rows (acoustic_model.h). All voices are equally loud: what a voice makes of one sentence
// when it is loaded sets its level to -22 dB in voiced frames. What markup makes louder than full
// scale is bent back instead of cut off (vocoder.h).
//
// A model folder of kind "voice" holds the acoustic model (options "acoustic") and a vocoder
// (options "vocoder", as a folder of kind "vocoder" has them); without a vocoder the voice speaks
// in the mode source-filter alone.
//
// One text, one seed and the same options give the same samples on one machine, however the sink
// takes them. Thread rule: immutable; share freely. Errors: Error(kModel) for a folder that does
// not fit together and for a mode that it has no network for, Error(kInput) for broken SSML,
// Error(kUsage) for options out of range. Test: tests/tts/voice/voice_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "tts/prosody/acoustic_model.h"
#include "tts/text/text_front_end.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {

struct VoiceOptions {
  SpeakingOptions speaking = {};
  /// Absent: parallel, or source-filter for a voice without a vocoder.
  std::optional<VocoderMode> mode = std::nullopt;
  uint64_t seed = 1;
  TextForm form = TextForm::kAuto;
};

/// Seconds from the first sample of the text.
struct TimedPhone {
  StressedPhone phone;
  double start_s = 0.0;
  double end_s = 0.0;
};
struct TimedWord {
  std::string text;
  size_t source_begin = 0;  ///< Bytes of the input that it was read from.
  size_t source_end = 0;
  double start_s = 0.0;
  double end_s = 0.0;
  std::vector<TimedPhone> phones;
};
struct TimedMark {
  std::string name;
  double time_s = 0.0;
};
struct TimedSentence {
  size_t source_begin = 0;
  size_t source_end = 0;
  double start_s = 0.0;
  double end_s = 0.0;
  std::vector<TimedWord> words;
  std::vector<TimedMark> marks;
};

/// Who hears the voice. Empty functions are not called.
struct VoiceSink {
  /// Some samples in [-1, 1]; false ends the speech.
  std::function<bool(std::span<const float> samples)> audio;
  /// A sentence that is about to be heard.
  std::function<void(const TimedSentence& sentence)> sentence;
};

/// What was said.
struct SpeechSummary {
  size_t sentences = 0;
  size_t skipped = 0;  ///< Characters of the input without a reading.
  int64_t samples = 0;
  bool complete = true;  ///< The sink took all of it.
};

class Voice {
 public:
  static std::shared_ptr<const Voice> load(const std::filesystem::path& folder,
                                           std::shared_ptr<const Pronouncer> pronouncer,
                                           const VocoderOptions& vocoder = {});
  Voice(std::string name, std::shared_ptr<const VoiceAcoustics> acoustics,
        std::shared_ptr<const Vocoder> vocoder, std::shared_ptr<const Pronouncer> pronouncer);

  const std::string& name() const { return name_; }
  int sample_rate_hz() const { return vocoder_->sample_rate_hz(); }
  const std::vector<std::string>& speakers() const { return acoustics_->speakers(); }
  bool has(VocoderMode mode) const { return vocoder_->has(mode); }
  const TextFrontEnd& front_end() const { return front_end_; }

  /// A text without a word gives no sentence and no samples.
  SpeechSummary speak(std::string_view text, const VoiceOptions& options,
                      const VoiceSink& sink) const;
  /// All of it at once.
  AudioBuffer speak(std::string_view text, const VoiceOptions& options = {}) const;

 private:
  std::string name_;
  std::shared_ptr<const VoiceAcoustics> acoustics_;
  std::shared_ptr<const Vocoder> vocoder_;
  TextFrontEnd front_end_;
  float level_shift_ = 0.0F;
};

}  // namespace bivox
