#include "legacy/gmm/gmm_model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/front_end_json.h"
#include "models/io/json_text.h"
#include "models/io/safetensors.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

// Half floats lose precision below and have no values above.
constexpr float kLeastHalf = 6.2e-5F;
constexpr float kLargestHalf = 60000.0F;

std::string prefixed(bool first_pass, const char* name) {
  return first_pass ? std::string("first.") + name : std::string(name);
}
std::string weights_name(bool first_pass) {
  return first_pass ? "first.safetensors" : "weights.safetensors";
}

StoredType variance_type(const std::vector<float>& values) {
  const bool fits =
      std::ranges::all_of(values, [](float v) { return v >= kLeastHalf && v <= kLargestHalf; });
  return fits ? StoredType::kFloat16 : StoredType::kFloat32;
}

StoredType mean_type(const std::vector<float>& values) {
  const bool fits =
      std::ranges::all_of(values, [](float v) { return std::abs(v) <= kLargestHalf; });
  return fits ? StoredType::kFloat16 : StoredType::kFloat32;
}

std::string weights_of(const GmmModel& model) {
  std::vector<int32_t> counts;
  std::vector<float> weights;
  std::vector<float> means;
  std::vector<float> variances;
  for (int s = 0; s < model.mixtures.num_states(); ++s) {
    const Mixture& mixture = model.mixtures.state(s);
    counts.push_back(mixture.size());
    weights.insert(weights.end(), mixture.weights.begin(), mixture.weights.end());
    means.insert(means.end(), mixture.means.begin(), mixture.means.end());
    variances.insert(variances.end(), mixture.variances.begin(), mixture.variances.end());
  }
  const auto gaussians = static_cast<int64_t>(weights.size());
  const int64_t dims = model.mixtures.dims();
  SafetensorsWriter writer;
  writer.add_int32("gaussians_of_state", {static_cast<int64_t>(counts.size())}, counts);
  writer.add("weights", Tensor::from({gaussians}, weights), StoredType::kFloat16);
  writer.add("means", Tensor::from({gaussians, dims}, means), mean_type(means));
  writer.add("variances", Tensor::from({gaussians, dims}, variances), variance_type(variances));
  if (model.transform.size() > 0) {
    writer.add("transform",
               Tensor::from({model.transform.rows(), model.transform.cols()},
                            {model.transform.data(), static_cast<size_t>(model.transform.size())}));
  }
  return writer.serialize();
}

[[noreturn]] void fail(const std::string& file, const std::string& problem) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", file, problem));
}

const StoredTensor& tensor_of(const SafetensorsFile& file, const char* name, int rank) {
  const StoredTensor* tensor = file.find(name);
  if (tensor == nullptr) fail(file.name(), fmt::format("expected a tensor {}", name));
  if (tensor->shape.rank() != rank) {
    fail(file.name(),
         fmt::format("{}: found {}, expected {} dimensions", name, tensor->shape.text(), rank));
  }
  return *tensor;
}

// As floats, all finite.
Tensor floats_of(const SafetensorsFile& file, const char* name, const Shape& shape) {
  const StoredTensor& stored = tensor_of(file, name, shape.rank());
  if (stored.shape != shape || stored.type == StoredType::kInt32 ||
      stored.type == StoredType::kInt8) {
    fail(file.name(),
         fmt::format("{}: found {} {}, expected floats {}", name, stored_type_name(stored.type),
                     stored.shape.text(), shape.text()));
  }
  Tensor tensor = stored.to_float();
  if (!std::ranges::all_of(tensor.values(), [](float v) { return std::isfinite(v); })) {
    fail(file.name(), fmt::format("{}: not finite", name));
  }
  return tensor;
}

void read_weights(const SafetensorsFile& file, int front_end_dims, GmmModel& model) {
  const StoredTensor& stored = tensor_of(file, "gaussians_of_state", 1);
  const int states = model.hmm.tree.num_states();
  if (stored.type != StoredType::kInt32 || stored.shape[0] != states) {
    fail(file.name(), fmt::format("gaussians_of_state: found {} {}, expected I32 [{}]",
                                  stored_type_name(stored.type), stored.shape.text(), states));
  }
  const std::vector<int32_t> counts = stored.to_int32();
  int64_t gaussians = 0;
  for (const int32_t count : counts) {
    if (count < 1) fail(file.name(), fmt::format("a state has {} Gaussians", count));
    gaussians += count;
  }
  const int64_t dims = tensor_of(file, "means", 2).shape[1];
  if (dims < 1) fail(file.name(), "means: no columns");
  const Tensor weights = floats_of(file, "weights", {gaussians});
  const Tensor means = floats_of(file, "means", {gaussians, dims});
  const Tensor variances = floats_of(file, "variances", {gaussians, dims});
  const auto is_bad = [](float v) { return v < 0.0F; };
  if (std::ranges::any_of(weights.values(), is_bad)) fail(file.name(), "weights: below 0");
  if (std::ranges::any_of(variances.values(), [](float v) { return !(v > 0.0F); })) {
    fail(file.name(), "variances: not above 0");
  }
  if (file.find("transform") != nullptr) {
    const Tensor transform = floats_of(file, "transform", {dims, front_end_dims});
    model.transform =
        Eigen::Map<const FeatureMatrix>(transform.data(), static_cast<Eigen::Index>(dims),
                                        static_cast<Eigen::Index>(front_end_dims));
  } else if (dims != front_end_dims) {
    fail(file.name(), fmt::format("means of {} columns for features of {}", dims, front_end_dims));
  }
  const std::vector<float> zero(static_cast<size_t>(dims), 0.0F);
  model.mixtures = MixtureModel(states, zero, zero);
  const float* weight = weights.data();
  const float* mean = means.data();
  const float* variance = variances.data();
  for (int s = 0; s < states; ++s) {
    const int64_t count = counts[static_cast<size_t>(s)];
    Mixture& mixture = model.mixtures.state(s);
    mixture.weights.assign(weight, weight + count);
    mixture.means.assign(mean, mean + count * dims);
    mixture.variances.assign(variance, variance + count * dims);
    weight += count;
    mean += count * dims;
    variance += count * dims;
  }
}

GmmModel load_part(const ModelFolder& folder, const FrontEndOptions& front_end, bool first_pass) {
  const std::filesystem::path hmm_path = folder.file(prefixed(first_pass, kHmmFileName));
  GmmModel model{.rung = {},
                 .front_end = front_end,
                 .hmm = parse_hmm_json(read_file(hmm_path, ErrorCode::kModel), hmm_path.string()),
                 .mixtures = {},
                 .transform = {},
                 .dictionary = {},
                 .first_pass = nullptr};
  read_weights(SafetensorsFile::open(folder.file(weights_name(first_pass))), front_end.dims(),
               model);
  return model;
}

}  // namespace

std::shared_ptr<const GmmAcousticModel> GmmModel::acoustic_model(std::string origin) const {
  return std::make_shared<GmmAcousticModel>(GmmAcousticModel::Parts{
      front_end, hmm.hmms(), std::make_shared<const GmmSet>(mixtures.to_parameters(transform)),
      hmm.fillers, hmm.score_scale, GmmScoresOptions{}, std::move(origin)});
}

void save_gmm_model(const GmmModel& model, ModelFolderWriter& writer) {
  BIVOX_CHECK(model.mixtures.num_states() == model.hmm.tree.num_states());
  Json options = {{"rung", model.rung},
                  {"front_end", front_end_to_json(model.front_end)},
                  {"frame_rate_hz", 1.0 / model.front_end.frame_shift_s}};
  if (!model.dictionary.empty()) options["dictionary"] = model.dictionary;
  for (const bool first_pass : {false, true}) {
    const GmmModel* part = first_pass ? model.first_pass.get() : &model;
    if (part == nullptr) continue;
    writer.add_file(prefixed(first_pass, kHmmFileName), write_hmm_json(part->hmm));
    writer.add_file(weights_name(first_pass), weights_of(*part));
    if (first_pass) {
      options["first_pass"] = {{"rung", part->rung},
                               {"front_end", front_end_to_json(part->front_end)}};
    }
  }
  writer.set_options_json(options.dump());
}

GmmModel load_gmm_model(const std::filesystem::path& path) {
  const ModelFolder folder = ModelFolder::open(path, kGmmModelKind);
  const std::string source = (path / "config.json").string();
  const Json options = parse_json(folder.options_json(), source);
  const auto text = [&](const Json& from, const char* key, bool required) -> std::string {
    const auto found = from.find(key);
    if (found == from.end() && !required) return "";
    if (found == from.end() || !found->is_string()) {
      fail(source, fmt::format("\"{}\": expected a text", key));
    }
    return found->get<std::string>();
  };
  const auto front_end = [&](const Json& from) {
    const auto found = from.find("front_end");
    if (found == from.end()) fail(source, "expected \"front_end\"");
    return front_end_from_json(*found, source);
  };
  GmmModel model = load_part(folder, front_end(options), false);
  model.rung = text(options, "rung", true);
  model.dictionary = text(options, "dictionary", false);
  if (const auto first = options.find("first_pass"); first != options.end()) {
    if (!first->is_object()) fail(source, "\"first_pass\": expected an object");
    GmmModel part = load_part(folder, front_end(*first), true);
    part.rung = text(*first, "rung", true);
    if (part.front_end.sample_rate_hz != model.front_end.sample_rate_hz ||
        part.front_end.frame_shift_s != model.front_end.frame_shift_s) {
      fail(source, "\"first_pass\": expected the same rates as the model itself");
    }
    // One lexicon serves both, so phones have the same numbers.
    const PhoneSet& phones = model.hmm.tree.phones();
    const PhoneSet& others = part.hmm.tree.phones();
    bool same = phones.size() == others.size();
    for (PhoneId p = 0; same && p < static_cast<PhoneId>(phones.size()); ++p) {
      same = phones.name(p) == others.name(p) && phones.is_filler(p) == others.is_filler(p);
    }
    if (!same) fail(source, "\"first_pass\": expected the same phones as the model itself");
    model.first_pass = std::make_shared<const GmmModel>(std::move(part));
  }
  return model;
}

}  // namespace bivox
