#include "models/nn/wavenet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/json_fields.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

constexpr WaveNetOutput kOutputs[] = {WaveNetOutput::kLogisticMixture, WaveNetOutput::kGaussian,
                                      WaveNetOutput::kMuLaw};

// Companded to [-1, 1].
float compand(float y, int levels) {
  const auto m = static_cast<float>(levels - 1);
  return std::copysign(std::log1p(m * std::min(std::abs(y), 1.0F)) / std::log1p(m), y);
}

// Where a level lies on the companded scale.
float companded_level(int level, int levels) {
  return 2.0F * static_cast<float>(level) / static_cast<float>(levels - 1) - 1.0F;
}

// The whole numbers among the options, with their ranges.
constexpr IntegerField<WaveNetOptions> kFields[] = {
    {"layers", &WaveNetOptions::layers, 1, 200},
    {"cycle", &WaveNetOptions::cycle, 1, 14},
    {"kernel", &WaveNetOptions::kernel, 2, 16},
    {"residual", &WaveNetOptions::residual, 1, 2048},
    {"skip", &WaveNetOptions::skip, 1, 2048},
    {"mel_bins", &WaveNetOptions::mel_bins, 0, 1024},
    {"condition_kernel", &WaveNetOptions::condition_kernel, 1, 31},
    {"hop", &WaveNetOptions::hop, 1, 4096},
    {"guides", &WaveNetOptions::guides, 0, 64},
    {"mixtures", &WaveNetOptions::mixtures, 1, 64},
    {"levels", &WaveNetOptions::levels, 2, 65536},
    {"sample_rate_hz", &WaveNetOptions::sample_rate_hz, 1000, 192000},
};

}  // namespace

std::string_view wavenet_output_name(WaveNetOutput output) {
  switch (output) {
    case WaveNetOutput::kLogisticMixture:
      return "logistic_mixture";
    case WaveNetOutput::kGaussian:
      return "gaussian";
    case WaveNetOutput::kMuLaw:
      return "mu_law";
  }
  return "";
}

int WaveNetOptions::output_channels() const {
  switch (output) {
    case WaveNetOutput::kLogisticMixture:
      return 3 * mixtures;
    case WaveNetOutput::kGaussian:
      return 2;
    case WaveNetOutput::kMuLaw:
      return levels;
  }
  return 0;
}

int WaveNetOptions::receptive_field() const {
  int field = 1;
  for (int layer = 0; layer < layers; ++layer) field += (kernel - 1) * dilation(layer);
  return field;
}

double WaveNetOptions::multiply_adds_per_sample() const {
  const double r = residual;
  const double s = skip;
  const double samples = (1 + guides) * r + layers * (kernel * r * 2 * r + r * s) +
                         (layers - 1) * r * r + s * s + s * output_channels();
  const double bins = mel_bins;
  const double frames = bins * bins * condition_kernel + layers * bins * 2 * r;
  return samples + frames / hop;
}

void check_wavenet_options(const WaveNetOptions& options) {
  check_fields(options, kFields, "WaveNet");
  if (options.condition_kernel % 2 == 0) {
    throw Error(ErrorCode::kModel, fmt::format("WaveNet: condition_kernel {}: expected an odd one",
                                               options.condition_kernel));
  }
}

std::string wavenet_options_json(const WaveNetOptions& options) {
  Json json;
  write_fields(options, kFields, json);
  json["output"] = wavenet_output_name(options.output);
  return json.dump();
}

WaveNetOptions parse_wavenet_options(std::string_view json, std::string_view source) {
  const Json object = parse_json(json, source);
  if (!object.is_object()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected the options of a WaveNet", source));
  }
  WaveNetOptions options;
  read_fields(object, kFields, source, options);
  const auto found =
      std::find_if(std::begin(kOutputs), std::end(kOutputs), [&](WaveNetOutput output) {
        return object.contains("output") && object["output"] == wavenet_output_name(output);
      });
  if (found == std::end(kOutputs)) {
    throw Error(
        ErrorCode::kModel,
        fmt::format("{}: \"output\": expected logistic_mixture, gaussian or mu_law", source));
  }
  options.output = *found;
  check_wavenet_options(options);
  return options;
}

Network wavenet_network(const WaveNetOptions& options) {
  check_wavenet_options(options);
  Network net;
  const int channels = options.residual;
  NodeId x = net.linear("in", net.input("audio", 1 + options.guides), channels);
  NodeId condition = -1;
  if (options.mel_bins > 0) {
    Conv1dGeometry around;
    around.inputs = around.outputs = options.mel_bins;
    around.kernel = options.condition_kernel;
    around.pad_left = around.pad_right = options.condition_kernel / 2;
    const NodeId mel = net.input("mel", options.mel_bins);
    condition = net.relu("condition_relu", net.conv1d("condition", mel, around));
  }
  std::vector<NodeId> skips;
  for (int layer = 0; layer < options.layers; ++layer) {
    const auto name = [layer](const char* what) { return fmt::format("{}{}", what, layer); };
    Conv1dGeometry filter;
    filter.inputs = channels;
    filter.outputs = 2 * channels;
    filter.kernel = options.kernel;
    filter.dilation = options.dilation(layer);
    filter.pad_left = (options.kernel - 1) * filter.dilation;
    NodeId g = net.conv1d(name("filter"), x, filter);
    if (condition >= 0) {
      const NodeId held = net.repeat(
          name("hold"), net.linear(name("condition"), condition, 2 * channels, false), options.hop);
      g = net.add(name("sum"), {g, held});
    }
    const NodeId z = net.gate(name("gate"), g);
    skips.push_back(net.linear(name("skip"), z, options.skip));
    if (layer + 1 < options.layers) {
      x = net.add(name("x"), {x, net.linear(name("residual"), z, channels)});
    }
  }
  const NodeId sum = skips.size() > 1 ? net.add("skip_sum", skips) : skips[0];
  const NodeId hidden =
      net.relu("head1_relu", net.linear("head1", net.relu("skip_relu", sum), options.skip));
  net.output(net.linear("head2", hidden, options.output_channels()));
  return net;
}

int mu_law_level(float y, int levels) {
  const float position = (compand(y, levels) + 1.0F) / 2.0F * static_cast<float>(levels - 1);
  return std::clamp(static_cast<int>(std::lround(position)), 0, levels - 1);
}

float mu_law_sample(int level, int levels) {
  const auto m = static_cast<float>(levels - 1);
  const float f = companded_level(level, levels);
  return std::copysign(std::expm1(std::abs(f) * std::log1p(m)) / m, f);
}

std::vector<float> wavenet_history(const WaveNetOptions& options, std::span<const float> audio,
                                   std::span<const float> guides) {
  const auto count = static_cast<size_t>(options.guides);
  BIVOX_CHECK(guides.size() == audio.size() * count);
  std::vector<float> history(audio.size() * (1 + count), 0.0F);
  for (size_t t = 0; t < audio.size(); ++t) {
    float* row = &history[t * (1 + count)];
    if (t > 0) {
      const float y = audio[t - 1];
      row[0] = options.output == WaveNetOutput::kMuLaw
                   ? companded_level(mu_law_level(y, options.levels), options.levels)
                   : y;
    }
    std::copy_n(guides.data() + t * count, count, row + 1);
  }
  return history;
}

}  // namespace bivox
