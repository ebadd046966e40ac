#include "apps/commands_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "dsp/core/random.h"
#include "dsp/features/front_end.h"
#include "models/nn/frame_mean.h"

namespace bivox {
namespace {

constexpr uint64_t kDevPurpose = 0x646576;  // any constant: which speakers are dev never changes

std::vector<std::string> tab_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

uint64_t text_seed(std::string_view text) {
  uint64_t seed = kDevPurpose;
  for (const char c : text) seed = mix_seeds(seed, static_cast<unsigned char>(c));
  return seed;
}

// A second of sound: cut or filled up with zeros at the end, moved by `shift` samples.
std::vector<float> one_second(AudioView audio, int64_t shift) {
  std::vector<float> second(static_cast<size_t>(audio.sample_rate_hz), 0.0F);
  for (int64_t n = 0; n < static_cast<int64_t>(second.size()); ++n) {
    const int64_t from = n - shift;
    if (from >= 0 && from < static_cast<int64_t>(audio.samples.size())) {
      second[static_cast<size_t>(n)] = audio.samples[static_cast<size_t>(from)];
    }
  }
  return second;
}

void read_audio_files(std::vector<CommandExample*>& examples, int sample_rate_hz, int threads,
                      const std::function<bool(size_t, size_t)>& progress) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  size_t done = 0;
  std::exception_ptr failure;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (size_t at = next++; at < examples.size() && !stop; at = next++) {
        try {
          examples[at]->audio = read_audio(examples[at]->path, sample_rate_hz);
          const std::lock_guard lock(mutex);
          if (!progress(++done, examples.size())) {
            throw Error(ErrorCode::kRuntime, "interrupted");
          }
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failure) failure = std::current_exception();
          stop = true;
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

CommandsData read_commands_data(const std::filesystem::path& folder,
                                const std::vector<std::string>& words, double dev_share,
                                int sample_rate_hz, int threads,
                                const std::function<bool(size_t, size_t)>& progress) {
  const std::filesystem::path manifest = folder / "manifest.tsv";
  std::istringstream lines(read_file(manifest));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = tab_fields(line);
  const auto column = [&](std::string_view name) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: no column \"{}\" in its first line", manifest.string(), name),
                  "expected: id path split speaker gender seconds text, separated by tabs");
    }
    return static_cast<size_t>(found - header.begin());
  };
  const size_t path = column("path");
  const size_t split = column("split");
  const size_t speaker = column("speaker");
  const size_t text = column("text");

  CommandsData data;
  data.words = words;
  data.words.emplace_back("unknown");
  for (int number = 2; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const std::vector<std::string> fields = tab_fields(line);
    if (fields.size() < header.size()) {
      throw Error(ErrorCode::kInput, fmt::format("{}:{}: {} fields, expected {}", manifest.string(),
                                                 number, fields.size(), header.size()));
    }
    CommandExample example;
    example.path = folder / fields[path];
    example.speaker = fields[speaker];
    const auto word = std::find(words.begin(), words.end(), fields[text]);
    example.label = static_cast<int>(word - words.begin());
    if (fields[split] == "test") {
      data.test.push_back(std::move(example));
    } else if (fields[split] == "train") {
      const bool is_dev = Random(text_seed(example.speaker)).uniform() < dev_share;
      (is_dev ? data.dev : data.train).push_back(std::move(example));
    }
  }
  if (data.train.empty() || data.test.empty()) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {} examples to train and {} to test on, expected some of each",
                            manifest.string(), data.train.size(), data.test.size()),
                "the column split says train or test");
  }
  for (size_t w = 0; w < words.size(); ++w) {
    const auto says = [&](const CommandExample& e) { return e.label == static_cast<int>(w); };
    if (std::none_of(data.train.begin(), data.train.end(), says)) {
      throw Error(
          ErrorCode::kInput,
          fmt::format("{}: no recording to train on says \"{}\"", manifest.string(), words[w]),
          "check --words (each once) against the column text");
    }
  }
  std::vector<CommandExample*> all;
  for (auto* part : {&data.train, &data.dev, &data.test}) {
    for (CommandExample& example : *part) all.push_back(&example);
  }
  read_audio_files(all, sample_rate_hz, threads, progress);
  return data;
}

FrontEndOptions commands_front_end() {
  FrontEndOptions options = kaldi_fbank_front_end(40);
  options.log_floor = 1.0F;  // digital silence, of shifted clips, is not far below quiet rooms
  options.cmvn.kind = CmvnKind::kUtterance;
  return options;
}

CommandsAugment commands_augment(uint64_t seed) {
  CommandsAugment augment;
  augment.audio.min_speed = 0.88;
  augment.audio.max_speed = 1.12;
  augment.audio.min_gain_db = -6.0;
  augment.audio.max_gain_db = 6.0;
  augment.audio.noise_probability = 0.4;
  augment.audio.min_snr_db = 10.0;
  augment.audio.max_snr_db = 35.0;
  augment.audio.seed = seed;
  augment.spectrum.frequency_masks = 2;
  augment.spectrum.frequency_width = 5;
  augment.spectrum.time_masks = 2;
  augment.spectrum.time_width = 12;
  augment.warp = {0.88, 1.12};
  return augment;
}

CommandsReader::CommandsReader(std::span<const CommandExample> examples, FrontEndOptions front_end,
                               const CommandsAugment& augment, std::vector<AudioBuffer> noises)
    : examples_(examples),
      front_end_(std::move(front_end)),
      augmenter_(std::make_shared<const AudioAugmenter>(augment.audio, std::move(noises))),
      augment_(augment) {}

TrainingExample CommandsReader::operator()(int index, uint64_t seed) const {
  const CommandExample& source = examples_[static_cast<size_t>(index)];
  FrontEndOptions front_end = front_end_;
  AudioBuffer audio;
  audio.sample_rate_hz = source.audio.sample_rate_hz;
  if (augmenter_) {
    Random random(seed);
    const double shift_s = random.uniform(-augment_.shift_s, augment_.shift_s);
    front_end.warp = random_warp(augment_.warp, random.next());
    audio.samples =
        one_second(augmenter_->augment(source.audio, random.next()),
                   static_cast<int64_t>(shift_s * static_cast<double>(audio.sample_rate_hz)));
  } else {
    audio.samples = one_second(source.audio, 0);
  }
  FeatureMatrix features = compute_features(front_end, audio);
  if (augmenter_) spec_augment(features, augment_.spectrum, mix_seeds(seed, 1));
  TrainingExample example;
  example.streams.push_back(Tensor::from({features.rows(), features.cols()},
                                         {features.data(), static_cast<size_t>(features.size())}));
  example.targets = {source.label};
  return example;
}

Network commands_network(int num_mel, int width, int classes, float dropout) {
  Network net;
  NodeId x = net.input("log_mel", num_mel);
  x = net.batch_norm("input_norm", x);
  int channels = num_mel;
  const auto layer = [&](const std::string& name, NodeId from, int kernel, int stride) {
    Conv1dGeometry geometry;
    geometry.inputs = channels;
    geometry.outputs = width;
    geometry.kernel = kernel;
    geometry.stride = stride;
    geometry.pad_left = kernel / 2;
    geometry.pad_right = kernel / 2;
    channels = width;
    return net.batch_norm(name + "_norm", net.conv1d(name, from, geometry, false));
  };
  x = net.relu("stem_relu", layer("stem", x, 5, 2));
  for (int block = 1; block <= 3; ++block) {
    const std::string name = fmt::format("block{}", block);
    // The second block halves the frame rate, without a shortcut around it.
    const int stride = block == 2 ? 2 : 1;
    NodeId y = net.relu(name + "_relu1", layer(name + "_conv1", x, 9, stride));
    y = net.dropout(name + "_dropout", y, dropout);
    y = layer(name + "_conv2", y, 9, 1);
    x = net.relu(name + "_relu2", stride == 1 ? net.add(name + "_add", {x, y}) : y);
  }
  x = net.dropout("dropout", x, dropout);
  net.output(net.linear("logits", x, classes));
  return net;
}

int64_t Confusion::right() const {
  int64_t sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) sum += counts[i][i];
  return sum;
}

int64_t Confusion::total() const {
  int64_t sum = 0;
  for (const auto& row : counts) {
    for (const int64_t count : row) sum += count;
  }
  return sum;
}

Confusion measure_commands(Network& network, ComputeContext& context,
                           std::span<const CommandExample> examples,
                           const FrontEndOptions& front_end, int classes) {
  Confusion confusion;
  confusion.counts.assign(static_cast<size_t>(classes),
                          std::vector<int64_t>(static_cast<size_t>(classes), 0));
  if (examples.empty()) return confusion;
  DataLoaderOptions options;
  options.max_examples = 64;
  options.shuffle = false;
  options.threads = context.threads();
  DataLoader loader(options, std::vector<int64_t>(examples.size(), 1),
                    CommandsReader(examples, front_end));
  for (bool last = false; !last;) {
    TrainingBatch batch = loader.next();
    last = batch.last_of_epoch;
    Tape tape(context);
    const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
    const Tensor& logits = mean_frames(network.forward(tape, inputs)[0], {}).value();
    for (size_t b = 0; b < batch.targets.size(); ++b) {
      const float* row = logits.data() + static_cast<int64_t>(b) * classes;
      const auto heard = static_cast<size_t>(std::max_element(row, row + classes) - row);
      ++confusion.counts[static_cast<size_t>(batch.targets[b][0])][heard];
    }
  }
  return confusion;
}

std::string confusion_table(const Confusion& confusion, const std::vector<std::string>& words) {
  size_t width = 5;
  for (const std::string& word : words) width = std::max(width, word.size());
  std::string table = fmt::format("{:<{}}", "", width + 2);
  for (const std::string& word : words) table += fmt::format("{:>{}}", word, width + 1);
  table += fmt::format("{:>{}}\n", "right", width + 4);
  for (size_t i = 0; i < words.size(); ++i) {
    int64_t said = 0;
    for (const int64_t count : confusion.counts[i]) said += count;
    if (said == 0) continue;  // never said in this set
    table += fmt::format("{:<{}}", words[i], width + 2);
    for (const int64_t count : confusion.counts[i]) {
      table += count == 0 ? fmt::format("{:>{}}", ".", width + 1)
                          : fmt::format("{:>{}}", count, width + 1);
    }
    table += fmt::format(
        "{:>{}.1f} %\n",
        100.0 * static_cast<double>(confusion.counts[i][i]) / static_cast<double>(said), width + 2);
  }
  return table;
}

}  // namespace bivox
