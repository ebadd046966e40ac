#include "tts/prosody/acoustic_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/plan.h"
#include "tts/prosody/liveliness.h"
#include "tts/prosody/phone_features.h"

namespace bivox {
namespace {

constexpr float kMaxPhone_s = 1.0F;
// Around a sentence: listeners, and recognizers more so, miss a first sound that comes at once.
constexpr float kLeastBefore_s = 0.15F;
constexpr float kLeastAfter_s = 0.25F;
constexpr float kEmphasisRate = 0.87F;
constexpr float kEmphasisSemitones = 1.5F;
constexpr float kVoicedFrom = 0.35F;  // voicing below it is none, above kVoicedTo full
constexpr float kVoicedTo = 0.65F;
constexpr float kSemitone = 0.0577622650F;  // ln 2 / 12

std::shared_ptr<const Plan> compile(const Network& network) {
  PlanOptions options;
  options.precision = Precision::kBfloat16;
  return Plan::compile(network, options);
}

// All frames of one input to all rows of every output.
std::vector<FeatureMatrix> run(const std::shared_ptr<const Plan>& plan, ComputeContext& context,
                               const FeatureMatrix& input) {
  std::vector<std::vector<float>> gathered(static_cast<size_t>(plan->num_outputs()));
  PlanStream stream(plan, context);
  const auto gather = [&] {
    for (int o = 0; o < plan->num_outputs(); ++o) {
      const std::span<const float> values = stream.output(o).values();
      auto& all = gathered[static_cast<size_t>(o)];
      all.insert(all.end(), values.begin(), values.end());
    }
  };
  const auto columns = static_cast<size_t>(input.cols());
  const Eigen::Index unit = plan->input_frames();
  const Eigen::Index chunk = plan->max_chunk() * unit;
  for (Eigen::Index t = 0; t < input.rows(); t += chunk) {
    const auto rows = static_cast<size_t>(std::min(chunk, input.rows() - t));
    stream.accept(std::span(input.row(t).data(), rows * columns));
    gather();
  }
  stream.finish();
  gather();
  std::vector<FeatureMatrix> outputs;
  for (int o = 0; o < plan->num_outputs(); ++o) {
    const auto& all = gathered[static_cast<size_t>(o)];
    const auto width = static_cast<Eigen::Index>(plan->output_channels(o));
    outputs.push_back(Eigen::Map<const FeatureMatrix>(
        all.data(), static_cast<Eigen::Index>(all.size()) / width, width));
  }
  return outputs;
}

// [frames x 2] of ln F0 and voicing: straight lines from voiced to voiced frame, as recordings have
// them (vocoder_features.h); what the network says of unvoiced frames means nothing.
void bridge_unvoiced(FeatureMatrix& curve) {
  Eigen::Index last = -1;
  for (Eigen::Index t = 0; t < curve.rows(); ++t) {
    if (curve(t, 1) < 0.5F) continue;
    const float from = last < 0 ? curve(t, 0) : curve(last, 0);
    for (Eigen::Index between = last + 1; between < t; ++between) {
      const float share = static_cast<float>(between - last) / static_cast<float>(t - last);
      curve(between, 0) = from + share * (curve(t, 0) - from);
    }
    last = t;
  }
  if (last < 0) return;
  for (Eigen::Index t = last + 1; t < curve.rows(); ++t) curve(t, 0) = curve(last, 0);
}

}  // namespace

void SpeakingOptions::validate() const {
  const auto check = [](bool good, const char* name, double value, const char* expected) {
    if (!good) {
      throw Error(ErrorCode::kUsage, fmt::format("{} {}: expected {}", name, value, expected));
    }
  };
  check(rate >= 0.25 && rate <= 4.0, "rate", rate, "0.25 to 4");
  check(std::abs(pitch_semitones) <= 24.0, "pitch_semitones", pitch_semitones, "-24 to 24");
  check(pitch_range >= 0.0 && pitch_range <= 3.0, "pitch_range", pitch_range, "0 to 3");
}

struct VoiceAcoustics::State {
  explicit State(const VocoderFeatureOptions& f) : features(f), cosines(f.num_mel) {}

  VocoderFeatureOptions features;
  FeatureScale scale;
  std::vector<std::string> speakers;
  std::vector<float> liveliness;
  std::vector<float> cepstral_mean;
  MelCosines cosines;
  float pitch_liveliness = 1.0F;
  std::shared_ptr<const Plan> encoder;
  std::shared_ptr<const Plan> pitch;
  std::shared_ptr<const Plan> decoder;

  float frames_of(float seconds) const {
    return seconds * static_cast<float>(features.sample_rate_hz) / static_cast<float>(features.hop);
  }
  std::vector<int> durations(std::span<const PlacedPhone> contexts, const FeatureMatrix& log_frames,
                             double rate) const;
  void enliven(std::span<float> mel, std::vector<float>& cepstrum) const;
  FeatureMatrix pitch_curve(std::span<const PlacedPhone> contexts, std::span<const int> phone_of,
                            const FeatureMatrix& predicted, const SpeakingOptions& options) const;
};

// Rounding errors are carried on, so that they do not add up.
std::vector<int> VoiceAcoustics::State::durations(std::span<const PlacedPhone> contexts,
                                                  const FeatureMatrix& log_frames,
                                                  double rate) const {
  std::vector<int> durations;
  float carried = 0.0F;
  int total = 0;
  for (size_t p = 0; p < contexts.size(); ++p) {
    const PlacedPhone& context = contexts[p];
    const float speed = static_cast<float>(rate) * std::clamp(context.style.rate, 0.1F, 10.0F) *
                        (context.style.emphasis ? kEmphasisRate : 1.0F);
    const float predicted = std::exp(std::clamp(log_frames(static_cast<Eigen::Index>(p), 0), -2.0F,
                                                std::log(frames_of(kMaxPhone_s))));
    float wanted = predicted / speed;
    if (context.word < 0 && p == 0) wanted = std::max(wanted, frames_of(kLeastBefore_s) / speed);
    if (context.word < 0 && p + 1 == contexts.size()) {
      wanted = std::max(wanted, frames_of(kLeastAfter_s) / speed);
    }
    if (context.pause_s) wanted = frames_of(std::max(*context.pause_s, 0.0F));
    const int frames = std::max(1, static_cast<int>(std::lround(wanted + carried)));
    carried = std::clamp(carried + wanted - static_cast<float>(frames), -0.5F, 0.5F);
    durations.push_back(frames);
    total += frames;
  }
  if (total % kFramesPerStep != 0 && !durations.empty()) ++durations.back();
  return durations;
}

// liveliness.h; `cepstrum` is memory.
void VoiceAcoustics::State::enliven(std::span<float> mel, std::vector<float>& cepstrum) const {
  cepstrum.resize(mel.size());
  cosines.forward(mel, cepstrum);
  for (size_t k = 0; k < cepstrum.size(); ++k) {
    cepstrum[k] = (liveliness[k] - 1.0F) * (cepstrum[k] - cepstral_mean[k]);
  }
  cosines.add(cepstrum, mel);
}

// [frames x 2]: ln F0 and voicing, from the network's [steps x 2 x (scaled ln F0, voicing)].
FeatureMatrix VoiceAcoustics::State::pitch_curve(std::span<const PlacedPhone> contexts,
                                                 std::span<const int> phone_of,
                                                 const FeatureMatrix& predicted,
                                                 const SpeakingOptions& options) const {
  const auto column = static_cast<size_t>(features.f0_column());
  const Eigen::Map<const FeatureMatrix> flat(predicted.data(), predicted.rows() * kFramesPerStep,
                                             2);
  FeatureMatrix curve(flat.rows(), 2);
  float sum = 0.0F;
  float weight = 1e-6F;
  for (Eigen::Index t = 0; t < flat.rows(); ++t) {
    const float share =
        std::clamp((flat(t, 1) - kVoicedFrom) / (kVoicedTo - kVoicedFrom), 0.0F, 1.0F);
    const bool silent = contexts[static_cast<size_t>(phone_of[static_cast<size_t>(t)])].word < 0;
    curve(t, 1) = silent ? 0.0F : share * share * (3.0F - 2.0F * share);
    curve(t, 0) = scale.mean[column] + scale.deviation[column] * flat(t, 0);
    sum += curve(t, 1) * curve(t, 0);
    weight += curve(t, 1);
  }
  const float mean = sum / weight;
  bridge_unvoiced(curve);
  const auto range = static_cast<float>(options.pitch_range) * pitch_liveliness;
  const auto low = static_cast<float>(std::log(features.min_f0_hz));
  const auto high = static_cast<float>(std::log(features.max_f0_hz));
  for (Eigen::Index t = 0; t < flat.rows(); ++t) {
    const ProsodyStyle& style =
        contexts[static_cast<size_t>(phone_of[static_cast<size_t>(t)])].style;
    const float shift = static_cast<float>(options.pitch_semitones) + style.pitch_semitones +
                        (style.emphasis ? kEmphasisSemitones : 0.0F);
    curve(t, 0) = std::clamp(mean + range * (curve(t, 0) - mean) + kSemitone * shift, low, high);
  }
  return curve;
}

VoiceAcoustics::VoiceAcoustics(std::unique_ptr<const State> state) : state_(std::move(state)) {}
VoiceAcoustics::~VoiceAcoustics() = default;

std::shared_ptr<const VoiceAcoustics> VoiceAcoustics::compile(const AcousticParts& parts) {
  auto state = std::make_unique<State>(parts.features);
  state->scale = parts.scale;
  state->speakers = parts.speakers;
  state->liveliness = parts.liveliness;
  state->cepstral_mean = parts.cepstral_mean;
  state->pitch_liveliness = parts.pitch_liveliness;
  state->encoder = bivox::compile(parts.encoder);
  state->pitch = bivox::compile(parts.pitch);
  state->decoder = bivox::compile(parts.decoder);
  return std::shared_ptr<const VoiceAcoustics>(new VoiceAcoustics(std::move(state)));
}

std::shared_ptr<const VoiceAcoustics> VoiceAcoustics::load(const std::filesystem::path& folder) {
  return compile(read_acoustic_model(ModelFolder::open(folder, kVoiceKind)));
}

const VocoderFeatureOptions& VoiceAcoustics::features() const { return state_->features; }
const std::vector<std::string>& VoiceAcoustics::speakers() const { return state_->speakers; }

SpokenSentence VoiceAcoustics::speak(const Utterance& utterance,
                                     const SpeakingOptions& options) const {
  options.validate();
  const State& state = *state_;
  const int speakers = static_cast<int>(state.speakers.size());
  if (options.speaker < 0 || options.speaker >= speakers) {
    throw Error(ErrorCode::kUsage,
                fmt::format("speaker {}: expected 0 to {}", options.speaker, speakers - 1));
  }
  ComputeContext context;
  const std::vector<PlacedPhone> contexts = phone_contexts(utterance);
  const std::vector<FeatureMatrix> encoded =
      run(state.encoder, context, phone_features(contexts, speakers, options.speaker));
  const FeatureMatrix& hidden = encoded[0];
  const std::vector<int> durations = state.durations(contexts, encoded[1], options.rate);

  SpokenSentence spoken;
  std::vector<int> phone_of;
  for (size_t p = 0; p < contexts.size(); ++p) {
    spoken.phones.push_back(
        {contexts[p].phone, contexts[p].word, static_cast<int>(phone_of.size()), durations[p]});
    phone_of.insert(phone_of.end(), static_cast<size_t>(durations[p]), static_cast<int>(p));
  }
  const auto frames = static_cast<Eigen::Index>(phone_of.size());
  FeatureMatrix rows(frames, hidden.cols() + kPlaceColumns);
  rows.rightCols(kPlaceColumns) = place_rows(durations);
  for (Eigen::Index t = 0; t < frames; ++t) {
    rows.row(t).head(hidden.cols()) = hidden.row(phone_of[static_cast<size_t>(t)]);
  }
  const FeatureMatrix curve =
      state.pitch_curve(contexts, phone_of, run(state.pitch, context, rows)[0], options);
  FeatureMatrix inputs(frames, rows.cols() + kPitchColumns);
  inputs.leftCols(rows.cols()) = rows;
  for (Eigen::Index t = 0; t < frames; ++t) {
    write_pitch_row(
        state.features, state.scale, curve(t, 0), curve(t, 1),
        std::span(inputs.row(t).data() + rows.cols(), static_cast<size_t>(kPitchColumns)));
  }
  const FeatureMatrix steps = run(state.decoder, context, inputs)[0];
  BIVOX_CHECK(steps.rows() * kFramesPerStep == frames);

  const int num_mel = state.features.num_mel;
  const Eigen::Map<const FeatureMatrix> mel(steps.data(), frames, num_mel);
  const float lowest = std::log(state.features.log_floor);
  std::vector<float> cepstrum;
  spoken.rows.resize(frames, state.features.columns());
  for (Eigen::Index t = 0; t < frames; ++t) {
    const ProsodyStyle& style =
        contexts[static_cast<size_t>(phone_of[static_cast<size_t>(t)])].style;
    const float louder = style.volume_db * 0.230258509F;  // ln 10 / 10
    const std::span<float> row(spoken.rows.row(t).data(), static_cast<size_t>(num_mel));
    for (size_t m = 0; m < row.size(); ++m) {
      row[m] =
          state.scale.mean[m] + state.scale.deviation[m] * mel(t, static_cast<Eigen::Index>(m));
    }
    state.enliven(row, cepstrum);
    for (float& value : row) value = std::max(value + louder, lowest);
    spoken.rows(t, state.features.f0_column()) = curve(t, 0);
    spoken.rows(t, state.features.voicing_column()) = curve(t, 1);
  }
  return spoken;
}

}  // namespace bivox
