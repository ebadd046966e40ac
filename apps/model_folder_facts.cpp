#include "apps/model_folder_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "legacy/gmm/gmm_model_folder.h"
#include "models/io/model_folder.h"
#include "models/nn/network_json.h"
#include "models/nn/plan.h"
#include "models/nn/wavenet.h"

namespace bivox {
namespace {

using Facts = std::vector<ModelFact>;

// 1234567 -> "1,234,567".
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<size_t>(at), ",");
  }
  return text;
}

std::string operations(double multiply_adds, std::optional<double> rate_hz) {
  const double count = 2.0 * multiply_adds * rate_hz.value_or(1.0);
  return fmt::format("{:.4g} million {}", count * 1e-6, rate_hz ? "a second of audio" : "a frame");
}

std::string length(double count, const char* unit, std::optional<double> rate_hz) {
  if (!rate_hz) return fmt::format("{:.0f} {}", count, unit);
  return fmt::format("{:.0f} {} ({:.3g} s)", count, unit, count / *rate_hz);
}

std::optional<double> frame_rate(const ModelFolder& folder) {
  const auto options = nlohmann::json::parse(folder.options_json());
  const auto found = options.find("frame_rate_hz");
  if (found == options.end() || !found->is_number() || !(found->get<double>() > 0.0)) {
    return std::nullopt;
  }
  return found->get<double>();
}

void add_network_facts(const ModelFolder& folder, const NetworkFiles& files, Facts& facts) {
  const Network network = load_network(folder, files);
  const auto weights = SafetensorsFile::open(folder.file(files.weights));
  facts.push_back({"network", files.description});
  facts.push_back({"  parameters", grouped(network.num_weights())});
  facts.push_back({"  precision", std::string(precision_name(stored_precision(weights)))});
  if (folder.kind() == "wavenet") {
    const WaveNetOptions options =
        parse_wavenet_options(folder.options_json(), folder.path().string());
    const double rate_hz = options.sample_rate_hz;
    facts.push_back({"  operations", operations(options.multiply_adds_per_sample(), rate_hz)});
    facts.push_back({"  receptive field", length(options.receptive_field(), "samples", rate_hz)});
    return;
  }
  const auto rate_hz = frame_rate(folder);
  const auto plan = Plan::compile(network);
  std::optional<double> unit_rate_hz;
  if (rate_hz) unit_rate_hz = *rate_hz / plan->input_frames(0);
  facts.push_back({"  operations", operations(plan->multiply_adds_per_unit(), unit_rate_hz)});
  const Network::Context context = plan->context(0);
  facts.push_back(
      {"  receptive field", length(context.left + 1.0 + context.right, "frames", unit_rate_hz)});
  facts.push_back({"  lag", length(context.right, "frames", unit_rate_hz)});
}

void add_gmm_facts(const GmmModel& model, const std::string& prefix, Facts& facts) {
  const auto add = [&](const char* name, std::string value) {
    facts.push_back({prefix + name, std::move(value)});
  };
  add("rung", model.rung);
  add("phones", std::to_string(model.hmm.tree.phones().size()));
  add("tied states", grouped(model.mixtures.num_states()));
  add("Gaussians", fmt::format("{} of {} dimensions", grouped(model.mixtures.num_gaussians()),
                               model.mixtures.dims()));
  add("features",
      fmt::format("{} columns at {} Hz{}", model.front_end.dims(), model.front_end.sample_rate_hz,
                  model.transform.size() > 0 ? ", transformed" : ""));
  const ScoreScale& scale = model.hmm.score_scale;
  add("search", fmt::format("language weight {}, word penalty {}, beam {}", scale.language_weight,
                            scale.word_penalty, scale.beam));
}

}  // namespace

std::vector<ModelFact> model_folder_facts(const std::filesystem::path& path) {
  const ModelFolder folder = ModelFolder::open(path);
  Facts facts = {{"kind", folder.kind()}, {"name", folder.name()}, {"version", folder.version()}};
  for (const auto& [name, file] : folder.files()) {
    facts.push_back({"file " + name, grouped(static_cast<int64_t>(file.bytes)) + " bytes"});
  }
  if (folder.kind() == kGmmModelKind) {
    const GmmModel model = load_gmm_model(path);
    add_gmm_facts(model, "", facts);
    if (!model.dictionary.empty()) facts.push_back({"dictionary", model.dictionary});
    if (model.first_pass) {
      facts.push_back({"not adapted", "a model of its own"});
      add_gmm_facts(*model.first_pass, "  ", facts);
    }
  }
  const NetworkFiles files;
  if (folder.has_file(files.description) && folder.has_file(files.weights)) {
    add_network_facts(folder, files, facts);
  }
  return facts;
}

}  // namespace bivox
