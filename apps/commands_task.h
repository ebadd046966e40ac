// Which of a few words is said: the data, features and network of `bivox train commands`.
//
//   one second of sound -> log-mel [98 x 40], mean of the utterance removed -> ConvNet
//   -> logits [25 x words + 1] -> mean over time -> the word
//
// Data: a folder with manifest.tsv, a header line `id path split speaker gender seconds text`
// (tab-separated; of these path, split, speaker and text are read) and the audio files. Words
// outside of the list are one class, "unknown".
// Thread rule: CommandsData and CommandsReader are immutable once made; share freely.
// Errors: Error(kInput) naming file and line. Source of the task: Warden 2018, "Speech Commands: a
// dataset for limited-vocabulary speech recognition"; of time-only convolutions over mel channels:
// Choi et al. 2019, "Temporal convolution for real-time keyword spotting on mobile devices".
// Test: tests/apps/cli_train_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/augment/audio_augment.h"
#include "dsp/augment/spec_augment.h"
#include "dsp/augment/vtlp.h"
#include "dsp/features/front_end_options.h"
#include "models/nn/data_loader.h"
#include "models/nn/network.h"

namespace bivox {

struct CommandExample {
  std::filesystem::path path;
  std::string speaker;
  int label = 0;  ///< Index into the words; their number for "unknown".
  AudioBuffer audio;
};

struct CommandsData {
  std::vector<std::string> words;  ///< "unknown" is the last.
  std::vector<CommandExample> train;
  std::vector<CommandExample> dev;  ///< Taken out of `train`, whole speakers.
  std::vector<CommandExample> test;
};

/// Reads manifest and audio; `progress` hears of every file and may say false to stop, which is an
/// Error(kRuntime).
CommandsData read_commands_data(const std::filesystem::path& folder,
                                const std::vector<std::string>& words, double dev_share,
                                int sample_rate_hz, int threads,
                                const std::function<bool(size_t done, size_t total)>& progress);

FrontEndOptions commands_front_end();

/// What training changes about a recording; nothing for measuring.
struct CommandsAugment {
  AudioAugmentOptions audio;
  SpecAugmentOptions spectrum;
  VtlpOptions warp;
  double shift_s = 0.1;  ///< To each side, at most.
};
CommandsAugment commands_augment(uint64_t seed);

/// Makes the features of examples: as they are, or augmented.
class CommandsReader {
 public:
  CommandsReader(std::span<const CommandExample> examples, FrontEndOptions front_end)
      : examples_(examples), front_end_(std::move(front_end)) {}
  CommandsReader(std::span<const CommandExample> examples, FrontEndOptions front_end,
                 const CommandsAugment& augment, std::vector<AudioBuffer> noises);

  TrainingExample operator()(int index, uint64_t seed) const;

 private:
  std::span<const CommandExample> examples_;
  FrontEndOptions front_end_;
  std::shared_ptr<const AudioAugmenter> augmenter_;  // none: as they are
  CommandsAugment augment_;
};

/// `width` channels; logits every fourth frame.
Network commands_network(int num_mel, int width, int classes, float dropout);

/// Rows: what was said; columns: what was heard.
struct Confusion {
  std::vector<std::vector<int64_t>> counts;
  int64_t right() const;
  int64_t total() const;
  double accuracy() const {
    return total() == 0 ? 0.0 : static_cast<double>(right()) / static_cast<double>(total());
  }
};
Confusion measure_commands(Network& network, ComputeContext& context,
                           std::span<const CommandExample> examples, const FrontEndOptions& options,
                           int classes);
/// A table with the words beside rows and above columns.
std::string confusion_table(const Confusion& confusion, const std::vector<std::string>& words);

}  // namespace bivox
