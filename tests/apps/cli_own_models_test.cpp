// The recognizers that come with Bivox: speech is read, silence, noise and music are not, and a
// pipe gives what a file gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numbers>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "dsp/audio/audio_file.h"
#include "dsp/core/random.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

const fs::path kData = BIVOX_TEST_DATA;
const fs::path kModels = kData.parent_path().parent_path() / "models" / "pretrained";
constexpr int kRate = 16000;

class OwnModel : public testing::TestWithParam<const char*> {
 protected:
  std::string transcribe() const {
    return "transcribe --model '" + (kModels / GetParam()).string() + "' ";
  }
  ScratchFolder scratch_;
};

// Four chords of decaying strings, twice.
std::vector<float> chords() {
  constexpr double kChords[][3] = {
      {261.6, 329.6, 392.0}, {220.0, 261.6, 329.6}, {174.6, 220.0, 261.6}, {196.0, 246.9, 293.7}};
  std::vector<float> samples;
  for (int i = 0; i < 8; ++i) {
    for (int n = 0; n < kRate * 9 / 10; ++n) {
      const double t = n / double{kRate};
      double sum = 0.0;
      for (const double hz : kChords[i % 4]) {
        for (int h = 1; h < 7; ++h) {
          sum += std::sin(2.0 * std::numbers::pi * hz * h * t) / std::pow(h, 1.5);
        }
      }
      samples.push_back(static_cast<float>(0.12 * std::exp(-2.0 * t) * sum));
    }
  }
  return samples;
}

// A voice-like tone with vibrato that changes its pitch twice a second.
std::vector<float> melody() {
  std::vector<float> samples;
  double phase = 0.0;
  for (const double hz : {392.0, 440.0, 494.0, 523.0, 494.0, 440.0, 392.0, 330.0}) {
    for (int n = 0; n < kRate / 2; ++n) {
      const double vibrato = 1.0 + 0.01 * std::sin(2.0 * std::numbers::pi * 5.0 * n / kRate);
      phase += 2.0 * std::numbers::pi * hz * vibrato / kRate;
      double sum = 0.0;
      for (int h = 1; h < 8; ++h) sum += std::sin(phase * h) / h;
      samples.push_back(static_cast<float>(0.2 * sum * std::min(1.0, n / 800.0)));
    }
  }
  return samples;
}

std::vector<float> noise(float level) {
  Random random(1);
  std::vector<float> samples;
  for (int n = 0; n < 5 * kRate; ++n)
    samples.push_back(level * static_cast<float>(random.gaussian()));
  return samples;
}

TEST_P(OwnModel, SilenceNoiseAndMusicAreEmpty) {
  std::string files;
  const std::pair<const char*, std::vector<float>> sounds[] = {
      {"zero.wav", std::vector<float>(5 * kRate, 0.0F)},
      {"quiet.wav", noise(0.001F)},
      {"loud.wav", noise(0.05F)},
      {"chords.wav", chords()},
      {"melody.wav", melody()}};
  for (const auto& [name, samples] : sounds) {
    write_audio(scratch_.path() / name, {samples, kRate});
    files += scratch_.quoted(name) + " ";
  }
  const ProgramRun run = run_bivox(transcribe() + "--format tsv " + files);
  EXPECT_EQ(run.code, 0) << run.err;
  std::istringstream lines(run.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(line.substr(line.find('\t') + 1), "") << line;
  }
  EXPECT_EQ(count, 5) << run.out;
}

TEST_P(OwnModel, SpeechIsReadAndAPipeGivesTheSame) {
  const fs::path clip = kData / "audio" / "librispeech-1867-154075-0005.flac";
  const AudioBuffer audio = read_audio(clip, kRate);
  std::string raw;
  for (const float sample : audio.samples) {
    const auto value = static_cast<int16_t>(std::lround(sample * 32768.0F));
    raw += static_cast<char>(value & 0xFF);
    raw += static_cast<char>(value >> 8);
  }
  scratch_.write("clip.raw", raw);
  const ProgramRun file = run_bivox(transcribe() + "'" + clip.string() + "'");
  const ProgramRun pipe =
      run_bivox(transcribe() + "- --rate 16000 < " + scratch_.quoted("clip.raw"));
  EXPECT_EQ(file.code, 0) << file.err;
  std::istringstream said(content_of(fs::path(clip).replace_extension(".txt")));
  int words = 0;
  int heard = 0;
  for (std::string word; said >> word; ++words) {
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    heard += file.out.find(word) != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(heard * 3, words * 2) << file.out;
  const auto joined = [](std::string text) {
    for (char& c : text) c = c == '\n' ? ' ' : c;
    return text;
  };
  EXPECT_EQ(joined(pipe.out), joined(file.out));
}

INSTANTIATE_TEST_SUITE_P(Bundled, OwnModel,
                         testing::Values("gmm-en", "convnet-en", "convnet-en-streaming"),
                         [](const auto& name) {
                           std::string text = name.param;
                           for (char& c : text) c = c == '-' ? '_' : c;
                           return text;
                         });

}  // namespace
}  // namespace bivox
