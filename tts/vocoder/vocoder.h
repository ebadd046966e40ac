// The vocoder: feature rows in, speech out, in one of three ways.
//
//   parallel        source-filter speech, changed by gated dilated causal convolutions on the
//                   waveform, all samples at once (parallel_wavenet.h)
//   autoregressive  sample by sample, each drawn from the distribution that a WaveNet, told where
//                   in its period the voice is, gives around the linear prediction (excitation.h,
//                   pulse_phase.h, models/nn/wavenet_sampler.h)
//   source-filter   without any network (source_filter.h): what the two are measured against
//
//   auto vocoder = Vocoder::load("models/pretrained/vocoder-en");
//   VocoderStream stream(vocoder, {.mode = VocoderMode::kParallel, .seed = 1});
//   stream.accept(rows, audio);  ...  stream.finish(audio);     // appends samples in [-1, 1]
//
// Rows are those of vocoder_features.h, from a recording (copy-synthesis) or from a model. Every
// row gives hop samples; they lag behind by 20 to 30 ms of rows. Any chunking gives the same bits
// as one call, and one seed gives one result.
//
// A model folder (kind "vocoder") holds the options of the features, their scale, and one network
// or both:
//   parallel.json, parallel.safetensors; autoregressive.json, autoregressive.safetensors
// A folder of kind "voice" holds the same beside its acoustic model (options "vocoder"), or no
// vocoder at all: then it has source-filter speech alone.
//
// Samples beyond 0.85 are bent towards 1 and never cut off: 0.85 + 0.15 tanh((|x| - 0.85) / 0.15).
// Errors: Error(kModel) for folders that do not fit together, and for a mode that a folder has no
// network for. Thread rule: a Vocoder is immutable, share it; a stream belongs to one thread.
// accept() allocates only what it appends. Test: tests/tts/vocoder_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "models/nn/network.h"
#include "models/nn/wavenet.h"
#include "tts/vocoder/parallel_wavenet.h"
#include "tts/vocoder/vocoder_features.h"
#include "tts/vocoder/vocoder_rows.h"

namespace bivox {

enum class VocoderMode : uint8_t { kParallel, kAutoregressive, kSourceFilter };
std::string_view vocoder_mode_name(VocoderMode mode);
std::optional<VocoderMode> vocoder_mode_of(std::string_view name);

/// What a folder holds, to train and to save.
struct VocoderParts {
  VocoderFeatureOptions features;
  FeatureScale scale;
  struct Parallel {
    ParallelWaveNetOptions options;
    Network network;
  };
  std::optional<Parallel> parallel;
  struct Autoregressive {
    WaveNetOptions options;
    Network network;
  };
  std::optional<Autoregressive> autoregressive;
};

/// Weights are stored as bfloat16.
void save_vocoder(const VocoderParts& parts, const std::filesystem::path& folder,
                  const std::string& name, std::string_view card);
VocoderParts load_vocoder_parts(const std::filesystem::path& folder);

struct VocoderOptions {
  Precision parallel = Precision::kBfloat16;
  Precision autoregressive = Precision::kInt8;
  Isa isa = best_isa();
};

class Vocoder {
 public:
  static std::shared_ptr<const Vocoder> load(const std::filesystem::path& folder,
                                             const VocoderOptions& options = {});
  static std::shared_ptr<const Vocoder> compile(const VocoderParts& parts,
                                                const VocoderOptions& options = {});
  /// Without networks: source-filter only.
  static std::shared_ptr<const Vocoder> source_filter(const VocoderFeatureOptions& features = {});
  ~Vocoder();
  Vocoder(const Vocoder&) = delete;
  Vocoder& operator=(const Vocoder&) = delete;

  const VocoderFeatureOptions& features() const;
  int sample_rate_hz() const { return features().sample_rate_hz; }
  bool has(VocoderMode mode) const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Vocoder(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

struct VocoderStreamOptions {
  VocoderMode mode = VocoderMode::kParallel;
  uint64_t seed = 1;
  /// Of autoregressive sampling in voiced frames, and in the others: less is less noise.
  float voiced_temperature = 0.8F;
  float unvoiced_temperature = 1.0F;
};

class VocoderStream {
 public:
  VocoderStream(std::shared_ptr<const Vocoder> vocoder, const VocoderStreamOptions& options = {});
  ~VocoderStream();
  VocoderStream(VocoderStream&&) noexcept;
  VocoderStream& operator=(VocoderStream&&) noexcept;

  /// Any number of rows `[frames x columns]`; appends what is ready.
  void accept(FeatureView rows, std::vector<float>& audio);
  /// No more rows: appends the rest, so that every row has given hop samples.
  void finish(std::vector<float>& audio);
  /// A new utterance.
  void reset(uint64_t seed);

  class Synthesizer;

 private:
  std::shared_ptr<const Vocoder> vocoder_;
  std::unique_ptr<Synthesizer> synthesizer_;
};

/// One-shot.
AudioBuffer vocode(const std::shared_ptr<const Vocoder>& vocoder, FeatureView rows,
                   const VocoderStreamOptions& options = {});
/// Analysis and synthesis: a recording at any rate, copied; as long as it was, to whole frames.
AudioBuffer copy_synthesis(const std::shared_ptr<const Vocoder>& vocoder, AudioView audio,
                           const VocoderStreamOptions& options = {});

}  // namespace bivox
