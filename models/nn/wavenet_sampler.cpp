#include "models/nn/wavenet_sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/random.h"
#include "models/nn/losses.h"
#include "models/nn/wavenet_state.h"

namespace bivox {
namespace {

using kernels::WaveNetKernels;
using kernels::WaveNetOperand;

}  // namespace

struct WaveNetSampler::Memory {
  Memory(const WaveNetModel::State& model_state, uint64_t seed)
      : model(model_state),
        sums(Tensor({model.skip + model.residual})),
        gates(Tensor({2 * model.residual})),
        hidden(Tensor({model.skip})),
        outputs(Tensor({model.outputs})),
        operand(static_cast<size_t>(std::max(model.skip, model.residual)) *
                model.kernels->operand_bytes),
        gated(operand.size()),
        taps(static_cast<size_t>(model.options.kernel)) {
    const WaveNetOptions& o = model.options;
    row_bytes = static_cast<size_t>(model.residual) * model.kernels->operand_bytes;
    size_t rows = 0;
    for (int layer = 0; layer < o.layers; ++layer) {
      rings.push_back({rows, (o.kernel - 1) * o.dilation(layer) + 1, 0});
      rows += static_cast<size_t>(rings.back().length);
    }
    history.resize(rows * row_bytes);
    history_scales.resize(rows);
    if (model.conditioner != nullptr) {
      conditioner = std::make_unique<PlanStream>(model.conditioner, context);
    }
    reset(seed);
  }

  void reset(uint64_t seed) noexcept {
    random = Random(seed);
    previous = 0.0F;
    // Rows of silence, as a row of zeros is converted.
    gates.fill(0.0F);
    const float scale = model.kernels->convert(gates.data(), model.residual, false, gated.data());
    for (size_t row = 0; row < history_scales.size(); ++row) {
      std::memcpy(history.data() + row * row_bytes, gated.data(), row_bytes);
      history_scales[row] = scale;
    }
    for (Ring& ring : rings) ring.head = 0;
    condition = model.base_condition.data();
    if (conditioner != nullptr) conditioner->reset();
  }

  // The network's outputs when the last audio input is `x`, with its guides.
  const float* step(float x, const float* guides) noexcept;
  float draw(const float* parameters) noexcept;
  float draw_mixture(const float* parameters) noexcept;
  float draw_level(const float* logits) noexcept;

  void generate(std::span<float> audio, std::span<const float> guides) noexcept {
    const float* guide = guides.data();
    for (float& y : audio) {
      y = draw(step(previous, guide));
      guide += model.options.guides;
      const WaveNetOptions& o = model.options;
      previous = o.output == WaveNetOutput::kMuLaw
                     ? 2.0F * static_cast<float>(level) / static_cast<float>(o.levels - 1) - 1.0F
                     : y;
    }
  }

  // Samples of the frames that the conditioner has got ready.
  int generate_ready(std::span<float> audio, std::span<const float> guides) {
    const PlanRows rows = conditioner->output();
    const auto hop = static_cast<size_t>(model.options.hop);
    const size_t guided = hop * static_cast<size_t>(model.options.guides);
    BIVOX_CHECK(audio.size() >= static_cast<size_t>(rows.frames) * hop);
    BIVOX_CHECK(guides.size() >= static_cast<size_t>(rows.frames) * guided);
    for (int frame = 0; frame < rows.frames; ++frame) {
      const auto i = static_cast<size_t>(frame);
      condition = rows.row(frame).data();
      generate(audio.subspan(i * hop, hop), guides.subspan(i * guided, guided));
    }
    keep_condition(rows);
    return rows.frames * model.options.hop;
  }

  // generate() may go on under the last frame when the plan's rows have gone.
  void keep_condition(const PlanRows& rows) noexcept {
    if (rows.frames == 0) return;
    const auto last = rows.row(rows.frames - 1);
    std::copy(last.begin(), last.end(), last_condition.begin());
    condition = last_condition.data();
  }

  struct Ring {
    size_t first;  // row of the history
    int length;
    int head;
  };

  const WaveNetModel::State& model;
  ComputeContext context{1};
  std::unique_ptr<PlanStream> conditioner;
  Tensor sums;  // skip sum, residual
  Tensor gates;
  Tensor hidden;
  Tensor outputs;
  std::vector<std::byte> operand;
  std::vector<std::byte> gated;
  std::vector<WaveNetOperand> taps;
  std::vector<Ring> rings;
  std::vector<std::byte> history;
  std::vector<float> history_scales;
  size_t row_bytes = 0;
  std::vector<float> last_condition = std::vector<float>(model.base_condition.size());
  const float* condition = nullptr;
  Random random;
  float previous = 0.0F;
  float temperature = 1.0F;
  int level = 0;
};

const float* WaveNetSampler::Memory::step(float x, const float* guides) noexcept {
  const WaveNetOptions& o = model.options;
  const WaveNetKernels& k = *model.kernels;
  float* skip = sums.data();
  float* residual = skip + model.skip;
  std::fill_n(skip, model.skip, 0.0F);
  const float* weight = model.in_weight.data();
  for (int c = 0; c < model.residual; ++c) {
    residual[c] = weight[c] * x + model.in_bias[static_cast<size_t>(c)];
  }
  for (int guide = 0; guide < o.guides; ++guide) {
    weight += model.residual;
    for (int c = 0; c < model.residual; ++c) residual[c] += weight[c] * guides[guide];
  }
  kernels::WaveNetLayer call;
  call.inputs = taps.data();
  call.kernel = o.kernel;
  call.state = sums.data();
  call.gates = gates.data();
  call.gated = gated.data();
  for (int layer = 0; layer < o.layers; ++layer) {
    const auto l = static_cast<size_t>(layer);
    Ring& ring = rings[l];
    const auto newest = ring.first + static_cast<size_t>(ring.head);
    history_scales[newest] =
        k.convert(residual, model.residual, false, history.data() + newest * row_bytes);
    for (int tap = 0; tap < o.kernel; ++tap) {
      int at = ring.head - (o.kernel - 1 - tap) * o.dilation(layer);
      if (at < 0) at += ring.length;
      const size_t row = ring.first + static_cast<size_t>(at);
      taps[static_cast<size_t>(tap)] = {history.data() + row * row_bytes, history_scales[row]};
    }
    ring.head = ring.head + 1 == ring.length ? 0 : ring.head + 1;
    call.taps = &model.taps[l * static_cast<size_t>(o.kernel)];
    call.condition = condition + static_cast<int64_t>(layer) * 2 * model.residual;
    call.output = &model.mixes[l];
    call.bias = model.mix_biases[l].data();
    k.layer(call);
  }
  WaveNetOperand row{operand.data(), k.convert(skip, model.skip, true, operand.data())};
  k.dense(model.head1, row, model.head1_bias.data(), hidden.data());
  row.scale = k.convert(hidden.data(), model.skip, true, operand.data());
  k.dense(model.head2, row, model.head2_bias.data(), outputs.data());
  return outputs.data();
}

float WaveNetSampler::Memory::draw(const float* parameters) noexcept {
  switch (model.options.output) {
    case WaveNetOutput::kLogisticMixture:
      return draw_mixture(parameters);
    case WaveNetOutput::kGaussian: {
      const float deviation =
          std::exp(std::max(parameters[1], GaussianLossOptions{}.min_log_deviation));
      return std::clamp(
          parameters[0] + temperature * deviation * static_cast<float>(random.gaussian()), -1.0F,
          1.0F);
    }
    case WaveNetOutput::kMuLaw:
      return draw_level(parameters);
  }
  return 0.0F;
}

float WaveNetSampler::Memory::draw_mixture(const float* parameters) noexcept {
  const int count = model.options.mixtures;
  int component = static_cast<int>(std::max_element(parameters, parameters + count) - parameters);
  const float most = parameters[component];
  if (temperature > 0.0F) {
    float total = 0.0F;
    for (int i = 0; i < count; ++i) total += std::exp(parameters[i] - most);
    float left = static_cast<float>(random.uniform()) * total;
    for (component = 0; component + 1 < count; ++component) {
      left -= std::exp(parameters[component] - most);
      if (left < 0.0F) break;
    }
  }
  const float mean = parameters[count + component];
  const float scale =
      std::exp(std::max(parameters[2 * count + component], LogisticMixtureOptions{}.min_log_scale));
  const double u = std::max(random.uniform(), 0x1p-54);
  const auto logit = static_cast<float>(std::log(u / (1.0 - u)));
  return std::clamp(mean + temperature * scale * logit, -1.0F, 1.0F);
}

float WaveNetSampler::Memory::draw_level(const float* logits) noexcept {
  const int count = model.options.levels;
  level = static_cast<int>(std::max_element(logits, logits + count) - logits);
  const float most = logits[level];
  if (temperature > 0.0F) {
    float total = 0.0F;
    for (int i = 0; i < count; ++i) total += std::exp((logits[i] - most) / temperature);
    float left = static_cast<float>(random.uniform()) * total;
    for (level = 0; level + 1 < count; ++level) {
      left -= std::exp((logits[level] - most) / temperature);
      if (left < 0.0F) break;
    }
  }
  return mu_law_sample(level, count);
}

WaveNetSampler::WaveNetSampler(std::shared_ptr<const WaveNetModel> model, uint64_t seed)
    : model_(std::move(model)), memory_(std::make_unique<Memory>(model_->state(), seed)) {}
WaveNetSampler::~WaveNetSampler() = default;
WaveNetSampler::WaveNetSampler(WaveNetSampler&&) noexcept = default;
WaveNetSampler& WaveNetSampler::operator=(WaveNetSampler&&) noexcept = default;

int WaveNetSampler::accept(std::span<const float> mel, std::span<float> audio,
                           std::span<const float> guides) {
  BIVOX_CHECK(memory_->conditioner != nullptr);
  memory_->conditioner->accept(mel);
  return memory_->generate_ready(audio, guides);
}

int WaveNetSampler::finish(std::span<float> audio, std::span<const float> guides) {
  BIVOX_CHECK(memory_->conditioner != nullptr);
  memory_->conditioner->finish();
  return memory_->generate_ready(audio, guides);
}

void WaveNetSampler::generate(std::span<float> audio, std::span<const float> guides) {
  BIVOX_CHECK(guides.size() == audio.size() * static_cast<size_t>(model_->options().guides));
  memory_->generate(audio, guides);
}
void WaveNetSampler::reset(uint64_t seed) { memory_->reset(seed); }

void WaveNetSampler::set_temperature(float temperature) {
  BIVOX_CHECK(temperature >= 0.0F);
  memory_->temperature = temperature;
}

int WaveNetSampler::max_lag() const {
  const WaveNetOptions& o = model_->options();
  return o.mel_bins == 0 ? 0 : o.condition_kernel / 2 * o.hop;
}

void WaveNetSampler::score(std::span<const float> mel, std::span<const float> audio,
                           std::span<float> outputs, std::span<const float> guides) {
  const WaveNetOptions& o = model_->options();
  const auto channels = static_cast<size_t>(o.output_channels());
  BIVOX_CHECK(outputs.size() == audio.size() * channels);
  const std::vector<float> history = wavenet_history(o, audio, guides);
  const auto inputs = static_cast<size_t>(1 + o.guides);
  memory_->reset(0);
  size_t t = 0;
  const auto run = [&](size_t samples) {
    for (size_t end = std::min(t + samples, audio.size()); t < end; ++t) {
      const float* row = &history[t * inputs];
      std::copy_n(memory_->step(row[0], row + 1), channels, outputs.data() + t * channels);
    }
  };
  if (memory_->conditioner == nullptr) {
    run(audio.size());
  } else {
    const auto bins = static_cast<size_t>(o.mel_bins);
    const auto hop = static_cast<size_t>(o.hop);
    BIVOX_CHECK(mel.size() % bins == 0 && mel.size() / bins * hop == audio.size());
    const auto take = [&] {
      const PlanRows rows = memory_->conditioner->output();
      for (int frame = 0; frame < rows.frames; ++frame) {
        memory_->condition = rows.row(frame).data();
        run(hop);
      }
    };
    const size_t chunk = bins * kMaxFrames;
    for (size_t i = 0; i < mel.size(); i += chunk) {
      memory_->conditioner->accept(mel.subspan(i, std::min(chunk, mel.size() - i)));
      take();
    }
    memory_->conditioner->finish();
    take();
  }
  memory_->reset(0);
}

}  // namespace bivox
