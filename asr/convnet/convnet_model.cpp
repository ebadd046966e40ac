#include "asr/convnet/convnet_model.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/front_end_json.h"
#include "models/io/json_text.h"
#include "models/io/safetensors.h"
#include "models/nn/network_json.h"

namespace bivox {
namespace {

constexpr const char* kPriorsFile = "priors.safetensors";
constexpr const char* kPriorsName = "log_priors";
// Rows of one run of the network: enough for full products, little enough to wait for.
constexpr int kChunkRows = 96;

[[noreturn]] void fail(const std::string& source, const std::string& message) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", source, message));
}

void check_parts(const ConvNetParts& parts) {
  const Network& network = parts.network;
  if (network.inputs().size() != 1 || network.outputs().size() != 1) {
    fail(parts.origin, fmt::format("a network of {} inputs and {} outputs, expected one of each",
                                   network.inputs().size(), network.outputs().size()));
  }
  const int inputs = network.node(network.inputs()[0]).channels;
  if (inputs != parts.front_end.dims()) {
    fail(parts.origin, fmt::format("the network takes {} values a frame, the front end gives {}",
                                   inputs, parts.front_end.dims()));
  }
  const int outputs = network.node(network.outputs()[0]).channels;
  if (outputs != parts.hmm.tree.num_states()) {
    fail(parts.origin, fmt::format("the network has {} outputs, the HMMs have {} states", outputs,
                                   parts.hmm.tree.num_states()));
  }
  if (parts.log_priors.size() != static_cast<size_t>(outputs)) {
    fail(parts.origin, fmt::format("{} priors for {} states", parts.log_priors.size(), outputs));
  }
}

std::shared_ptr<const ConvNetScoring> make_scoring(const ConvNetParts& parts) {
  check_parts(parts);
  PlanOptions options;
  options.precision = parts.precision;
  options.max_chunk = kChunkRows;
  ConvNetScoring scoring{Plan::compile(parts.network, options), parts.log_priors,
                         parts.subsampling};
  const double rate = scoring.plan->output_rate() * parts.subsampling;
  if (std::abs(rate - 1.0) > 1e-6) {
    fail(parts.origin, fmt::format("the network gives {} results a frame, subsampling says {}",
                                   scoring.plan->output_rate(), parts.subsampling));
  }
  return std::make_shared<const ConvNetScoring>(std::move(scoring));
}

Precision precision_of(const std::string& name, const std::string& source) {
  for (const Precision p : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    if (name == precision_name(p)) return p;
  }
  fail(source, fmt::format("precision \"{}\", expected {}, {} or {}", name,
                           precision_name(Precision::kFloat32),
                           precision_name(Precision::kBfloat16), precision_name(Precision::kInt8)));
}

std::vector<float> read_priors(const ModelFolder& folder) {
  const SafetensorsFile file = SafetensorsFile::open(folder.file(kPriorsFile));
  const StoredTensor* stored = file.find(kPriorsName);
  if (stored == nullptr || stored->shape.rank() != 1) {
    fail(file.name(), fmt::format("expected one tensor {} [states]", kPriorsName));
  }
  const Tensor tensor = stored->to_float();
  for (const float value : tensor.values()) {
    if (!std::isfinite(value)) fail(file.name(), "a prior that is not finite");
  }
  return {tensor.values().begin(), tensor.values().end()};
}

}  // namespace

ConvNetModel::ConvNetModel(ConvNetParts parts)
    : front_end_(parts.front_end),
      hmms_(parts.hmm.hmms()),
      fillers_(parts.hmm.fillers),
      score_scale_(parts.hmm.score_scale),
      scoring_(make_scoring(parts)),
      origin_(parts.origin),
      num_weights_(parts.network.num_weights()) {}

std::unique_ptr<AcousticScores> ConvNetModel::make_scores() const {
  return std::make_unique<ConvNetScores>(scoring_);
}

std::vector<ModelFact> ConvNetModel::facts() const {
  const Plan& plan = *scoring_->plan;
  const double shift_ms = 1000.0 * front_end_.frame_shift_s;
  // The last row that a result depends on ends one frame length after it began.
  const double ahead_ms = plan.context().right * shift_ms + 1000.0 * front_end_.frame_length_s;
  return {
      {"kind", "ConvNet"},
      {"origin", origin_},
      {"phones", std::to_string(hmms_.phones().size())},
      {"tied states", std::to_string(hmms_.num_states())},
      {"HMMs", fmt::format("{} of {} states", hmms_.num_hmms(), hmms_.states_per_hmm())},
      {"weights",
       fmt::format("{:.2f} million, computed in {}", static_cast<double>(num_weights_) / 1e6,
                   precision_name(plan.precision()))},
      {"features",
       fmt::format("{} dimensions, {} Hz", front_end_.dims(), front_end_.sample_rate_hz)},
      {"frames", fmt::format("every {:.0f} ms", shift_ms * scoring_->subsampling)},
      {"look-ahead", front_end_.cmvn.kind == CmvnKind::kUtterance
                         ? fmt::format("{:.0f} ms, and the mean of the whole segment", ahead_ms)
                         : fmt::format("{:.0f} ms", ahead_ms)},
      {"operations", fmt::format("{:.2f} G multiply-adds a second of audio",
                                 plan.multiply_adds_per_unit() / front_end_.frame_shift_s / 1e9)},
      {"memory",
       fmt::format("{:.1f} MB of weights", static_cast<double>(plan.weight_bytes()) / 1e6)},
  };
}

void write_convnet_files(const ConvNetParts& parts, Precision stored, ModelFolderWriter& writer) {
  check_parts(parts);
  const nlohmann::ordered_json options = {
      {"front_end", front_end_to_json(parts.front_end)},
      {"frame_rate_hz", 1.0 / parts.front_end.frame_shift_s},
      {"subsampling", parts.subsampling},
      {"precision", precision_name(parts.precision)},
      {"dictionary", parts.dictionary},
  };
  writer.set_options_json(options.dump());
  writer.add_file(kHmmFileName, write_hmm_json(parts.hmm));
  save_network(parts.network, writer, stored);
  SafetensorsWriter priors;
  priors.add(kPriorsName,
             Tensor::from({static_cast<int64_t>(parts.log_priors.size())}, parts.log_priors));
  priors.write(writer.new_file(kPriorsFile));
}

ConvNetParts read_convnet_parts(const ModelFolder& folder) {
  const std::string source = (folder.path() / "config.json").string();
  const nlohmann::ordered_json options = parse_json(folder.options_json(), source);
  const auto option = [&](const char* name) -> const nlohmann::ordered_json& {
    const auto found = options.find(name);
    if (found == options.end()) fail(source, fmt::format("options lack \"{}\"", name));
    return *found;
  };
  const nlohmann::ordered_json& subsampling = option("subsampling");
  if (!subsampling.is_number_integer() || subsampling < 1 || subsampling > 8) {
    fail(source, fmt::format("subsampling {}, expected 1 to 8", json_excerpt(subsampling)));
  }
  const nlohmann::ordered_json& precision = option("precision");
  if (!precision.is_string()) {
    fail(source, fmt::format("precision {}, expected text", json_excerpt(precision)));
  }
  const std::filesystem::path hmm_path = folder.file(kHmmFileName);
  ConvNetParts parts{front_end_from_json(option("front_end"), source),
                     parse_hmm_json(read_file(hmm_path), hmm_path.string()),
                     load_network(folder),
                     read_priors(folder),
                     subsampling.get<int>(),
                     precision_of(precision.get<std::string>(), source),
                     folder.path().string()};
  if (const auto found = options.find("dictionary"); found != options.end()) {
    if (!found->is_string()) {
      fail(source, fmt::format("dictionary {}, expected a name", json_excerpt(*found)));
    }
    parts.dictionary = found->get<std::string>();
  }
  check_parts(parts);
  return parts;
}

std::shared_ptr<const ConvNetModel> load_convnet_model(const ModelFolder& folder) {
  return std::make_shared<const ConvNetModel>(read_convnet_parts(folder));
}

}  // namespace bivox
