#include "tts/prosody/acoustic_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"
#include "tts/prosody/phone_features.h"

namespace bivox {
namespace {

using nlohmann::json;

constexpr double kMaxWeights = 32e6;  // of the blocks of a network

Conv1dGeometry same(int inputs, int outputs, int kernel, int dilation = 1) {
  Conv1dGeometry geometry;
  geometry.inputs = inputs;
  geometry.outputs = outputs;
  geometry.kernel = kernel;
  geometry.dilation = dilation;
  geometry.pad_left = geometry.pad_right = (kernel - 1) / 2 * dilation;
  return geometry;
}

// Step j sees frames around 2 j and 2 j + 1 alike.
Conv1dGeometry two_frames(int inputs, int outputs) {
  Conv1dGeometry geometry = same(inputs, outputs, 4);
  geometry.stride = kFramesPerStep;
  geometry.pad_left = geometry.pad_right = 1;
  return geometry;
}

NodeId block(Network& net, const std::string& name, NodeId x, const AcousticNetworkOptions& options,
             int channels, int dilation) {
  NodeId y =
      net.conv1d(name + ".conv1", x, same(channels, channels, options.kernel, dilation), false);
  y = net.relu(name + ".relu1", net.batch_norm(name + ".norm1", y));
  y = net.dropout(name + ".dropout", y, options.dropout);
  y = net.conv1d(name + ".conv2", y, same(channels, channels, options.kernel), false);
  y = net.batch_norm(name + ".norm2", y);
  return net.relu(name + ".relu2", net.add(name + ".add", {x, y}));
}

// The first layer of each network. Names differ, so that one training state can hold all three.
NodeId stem(Network& net, const std::string& name, NodeId x, const Conv1dGeometry& geometry) {
  x = net.conv1d(name + ".in", x, geometry, false);
  return net.relu(name + ".in.relu", net.batch_norm(name + ".in.norm", x));
}

}  // namespace

void AcousticNetworkOptions::validate() const {
  const auto check = [](bool good, const char* name, double value, const char* expected) {
    if (!good) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("acoustic model: {} {}: expected {}", name, value, expected));
    }
  };
  const auto width = [&](int value, const char* name) {
    check(value >= 4 && value <= 2048, name, value, "4 to 2048");
  };
  const auto count = [&](int value, const char* name) {
    check(value >= 1 && value <= 32, name, value, "1 to 32");
  };
  width(encoder_channels, "encoder_channels");
  count(encoder_blocks, "encoder_blocks");
  width(hidden, "hidden");
  width(pitch_channels, "pitch_channels");
  count(pitch_blocks, "pitch_blocks");
  width(decoder_channels, "decoder_channels");
  count(decoder_blocks, "decoder_blocks");
  check(kernel >= 1 && kernel <= 31 && kernel % 2 == 1, "kernel", kernel, "an odd number to 31");
  // A file of a few bytes must not ask for gigabytes.
  const auto size = [&](int channels, int blocks, const char* name) {
    const double weights = 2.0 * blocks * kernel * channels * channels;
    check(weights <= kMaxWeights, name, channels, "fewer, or fewer blocks");
  };
  size(encoder_channels, encoder_blocks, "encoder_channels");
  size(pitch_channels, pitch_blocks, "pitch_channels");
  size(decoder_channels, decoder_blocks, "decoder_channels");
  check(dropout >= 0.0F && dropout < 1.0F, "dropout", static_cast<double>(dropout),
        "0 to less than 1");
}

std::string acoustic_network_options_json(const AcousticNetworkOptions& o) {
  const json object = {{"encoder_channels", o.encoder_channels},
                       {"encoder_blocks", o.encoder_blocks},
                       {"hidden", o.hidden},
                       {"pitch_channels", o.pitch_channels},
                       {"pitch_blocks", o.pitch_blocks},
                       {"decoder_channels", o.decoder_channels},
                       {"decoder_blocks", o.decoder_blocks},
                       {"kernel", o.kernel},
                       {"dropout", o.dropout}};
  return object.dump();
}

AcousticNetworkOptions parse_acoustic_network_options(std::string_view text,
                                                      std::string_view source) {
  const json object = json::parse(text, nullptr, false);
  const auto number = [&](const char* name, auto& value) {
    if (!object.is_object() || !object.contains(name) || !object[name].is_number()) {
      throw Error(ErrorCode::kModel, fmt::format("{}: expected the number \"{}\"", source, name));
    }
    value = object[name].get<std::remove_reference_t<decltype(value)>>();
  };
  AcousticNetworkOptions options;
  number("encoder_channels", options.encoder_channels);
  number("encoder_blocks", options.encoder_blocks);
  number("hidden", options.hidden);
  number("pitch_channels", options.pitch_channels);
  number("pitch_blocks", options.pitch_blocks);
  number("decoder_channels", options.decoder_channels);
  number("decoder_blocks", options.decoder_blocks);
  number("kernel", options.kernel);
  number("dropout", options.dropout);
  try {
    options.validate();
  } catch (const Error& error) {
    throw Error(ErrorCode::kModel, fmt::format("{}: {}", source, error.message()));
  }
  return options;
}

Network make_encoder(const AcousticNetworkOptions& options, int speakers) {
  options.validate();
  const int channels = options.encoder_channels;
  Network net;
  const int columns = phone_feature_columns(speakers);
  NodeId x = net.input("phones", columns);
  x = stem(net, "encoder", x, same(columns, channels, options.kernel));
  for (int b = 0; b < options.encoder_blocks; ++b) {
    x = block(net, fmt::format("encoder.block{}", b), x, options, channels, 1);
  }
  const NodeId hidden = net.linear("encoder.hidden", x, options.hidden);
  NodeId d = net.conv1d("encoder.duration.in", x, same(channels, options.hidden, 3), false);
  d = net.relu("encoder.duration.relu", net.batch_norm("encoder.duration.norm", d));
  d = net.dropout("encoder.duration.dropout", d, options.dropout);
  d = net.linear("encoder.duration", d, 1);
  net.output(hidden);
  net.output(d);
  return net;
}

Network make_pitch_network(const AcousticNetworkOptions& options) {
  options.validate();
  const int channels = options.pitch_channels;
  Network net;
  const int columns = options.hidden + kPlaceColumns;
  NodeId x = net.input("frames", columns);
  x = stem(net, "pitch", x, two_frames(columns, channels));
  for (int b = 0; b < options.pitch_blocks; ++b) {
    x = block(net, fmt::format("pitch.block{}", b), x, options, channels, 1 << (b % 3));
  }
  net.output(net.linear("pitch.out", x, 2 * kFramesPerStep));
  return net;
}

Network make_decoder(const AcousticNetworkOptions& options, int num_mel) {
  options.validate();
  const int channels = options.decoder_channels;
  Network net;
  const int columns = options.hidden + kPlaceColumns + kPitchColumns;
  NodeId x = net.input("frames", columns);
  x = stem(net, "decoder", x, two_frames(columns, channels));
  for (int b = 0; b < options.decoder_blocks; ++b) {
    x = block(net, fmt::format("decoder.block{}", b), x, options, channels, 1 << (b % 2));
  }
  net.output(net.linear("decoder.out", x, num_mel * kFramesPerStep));
  return net;
}

FeatureMatrix place_rows(std::span<const int> durations) {
  constexpr float kFar = 20.0F;
  Eigen::Index frames = 0;
  for (const int d : durations) frames += d;
  FeatureMatrix rows(frames, kPlaceColumns);
  Eigen::Index at = 0;
  for (const int d : durations) {
    for (int t = 0; t < d; ++t, ++at) {
      rows(at, 0) = (static_cast<float>(t) + 0.5F) / static_cast<float>(d);
      rows(at, 1) = std::min(static_cast<float>(t), kFar) / kFar;
      rows(at, 2) = std::min(static_cast<float>(d - 1 - t), kFar) / kFar;
      rows(at, 3) = std::log(static_cast<float>(d)) / 4.0F;
    }
  }
  return rows;
}

void write_pitch_row(const VocoderFeatureOptions& features, const FeatureScale& scale, float log_f0,
                     float voicing, std::span<float> row) noexcept {
  const auto column = static_cast<size_t>(features.f0_column());
  row[0] = voicing;
  row[1] = voicing * (log_f0 - scale.mean[column]) / scale.deviation[column];
  const auto low = static_cast<float>(std::log(features.min_f0_hz));
  const auto high = static_cast<float>(std::log(features.max_f0_hz));
  const float at = std::clamp((log_f0 - low) / (high - low), 0.0F, 1.0F) * (kPitchHats - 1);
  for (int h = 0; h < kPitchHats; ++h) {
    row[static_cast<size_t>(h) + 2] =
        voicing * std::max(0.0F, 1.0F - std::abs(at - static_cast<float>(h)));
  }
}

}  // namespace bivox
