// Vocoder and VocoderStream; folders are in vocoder_folder.cpp.
#include "tts/vocoder/vocoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/audio/resample.h"
#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/plan.h"
#include "models/nn/wavenet_sampler.h"
#include "tts/vocoder/excitation.h"
#include "tts/vocoder/pulse_phase.h"

namespace bivox {
namespace {

constexpr int kPlanFrames = 4;  // of a plan's chunk: its rows stay in the cache
constexpr float kKnee = 0.85F;  // samples below are as they are

}  // namespace

struct Vocoder::State {
  std::shared_ptr<const SourceFilterModel> source;
  FeatureScale scale;
  ParallelWaveNetOptions parallel_options;
  std::shared_ptr<const Plan> parallel;
  std::shared_ptr<const WaveNetModel> autoregressive;
};

std::string_view vocoder_mode_name(VocoderMode mode) {
  switch (mode) {
    case VocoderMode::kParallel:
      return "parallel";
    case VocoderMode::kAutoregressive:
      return "autoregressive";
    case VocoderMode::kSourceFilter:
      return "source-filter";
  }
  return "";
}

std::optional<VocoderMode> vocoder_mode_of(std::string_view name) {
  for (const VocoderMode mode :
       {VocoderMode::kParallel, VocoderMode::kAutoregressive, VocoderMode::kSourceFilter}) {
    if (name == vocoder_mode_name(mode)) return mode;
  }
  return std::nullopt;
}

Vocoder::Vocoder(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Vocoder::~Vocoder() = default;

std::shared_ptr<const Vocoder> Vocoder::load(const std::filesystem::path& folder,
                                             const VocoderOptions& options) {
  return compile(load_vocoder_parts(folder), options);
}

std::shared_ptr<const Vocoder> Vocoder::compile(const VocoderParts& parts,
                                                const VocoderOptions& options) {
  auto state = std::make_unique<State>();
  state->source = std::make_shared<SourceFilterModel>(parts.features);
  state->scale = parts.scale;
  if (parts.parallel) {
    state->parallel_options = parts.parallel->options;
    PlanOptions plan;
    plan.precision = options.parallel;
    plan.isa = options.isa;
    plan.max_chunk = kPlanFrames * parts.parallel->options.rows_per_frame();
    state->parallel = Plan::compile(parts.parallel->network, plan);
  }
  if (parts.autoregressive) {
    state->autoregressive =
        WaveNetModel::compile(parts.autoregressive->network, parts.autoregressive->options,
                              options.autoregressive, options.isa);
  }
  return std::shared_ptr<const Vocoder>(new Vocoder(std::move(state)));
}

std::shared_ptr<const Vocoder> Vocoder::source_filter(const VocoderFeatureOptions& features) {
  VocoderParts parts;
  parts.features = features;
  return compile(parts);
}

const VocoderFeatureOptions& Vocoder::features() const { return state_->source->features(); }

bool Vocoder::has(VocoderMode mode) const {
  switch (mode) {
    case VocoderMode::kParallel:
      return state_->parallel != nullptr;
    case VocoderMode::kAutoregressive:
      return state_->autoregressive != nullptr;
    case VocoderMode::kSourceFilter:
      return true;
  }
  return false;
}

// One way of synthesis: rows one by one, samples appended.
class VocoderStream::Synthesizer {
 public:
  Synthesizer() = default;
  virtual ~Synthesizer() = default;
  Synthesizer(const Synthesizer&) = delete;
  Synthesizer& operator=(const Synthesizer&) = delete;
  virtual void accept(std::span<const float> row, std::vector<float>& audio) = 0;
  virtual void finish(std::vector<float>& audio) = 0;
  virtual void reset(uint64_t seed) = 0;

 protected:
  static void append(std::span<const float> samples, std::vector<float>& audio) {
    for (const float x : samples) {
      const float beyond = std::fabs(x) - kKnee;
      audio.push_back(
          beyond <= 0.0F
              ? x
              : std::copysign(kKnee + (1.0F - kKnee) * std::tanh(beyond / (1.0F - kKnee)), x));
    }
  }
};

namespace {

class SourceFilterSynthesizer : public VocoderStream::Synthesizer {
 public:
  SourceFilterSynthesizer(const Vocoder::State& state, uint64_t seed)
      : source_(state.source, seed) {}
  void accept(std::span<const float> row, std::vector<float>& audio) override {
    if (source_.accept(row)) append(source_.block().speech, audio);
  }
  void finish(std::vector<float>& audio) override {
    while (source_.finish()) append(source_.block().speech, audio);
  }
  void reset(uint64_t seed) override { source_.reset(seed); }

 private:
  SourceFilter source_;
};

class ParallelSynthesizer : public VocoderStream::Synthesizer {
 public:
  ParallelSynthesizer(const Vocoder::State& state, uint64_t seed)
      : rows_(state.source, state.scale, state.parallel_options, seed),
        stream_(state.parallel, context_) {}
  void accept(std::span<const float> row, std::vector<float>& audio) override {
    if (rows_.accept(row)) run(audio);
  }
  void finish(std::vector<float>& audio) override {
    bool any = false;
    while (rows_.finish()) {
      run(audio);
      any = true;
    }
    if (!any) return;
    stream_.finish();
    append(stream_.output().values(), audio);
  }
  void reset(uint64_t seed) override {
    rows_.reset(seed);
    stream_.reset();
  }

 private:
  void run(std::vector<float>& audio) {
    stream_.accept(rows_.rows());
    append(stream_.output().values(), audio);
  }

  ComputeContext context_;
  VocoderRows rows_;
  PlanStream stream_;
};

class AutoregressiveSynthesizer : public VocoderStream::Synthesizer {
 public:
  AutoregressiveSynthesizer(const Vocoder::State& state, const VocoderStreamOptions& options)
      : source_(state.source),
        scale_(state.scale),
        options_(options),
        predictors_(state.source),
        sampler_(state.autoregressive, options.seed),
        guides_(state.source),
        row_(static_cast<size_t>(source_->features().columns())),
        before_(row_.size()),
        block_(static_cast<size_t>(source_->features().hop)),
        guide_(block_.size() * PulseGuides::kGuides) {
    BIVOX_CHECK(sampler_.max_lag() == source_->features().hop);
  }
  void accept(std::span<const float> row, std::vector<float>& audio) override {
    scale_.apply(row, row_);
    const LinearPredictor& predictor = predictors_.next(row);
    sampler_.set_temperature(temperature_);
    temperature_of(row);
    if (rows_++ > 0) guides_.block(before_, row, guide_);
    std::copy(row.begin(), row.end(), before_.begin());
    if (sampler_.accept(row_, block_, guide_) > 0) speak(predictor, audio);
  }
  void finish(std::vector<float>& audio) override {
    if (rows_ == 0) return;
    sampler_.set_temperature(temperature_);
    guides_.block(before_, before_, guide_);
    if (sampler_.finish(block_, guide_) > 0) speak(predictors_.last(), audio);
    rows_ = 0;
  }
  void reset(uint64_t seed) override {
    sampler_.reset(seed);
    predictors_.reset();
    guides_.reset();
    memory_.reset();
    rows_ = 0;
  }

 private:
  void temperature_of(std::span<const float> row) {
    const float voicing = source_->envelope().voicing(row);
    temperature_ = options_.unvoiced_temperature +
                   voicing * (options_.voiced_temperature - options_.unvoiced_temperature);
  }
  void speak(const LinearPredictor& predictor, std::vector<float>& audio) {
    for (float& e : block_) e *= kExcitationScale;
    memory_.synthesize(predictor, block_, block_);
    append(block_, audio);
  }

  std::shared_ptr<const SourceFilterModel> source_;
  FeatureScale scale_;
  VocoderStreamOptions options_;
  BlockPredictors predictors_;
  PredictionMemory memory_;
  WaveNetSampler sampler_;
  PulseGuides guides_;
  std::vector<float> row_;     // normalised
  std::vector<float> before_;  // the row before, as it came
  std::vector<float> block_;
  std::vector<float> guide_;
  float temperature_ = 1.0F;  // of the block that is drawn next
  int64_t rows_ = 0;
};

std::unique_ptr<VocoderStream::Synthesizer> make_synthesizer(const Vocoder& vocoder,
                                                             const VocoderStreamOptions& options) {
  if (!vocoder.has(options.mode)) {
    throw Error(ErrorCode::kModel,
                fmt::format("the vocoder has no network for the mode \"{}\"",
                            vocoder_mode_name(options.mode)),
                vocoder.has(VocoderMode::kParallel) ? "it has one for \"parallel\""
                                                    : "\"source-filter\" needs none");
  }
  switch (options.mode) {
    case VocoderMode::kParallel:
      return std::make_unique<ParallelSynthesizer>(vocoder.state(), options.seed);
    case VocoderMode::kAutoregressive:
      return std::make_unique<AutoregressiveSynthesizer>(vocoder.state(), options);
    case VocoderMode::kSourceFilter:
      break;
  }
  return std::make_unique<SourceFilterSynthesizer>(vocoder.state(), options.seed);
}

}  // namespace

VocoderStream::VocoderStream(std::shared_ptr<const Vocoder> vocoder,
                             const VocoderStreamOptions& options)
    : vocoder_(std::move(vocoder)), synthesizer_(make_synthesizer(*vocoder_, options)) {}
VocoderStream::~VocoderStream() = default;
VocoderStream::VocoderStream(VocoderStream&&) noexcept = default;
VocoderStream& VocoderStream::operator=(VocoderStream&&) noexcept = default;

void VocoderStream::accept(FeatureView rows, std::vector<float>& audio) {
  BIVOX_CHECK(rows.cols() == vocoder_->features().columns());
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    synthesizer_->accept({rows.row(t).data(), static_cast<size_t>(rows.cols())}, audio);
  }
}

void VocoderStream::finish(std::vector<float>& audio) { synthesizer_->finish(audio); }
void VocoderStream::reset(uint64_t seed) { synthesizer_->reset(seed); }

AudioBuffer vocode(const std::shared_ptr<const Vocoder>& vocoder, FeatureView rows,
                   const VocoderStreamOptions& options) {
  VocoderStream stream(vocoder, options);
  AudioBuffer audio;
  audio.sample_rate_hz = vocoder->sample_rate_hz();
  audio.samples.reserve(static_cast<size_t>(rows.rows() * vocoder->features().hop));
  stream.accept(rows, audio.samples);
  stream.finish(audio.samples);
  return audio;
}

AudioBuffer copy_synthesis(const std::shared_ptr<const Vocoder>& vocoder, AudioView audio,
                           const VocoderStreamOptions& options) {
  AudioBuffer resampled;
  if (audio.sample_rate_hz != vocoder->sample_rate_hz()) {
    audio = resampled = resample(audio, vocoder->sample_rate_hz());
  }
  return vocode(vocoder, vocoder_features(vocoder->features(), audio), options);
}

}  // namespace bivox
