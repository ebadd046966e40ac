// Where `bivox say` sends speech: a file, standard output or the loudspeaker.
//
//   name.wav, .flac, .opus ...   a file, in place only after finish()
//   -                            headerless signed 16 bit, little-endian, mono, on standard output
//   (empty)                      the default loudspeaker
//
// Errors: those of AudioWriter and AudioPlayer; Error(kRuntime) for a pipe that was closed. Thread
// rule: one thread. Test: tests/apps/cli_say_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>

namespace bivox {

class SpeechOutput {
 public:
  SpeechOutput() = default;
  virtual ~SpeechOutput() = default;
  SpeechOutput(const SpeechOutput&) = delete;
  SpeechOutput& operator=(const SpeechOutput&) = delete;

  virtual void write(std::span<const float> samples) = 0;
  virtual void finish() = 0;
};

std::unique_ptr<SpeechOutput> open_speech_output(const std::string& name, int sample_rate_hz);

}  // namespace bivox
