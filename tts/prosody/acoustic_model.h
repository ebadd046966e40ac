// The acoustic model of a voice: the phones of a sentence in, how long each lasts, the pitch and
// the spectrum out, as the rows that a vocoder makes sound of.
//
//   contexts  [phones]  phone_contexts() of an Utterance: phones and silences in their places
//   encoder   contexts -> hidden [phones x hidden], ln frames [phones]
//   frames    d_i = exp(ln frames_i) / (rate of the speaker and of the text), rounded, at least 1
//   pitch     hidden of the phone, place in it [frames x ..] -> ln F0, voicing [frames]
//   decoder   the same and the pitch -> ln mel [frames x num_mel]
//
// Networks are convolutional and not autoregressive; pitch and decoder give two frames a step. The
// spectrum follows the pitch that is asked for, so a shifted pitch moves its harmonics along.
// Rows are those of tts/vocoder/vocoder_features.h: [frames x (num_mel + 2)] = ln mel | ln F0 |
// voicing, F0 as a smooth line through unvoiced frames.
//
//   const auto model = VoiceAcoustics::load("models/pretrained/voice-kathleen");
//   const SpokenSentence spoken = model->speak(utterance, {.rate = 1.1});
//   vocoder_stream.accept(spoken.rows, audio);
//
// Style in the text (ProsodyStyle: rate, pitch, volume, emphasis) and pauses of a given length are
// kept: whoever makes the sound has nothing left to do for them.
//
// A model folder of kind "voice" holds the three networks and, in its options, "acoustic"; a
// vocoder may be in the same folder (tts/voice). Errors: Error(kModel) for folders that do not fit
// together, Error(kUsage) for options out of range. Thread rule: immutable; share freely. One
// sentence gives the same rows every time.
// Sources: Ren et al. 2021, "FastSpeech 2", section 2 (durations, pitch before spectrum);
// Vainer & Dusek 2020, "SpeedySpeech" (convolutions alone, SSIM).
// Test: tests/tts/prosody/acoustic_model_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/features/feature_matrix.h"
#include "models/io/model_folder.h"
#include "models/nn/kernels/compute.h"
#include "tts/prosody/acoustic_networks.h"
#include "tts/text/utterance.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {

inline constexpr const char* kVoiceKind = "voice";

struct SpeakingOptions {
  double rate = 1.0;             ///< Speed: 2 is twice as fast; 0.25 to 4.
  double pitch_semitones = 0.0;  ///< Shift of the fundamental; -24 to 24.
  double pitch_range = 1.0;      ///< Of the melody around its mean: 0 is monotone; 0 to 3.
  int speaker = 0;               ///< Index into speakers().

  /// Throws Error(kUsage) naming option and value.
  void validate() const;
};

/// A phone, or a silence, of phone_contexts(utterance), in their order.
struct SpokenPhone {
  StressedPhone phone;  ///< kSilencePhone for a pause.
  int word = -1;        ///< Index into Utterance::words; -1 for a pause.
  int first_frame = 0;
  int frames = 0;
};

struct SpokenSentence {
  std::vector<SpokenPhone> phones;
  FeatureMatrix rows;  ///< [frames x columns] of the vocoder; frames are those of all phones.
};

class VoiceAcoustics {
 public:
  static std::shared_ptr<const VoiceAcoustics> load(const std::filesystem::path& folder);
  static std::shared_ptr<const VoiceAcoustics> compile(const AcousticParts& parts);
  ~VoiceAcoustics();
  VoiceAcoustics(const VoiceAcoustics&) = delete;
  VoiceAcoustics& operator=(const VoiceAcoustics&) = delete;

  /// What the vocoder must be made for; seconds of a frame are hop / sample_rate_hz.
  const VocoderFeatureOptions& features() const;
  /// Names of those it learnt from, one at least.
  const std::vector<std::string>& speakers() const;

  /// Sentences of any length; one without phones gives a pause.
  SpokenSentence speak(const Utterance& utterance, const SpeakingOptions& options = {}) const;

  struct State;

 private:
  explicit VoiceAcoustics(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

/// The files of the networks, into a folder that is being written; returns the value of its option
/// "acoustic", a JSON object.
std::string add_acoustic_model(const AcousticParts& parts, ModelFolderWriter& writer);
/// Reads what a folder of kind "voice" holds of it.
AcousticParts read_acoustic_model(const ModelFolder& folder);

}  // namespace bivox
