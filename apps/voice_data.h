// From recordings with texts to what a voice learns from: the data of `bivox train voice`.
//
//   text ── TextFrontEnd ─> utterances, their phones with stress
//   recording ── the aligner, on exactly these phones ─> times of phones
//   recording ── vocoder_features ─> rows ── align_speech ─> AlignedSpeech, one a sentence
//
// The aligner is any acoustic model with the phones of English. A recording whose text does not fit
// it is left out and named. Utterances kept apart (kept_apart.h) are measured on.
//
// Times of phones are kept in the folder of the run, as a file of lines
//   id <TAB> start end start end ...      (milliseconds; none: could not be aligned)
// so that a run that goes on has those of the one before. Thread rule: runs `threads` threads
// itself; results do not depend on their number. Errors: Error(kInput) when nothing is left,
// Error(kModel) for an aligner that lacks a phone, Error(kRuntime) after Ctrl-C.
// Test: tests/apps/cli_train_voice_test.cpp.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "apps/console.h"
#include "asr/evaluation/utterance_texts.h"
#include "models/acoustic_model.h"
#include "tts/prosody/aligned_speech.h"
#include "tts/text/text_front_end.h"

namespace bivox {

struct VoiceDataOptions {
  VocoderFeatureOptions features;
  int threads = 1;
  std::filesystem::path folder;  ///< Where times are kept; made if absent.
  std::string description;       ///< Of data and aligner: what is kept for another is made anew.
};

struct VoiceData {
  std::vector<AlignedSpeech> train;
  std::vector<AlignedSpeech> dev;
  std::vector<std::string> speakers;  ///< In the order of the data; without their source if unique.
  double speech_s = 0.0;
  std::vector<std::string> left_out;  ///< "id: why".
};

VoiceData make_voice_data(std::span<const UtteranceText> recordings, const TextFrontEnd& front_end,
                          const AcousticModel& aligner, const VoiceDataOptions& options,
                          Console& console);

}  // namespace bivox
