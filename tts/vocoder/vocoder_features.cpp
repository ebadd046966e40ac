#include "tts/vocoder/vocoder_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"
#include "dsp/features/front_end.h"

namespace bivox {
namespace {

// ln F0 of voiced frames as they are, between them straight lines, beyond them held.
void fill_pitch(const std::vector<PitchFrame>& track, const VocoderFeatureOptions& options,
                FeatureMatrix& rows) {
  const auto column = static_cast<Eigen::Index>(options.f0_column());
  Eigen::Index last_voiced = -1;
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    const bool known = static_cast<size_t>(t) < track.size();
    const float f0 = known ? track[static_cast<size_t>(t)].f0_hz : 0.0F;
    rows(t, column + 1) = f0 > 0.0F ? 1.0F : 0.0F;
    if (f0 <= 0.0F) continue;
    const float here = std::log(f0);
    rows(t, column) = here;
    for (Eigen::Index between = last_voiced + 1; between < t; ++between) {
      const float before = last_voiced < 0 ? here : rows(last_voiced, column);
      const float share =
          static_cast<float>(between - last_voiced) / static_cast<float>(t - last_voiced);
      rows(between, column) = before + share * (here - before);
    }
    last_voiced = t;
  }
  const float rest =
      last_voiced < 0 ? static_cast<float>(std::log(kDefaultF0Hz)) : rows(last_voiced, column);
  for (Eigen::Index t = last_voiced + 1; t < rows.rows(); ++t) rows(t, column) = rest;
}

template <typename T>
T read_number(const nlohmann::json& json, const char* name, std::string_view source) {
  if (!json.contains(name) || !json[name].is_number()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected the number \"{}\"", source, name));
  }
  return json[name].get<T>();
}

}  // namespace

FrontEndOptions VocoderFeatureOptions::front_end() const {
  FrontEndOptions front_end;
  front_end.sample_rate_hz = sample_rate_hz;
  front_end.frame_length_s = static_cast<double>(window) / sample_rate_hz;
  front_end.frame_shift_s = static_cast<double>(hop) / sample_rate_hz;
  front_end.fft_size = fft_size;
  front_end.frame_placement = FramePlacement::kCentreZero;
  front_end.input_scale = 1.0F;
  front_end.remove_dc = false;
  front_end.pre_emphasis = 0.0F;
  front_end.window = WindowKind::kHannPeriodic;
  front_end.num_mel = num_mel;
  front_end.low_hz = low_hz;
  front_end.log_floor = log_floor;
  return front_end;
}

PitchOptions VocoderFeatureOptions::pitch() const {
  PitchOptions pitch;
  pitch.min_hz = min_f0_hz;
  pitch.max_hz = max_f0_hz;
  pitch.frame_length_s = static_cast<double>(window) / sample_rate_hz;
  pitch.frame_shift_s = static_cast<double>(hop) / sample_rate_hz;
  pitch.placement = FramePlacement::kCentreZero;
  return pitch;
}

void VocoderFeatureOptions::validate() const {
  const auto check = [](bool good, const char* name, double value, const char* expected) {
    if (!good) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("vocoder: {} {}: expected {}", name, value, expected));
    }
  };
  check(sample_rate_hz >= 8000 && sample_rate_hz <= 48000, "sample_rate_hz", sample_rate_hz,
        "8000 to 48000");
  check(hop >= 16 && hop <= 2048, "hop", hop, "16 to 2048");
  check(window >= hop && window <= 8192, "window", window, "hop to 8192");
  check(fft_size >= window && fft_size <= 16384 && fft_size % 2 == 0, "fft_size", fft_size,
        "an even number of at least window samples, at most 16384");
  check(num_mel >= 8 && num_mel <= 256, "num_mel", num_mel, "8 to 256");
  check(min_f0_hz >= 30.0 && min_f0_hz < max_f0_hz, "min_f0_hz", min_f0_hz,
        "30 to less than max_f0_hz");
  check(max_f0_hz <= 1000.0, "max_f0_hz", max_f0_hz, "at most 1000");
  check(std::isfinite(log_floor) && log_floor > 0.0F, "log_floor", static_cast<double>(log_floor),
        "more than 0");
  front_end().validate();
}

std::string vocoder_feature_options_json(const VocoderFeatureOptions& options) {
  const nlohmann::json json = {{"sample_rate_hz", options.sample_rate_hz},
                               {"hop", options.hop},
                               {"window", options.window},
                               {"fft_size", options.fft_size},
                               {"num_mel", options.num_mel},
                               {"low_hz", options.low_hz},
                               {"log_floor", options.log_floor},
                               {"min_f0_hz", options.min_f0_hz},
                               {"max_f0_hz", options.max_f0_hz}};
  return json.dump();
}

VocoderFeatureOptions parse_vocoder_feature_options(std::string_view json,
                                                    std::string_view source) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected the options of features", source));
  }
  VocoderFeatureOptions options;
  options.sample_rate_hz = read_number<int>(object, "sample_rate_hz", source);
  options.hop = read_number<int>(object, "hop", source);
  options.window = read_number<int>(object, "window", source);
  options.fft_size = read_number<int>(object, "fft_size", source);
  options.num_mel = read_number<int>(object, "num_mel", source);
  options.low_hz = read_number<double>(object, "low_hz", source);
  options.log_floor = read_number<float>(object, "log_floor", source);
  options.min_f0_hz = read_number<double>(object, "min_f0_hz", source);
  options.max_f0_hz = read_number<double>(object, "max_f0_hz", source);
  try {
    options.validate();
  } catch (const Error& error) {
    throw Error(ErrorCode::kModel, fmt::format("{}: {}", source, error.message()));
  }
  return options;
}

FeatureMatrix vocoder_features(const VocoderFeatureOptions& options, AudioView audio) {
  options.validate();
  const auto samples = static_cast<Eigen::Index>(audio.samples.size());
  const Eigen::Index frames = samples == 0 ? 0 : std::max<Eigen::Index>(1, samples / options.hop);
  const FeatureMatrix mel = compute_features(options.front_end(), audio);
  FeatureMatrix rows(frames, options.columns());
  rows.leftCols(options.num_mel) = mel.topRows(frames);
  fill_pitch(track_pitch(options.pitch(), audio), options, rows);
  return rows;
}

}  // namespace bivox
