// Recordings of one speaker in two passes (legacy/adaptation/speaker_adaptation.h).
//
// Thread rule: the engine is shared; one AdaptingRecognizer per thread. Test:
// tests/apps/cli_adapt_test.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "apps/engine.h"
#include "asr/recognizer/recognizer.h"
#include "dsp/audio/audio_buffer.h"

namespace bivox {

class AdaptingRecognizer {
 public:
  /// `engine` was loaded with EngineOptions::adapt and must outlive the object; `second` are the
  /// options of the second pass, made from engine.adapted.
  AdaptingRecognizer(const Engine& engine, const RecognizerOptions& first,
                     RecognizerOptions second);

  int sample_rate_hz() const { return first_.sample_rate_hz(); }

  struct Recording {
    AudioView audio;
    std::string source;
  };
  /// Of one speaker; the words of the first pass if there is too little speech. Asks `stop` between
  /// recordings; the result is empty when it says so.
  std::vector<Transcript> transcribe(std::span<const Recording> recordings,
                                     const std::function<bool()>& stop = {});

 private:
  const Engine& engine_;
  Recognizer first_;
  RecognizerOptions second_;
};

}  // namespace bivox
