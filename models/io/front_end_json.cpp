#include "models/io/front_end_json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "dsp/core/error.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxPriorMean = 4096;

template <class E>
using Names = std::span<const std::pair<E, const char*>>;

// One overload for each enumeration.
Names<FramePlacement> names_of(FramePlacement) {
  static constexpr std::pair<FramePlacement, const char*> kNames[] = {
      {FramePlacement::kSnip, "snip"},
      {FramePlacement::kSphinx, "sphinx"},
      {FramePlacement::kKaldiReflect, "kaldi_reflect"},
      {FramePlacement::kCentre, "centre"},
      {FramePlacement::kCentreZero, "centre_zero"}};
  return kNames;
}
Names<PreEmphasisPrior> names_of(PreEmphasisPrior) {
  static constexpr std::pair<PreEmphasisPrior, const char*> kNames[] = {
      {PreEmphasisPrior::kStream, "stream"}, {PreEmphasisPrior::kFrame, "frame"}};
  return kNames;
}
Names<WindowKind> names_of(WindowKind) {
  static constexpr std::pair<WindowKind, const char*> kNames[] = {
      {WindowKind::kRectangular, "rectangular"},
      {WindowKind::kHamming, "hamming"},
      {WindowKind::kHann, "hann"},
      {WindowKind::kHannPeriodic, "hann_periodic"},
      {WindowKind::kPovey, "povey"},
      {WindowKind::kBlackman, "blackman"}};
  return kNames;
}
Names<MelScale> names_of(MelScale) {
  static constexpr std::pair<MelScale, const char*> kNames[] = {{MelScale::kHtk, "htk"},
                                                                {MelScale::kSlaney, "slaney"},
                                                                {MelScale::kHtkHz, "htk_hz"},
                                                                {MelScale::kSphinx, "sphinx"}};
  return kNames;
}
Names<MelNorm> names_of(MelNorm) {
  static constexpr std::pair<MelNorm, const char*> kNames[] = {{MelNorm::kPeak, "peak"},
                                                               {MelNorm::kArea, "area"}};
  return kNames;
}
Names<LogFloor> names_of(LogFloor) {
  static constexpr std::pair<LogFloor, const char*> kNames[] = {{LogFloor::kMax, "max"},
                                                                {LogFloor::kAdd, "add"}};
  return kNames;
}
Names<FeatureKind> names_of(FeatureKind) {
  static constexpr std::pair<FeatureKind, const char*> kNames[] = {
      {FeatureKind::kPowerSpectrum, "power_spectrum"},
      {FeatureKind::kMel, "mel"},
      {FeatureKind::kLogMel, "log_mel"},
      {FeatureKind::kMfcc, "mfcc"}};
  return kNames;
}
Names<DctKind> names_of(DctKind) {
  static constexpr std::pair<DctKind, const char*> kNames[] = {
      {DctKind::kUnitary, "unitary"},
      {DctKind::kHtk, "htk"},
      {DctKind::kSphinxLegacy, "sphinx_legacy"}};
  return kNames;
}
Names<CmvnKind> names_of(CmvnKind) {
  static constexpr std::pair<CmvnKind, const char*> kNames[] = {{CmvnKind::kNone, "none"},
                                                                {CmvnKind::kUtterance, "utterance"},
                                                                {CmvnKind::kSliding, "sliding"},
                                                                {CmvnKind::kRunning, "running"}};
  return kNames;
}
Names<DeltaKind> names_of(DeltaKind) {
  static constexpr std::pair<DeltaKind, const char*> kNames[] = {
      {DeltaKind::kNone, "none"},
      {DeltaKind::kRegression, "regression"},
      {DeltaKind::kSphinx1sCDDd, "sphinx_1s_c_d_dd"}};
  return kNames;
}

// Calls visit(name, field) for every field but CMVN's.
template <class Options, class Visit>
void visit_fields(Options& o, Visit&& visit) {
  visit("sample_rate_hz", o.sample_rate_hz);
  visit("frame_length_s", o.frame_length_s);
  visit("frame_shift_s", o.frame_shift_s);
  visit("fft_size", o.fft_size);
  visit("frame_placement", o.frame_placement);
  visit("input_scale", o.input_scale);
  visit("round_to_int16", o.round_to_int16);
  visit("dither", o.dither);
  visit("dither_seed", o.dither_seed);
  visit("remove_dc", o.remove_dc);
  visit("pre_emphasis", o.pre_emphasis);
  visit("pre_emphasis_prior", o.pre_emphasis_prior);
  visit("window", o.window);
  visit("power", o.power);
  visit("noise_removal", o.noise_removal);
  visit("mel_scale", o.mel_scale);
  visit("mel_norm", o.mel_norm);
  visit("num_mel", o.num_mel);
  visit("low_hz", o.low_hz);
  visit("high_hz", o.high_hz);
  visit("warp", o.warp);
  visit("log_floor_kind", o.log_floor_kind);
  visit("log_floor", o.log_floor);
  visit("kind", o.kind);
  visit("num_cepstra", o.num_cepstra);
  visit("dct", o.dct);
  visit("lifter", o.lifter);
  visit("use_energy", o.use_energy);
  visit("raw_energy", o.raw_energy);
  visit("energy_floor", o.energy_floor);
  visit("deltas", o.deltas);
  visit("delta_order", o.delta_order);
  visit("delta_window", o.delta_window);
  visit("splice_left", o.splice_left);
  visit("splice_right", o.splice_right);
}

template <class Options, class Visit>
void visit_cmvn_fields(Options& o, Visit&& visit) {
  visit("kind", o.kind);
  visit("variance", o.variance);
  visit("skip_negative_c0", o.skip_negative_c0);
  visit("window", o.window);
  visit("prior_mean", o.prior_mean);
  visit("prior_rows", o.prior_rows);
}

// `value` as JSON.
template <class T>
Json written(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [enumerator, name] : names_of(value)) {
      if (enumerator == value) return name;
    }
    return nullptr;
  } else if constexpr (std::is_same_v<T, float>) {
    return json_number(value);
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    Json list = Json::array();
    for (const float one : value) list.push_back(json_number(one));
    return list;
  } else {
    return value;
  }
}

// Reads the fields of one object and remembers which keys it knows.
class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: found {}, expected an object", path_, json_excerpt(json)));
    }
  }

  template <class T>
  void operator()(const char* key, T& field) {
    known_.insert(key);
    const auto found = json_.find(key);
    if (found != json_.end()) read(key, *found, field);
  }
  void know(const char* key) { known_.insert(key); }

  void refuse_unknown_keys() const {
    for (const auto& [key, value] : json_.items()) {
      if (!known_.contains(key)) {
        throw Error(ErrorCode::kModel, fmt::format("{}: unknown option \"{}\"", path_, key),
                    "the model may be made for a newer version of Bivox");
      }
    }
  }

 private:
  [[noreturn]] void fail(const char* key, const Json& found, const std::string& expected) const {
    throw Error(ErrorCode::kModel, fmt::format("{}: \"{}\": found {}, expected {}", path_, key,
                                               json_excerpt(found), expected));
  }
  float finite(const char* key, const Json& found) const {
    if (!found.is_number() || !std::isfinite(found.get<float>())) {
      fail(key, found, "a finite number");
    }
    return found.get<float>();
  }

  void read(const char* key, const Json& found, bool& field) const {
    if (!found.is_boolean()) fail(key, found, "true or false");
    field = found.get<bool>();
  }
  void read(const char* key, const Json& found, double& field) const {
    if (!found.is_number() || !std::isfinite(found.get<double>())) {
      fail(key, found, "a finite number");
    }
    field = found.get<double>();
  }
  void read(const char* key, const Json& found, float& field) const { field = finite(key, found); }
  void read(const char* key, const Json& found, std::vector<float>& field) const {
    if (!found.is_array() || found.size() > kMaxPriorMean) {
      fail(key, found, fmt::format("at most {} numbers", kMaxPriorMean));
    }
    field.clear();
    for (const Json& one : found) field.push_back(finite(key, one));
  }
  template <class T>
  std::enable_if_t<std::is_integral_v<T>> read(const char* key, const Json& found, T& field) const {
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<T>::max());
    const bool fits = found.is_number_unsigned()
                          ? found.get<uint64_t>() <= kMost
                          : found.is_number_integer() && std::is_signed_v<T> &&
                                found.get<int64_t>() >= std::numeric_limits<int32_t>::min();
    if (!fits) fail(key, found, "a whole number of 32 bits");
    field = found.get<T>();
  }
  template <class T>
  std::enable_if_t<std::is_enum_v<T>> read(const char* key, const Json& found, T& field) const {
    std::string expected;
    for (const auto& [enumerator, name] : names_of(T{})) {
      if (found.is_string() && found.get_ref<const std::string&>() == name) {
        field = enumerator;
        return;
      }
      expected += fmt::format("{}\"{}\"", expected.empty() ? "" : ", ", name);
    }
    fail(key, found, "one of " + expected);
  }

  const Json& json_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

Json front_end_to_json(const FrontEndOptions& options) {
  // Fields of the defaults are visited in step with those of the options.
  const auto changed = [](const auto& from, const auto& defaults, auto&& visit_all) {
    std::vector<Json> usual;
    visit_all(defaults, [&](const char*, const auto& field) { usual.push_back(written(field)); });
    Json json = Json::object();
    size_t i = 0;
    visit_all(from, [&](const char* name, const auto& field) {
      Json value = written(field);
      if (value != usual[i++]) json[name] = std::move(value);
    });
    return json;
  };
  Json json =
      changed(options, FrontEndOptions{}, [](auto& o, auto&& visit) { visit_fields(o, visit); });
  Json cmvn = changed(options.cmvn, CmvnOptions{},
                      [](auto& o, auto&& visit) { visit_cmvn_fields(o, visit); });
  if (!cmvn.empty()) json["cmvn"] = std::move(cmvn);
  return json;
}

FrontEndOptions front_end_from_json(const Json& json, std::string_view source) {
  FrontEndOptions options;
  Reader reader(json, fmt::format("{}: front_end", source));
  visit_fields(options, reader);
  reader.know("cmvn");
  reader.refuse_unknown_keys();
  if (const auto found = json.find("cmvn"); found != json.end()) {
    Reader cmvn(*found, fmt::format("{}: front_end.cmvn", source));
    visit_cmvn_fields(options.cmvn, cmvn);
    cmvn.refuse_unknown_keys();
  }
  try {
    options.validate();
  } catch (const Error& error) {
    throw Error(ErrorCode::kModel, fmt::format("{}: front_end: {}", source, error.message()),
                error.hint());
  }
  return options;
}

}  // namespace bivox
