#include "legacy/gmm/sphinx_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "dsp/core/error.h"
#include "models/io/sphinx_mdef.h"

namespace bivox {
namespace {

constexpr size_t kMaxStreamColumns = 4096;

[[noreturn]] void fail(std::string_view name, const std::string& problem,
                       const std::string& hint = "") {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name, problem), hint);
}

double parse_number(std::string_view text, std::string_view option, std::string_view name) {
  double value = 0.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() ||
      !std::isfinite(value)) {
    fail(name, fmt::format("-{} {}: expected a number", option, text.substr(0, 40)));
  }
  return value;
}

int parse_count(std::string_view text, std::string_view option, std::string_view name) {
  const double value = parse_number(text, option, name);
  if (value < 0.0 || value > 1e6) {
    fail(name, fmt::format("-{} {}: out of range", option, text));
  }
  return static_cast<int>(value);
}

bool parse_switch(std::string_view text, std::string_view option, std::string_view name) {
  if (text == "yes" || text == "1" || text == "true") {
    return true;
  }
  if (text == "no" || text == "0" || text == "false") {
    return false;
  }
  fail(name, fmt::format("-{} {}: expected yes or no", option, text.substr(0, 40)));
}

/// What Sphinx takes for options that feat.params leaves out (sphinxbase fe.h); where that differs
/// from the options of today's models, which sphinx_front_end() has.
void set_sphinx_defaults(FrontEndOptions& front_end) {
  front_end.num_mel = 40;
  front_end.low_hz = 133.33334;
  front_end.high_hz = 6855.4976;
  front_end.dct = DctKind::kSphinxLegacy;
  front_end.lifter = 0.0F;
  front_end.fft_size = 0;
}

GmmParameters load_gaussians(const std::filesystem::path& folder, const SphinxOptions& options,
                             const SphinxModelDefinition& mdef) {
  SphinxGaussians means = read_sphinx_gaussians(folder / "means");
  SphinxGaussians variances = read_sphinx_gaussians(folder / "variances");
  if (means.num_codebooks != variances.num_codebooks ||
      means.num_densities != variances.num_densities ||
      means.stream_dims != variances.stream_dims) {
    fail((folder / "variances").string(),
         fmt::format("{} codebooks x {} densities of [{}] dimensions; means has {} x {} of [{}]",
                     variances.num_codebooks, variances.num_densities,
                     fmt::join(variances.stream_dims, " "), means.num_codebooks,
                     means.num_densities, fmt::join(means.stream_dims, " ")));
  }
  GmmParameters parameters;
  parameters.num_codebooks = means.num_codebooks;
  parameters.num_densities = means.num_densities;
  parameters.means = std::move(means.values);
  parameters.variances = std::move(variances.values);
  const std::string options_name = (folder / "feat.params").string();
  for (const auto& [option, value] : options) {
    if (option == "svspec") {
      parameters.streams = parse_sphinx_streams(value, options_name);
    } else if (option == "varfloor") {
      parameters.variance_floor = static_cast<float>(parse_number(value, option, options_name));
    }
  }
  if (parameters.streams.empty()) {
    int column = 0;
    for (const int dims : means.stream_dims) {
      std::vector<int>& columns = parameters.streams.emplace_back();
      for (int d = 0; d < dims; ++d) {
        columns.push_back(column++);
      }
    }
  }
  std::vector<size_t> found;
  for (const std::vector<int>& columns : parameters.streams) {
    found.push_back(columns.size());
  }
  if (!std::ranges::equal(found, means.stream_dims, {}, {},
                          [](int dims) { return static_cast<size_t>(dims); })) {
    fail(options_name, fmt::format("-svspec has streams of [{}] dimensions, means has [{}]",
                                   fmt::join(found, " "), fmt::join(means.stream_dims, " ")));
  }

  // Which codebook a state draws from follows from how many there are.
  const auto num_phones = static_cast<int>(mdef.phones.size());
  parameters.codebook_of_state.assign(static_cast<size_t>(mdef.num_states), 0);
  if (parameters.num_codebooks == mdef.num_states) {
    for (int s = 0; s < mdef.num_states; ++s) {
      parameters.codebook_of_state[static_cast<size_t>(s)] = s;
    }
  } else if (parameters.num_codebooks == num_phones) {
    for (size_t i = mdef.records.size(); i-- > 0;) {  // plain phones, which come first, decide
      const SphinxModelDefinition::Record& record = mdef.records[i];
      const auto first =
          static_cast<size_t>(record.sequence) * static_cast<size_t>(mdef.states_per_hmm);
      for (size_t s = 0; s < static_cast<size_t>(mdef.states_per_hmm); ++s) {
        parameters.codebook_of_state[mdef.sequences[first + s]] = record.centre;
      }
    }
  } else if (parameters.num_codebooks != 1) {
    fail((folder / "means").string(),
         fmt::format("{} codebooks for {} phones and {} states: expected 1, {} or {}",
                     parameters.num_codebooks, num_phones, mdef.num_states, num_phones,
                     mdef.num_states));
  }
  return parameters;
}

/// Fills weights [stream][density][state] from mixture_weights, or else from sendump.
void load_weights(const std::filesystem::path& folder, GmmParameters& parameters) {
  const auto streams = static_cast<int>(parameters.streams.size());
  const int densities = parameters.num_densities;
  const auto num_states = parameters.codebook_of_state.size();
  const auto check = [&](const std::filesystem::path& path, int found_states, int found_streams,
                         int found_densities) {
    if (static_cast<size_t>(found_states) != num_states || found_streams != streams ||
        found_densities != densities) {
      fail(path.string(),
           fmt::format("{} states x {} streams x {} densities, mdef and means need {} x {} x {}",
                       found_states, found_streams, found_densities, num_states, streams,
                       densities));
    }
  };
  const std::filesystem::path full = folder / "mixture_weights";
  if (std::filesystem::exists(full)) {
    SphinxMixtureWeights counts = read_sphinx_mixture_weights(full);
    check(full, counts.num_states, counts.num_streams, counts.num_densities);
    const auto size = static_cast<size_t>(densities);
    parameters.weights.resize(counts.values.size());
    for (size_t s = 0; s < num_states; ++s) {
      for (size_t f = 0; f < static_cast<size_t>(streams); ++f) {
        const std::span<float> row(
            counts.values.data() + (s * static_cast<size_t>(streams) + f) * size, size);
        counts_to_weights(row);
        for (size_t k = 0; k < size; ++k) {
          parameters.weights[(f * size + k) * num_states + s] = row[k];
        }
      }
    }
    return;
  }
  const std::filesystem::path dump = folder / "sendump";
  const SphinxSendump quantised =
      read_sphinx_sendump(dump, static_cast<int>(num_states), streams, densities);
  check(dump, quantised.num_states, quantised.num_streams, quantised.num_densities);
  std::array<float, 256> weight{};
  for (size_t byte = 0; byte < weight.size(); ++byte) {
    weight[byte] = SphinxSendump::weight(static_cast<uint8_t>(byte));
  }
  parameters.weights.resize(quantised.bytes.size());
  std::ranges::transform(quantised.bytes, parameters.weights.begin(),
                         [&weight](uint8_t byte) { return weight[byte]; });
}

void load_transform(const std::filesystem::path& folder, GmmParameters& parameters) {
  const std::filesystem::path path = folder / "feature_transform";
  if (!std::filesystem::exists(path)) {
    return;
  }
  const SphinxFeatureTransform transform = read_sphinx_feature_transform(path);
  int dims = 0;
  for (const std::vector<int>& columns : parameters.streams) {
    dims = std::max(dims, *std::ranges::max_element(columns) + 1);
  }
  if (transform.rows < dims) {
    fail(path.string(),
         fmt::format("{} rows, the {} dimensions of means need as many", transform.rows, dims));
  }
  // Rows are ordered by their worth: the model was trained on the first ones.
  parameters.transform =
      Eigen::Map<const FeatureMatrix>(transform.values.data(), dims, transform.columns);
}

std::vector<float> load_transitions(const std::filesystem::path& folder,
                                    const SphinxModelDefinition& mdef) {
  const std::filesystem::path path = folder / "transition_matrices";
  SphinxTransitions transitions = read_sphinx_transitions(path);
  if (transitions.num_matrices < mdef.num_matrices ||
      transitions.num_states != mdef.states_per_hmm) {
    fail(path.string(),
         fmt::format("{} matrices of {} states, mdef needs {} of {}", transitions.num_matrices,
                     transitions.num_states, mdef.num_matrices, mdef.states_per_hmm));
  }
  const auto states = static_cast<size_t>(transitions.num_states);
  std::vector<float> log_probs = std::move(transitions.values);
  log_probs.resize(static_cast<size_t>(mdef.num_matrices) * states * (states + 1));
  for (size_t row = 0; row < log_probs.size() / (states + 1); ++row) {
    const size_t from = row % states;
    const std::span<float> probabilities(log_probs.data() + row * (states + 1), states + 1);
    for (const float count : probabilities) {
      if (!(count >= 0.0F) || !std::isfinite(count)) {
        fail(path.string(), fmt::format("matrix {} has the count {}", row / states, count));
      }
    }
    counts_to_transitions(probabilities);
    for (size_t to = 0; to <= states; ++to) {
      const bool allowed = to >= from && to <= from + 2;
      if (!allowed && probabilities[to] > 0.0F) {
        fail(path.string(), fmt::format("matrix {} goes from state {} to {}: expected a step of 0, "
                                        "1 or 2 to the right",
                                        row / states, from, to));
      }
    }
    std::ranges::transform(probabilities, probabilities.begin(),
                           [](float p) { return std::log(p); });
  }
  return log_probs;
}

std::vector<FillerWord> load_fillers(const std::filesystem::path& folder, const PhoneSet& phones) {
  std::vector<FillerWord> fillers;
  const std::filesystem::path path = folder / "noisedict";
  if (std::filesystem::exists(path)) {
    for (const SphinxNoiseWord& word : read_sphinx_noise_words(path)) {
      if (word.word == "<s>" || word.word == "</s>") {
        continue;
      }
      const std::optional<PhoneId> phone = phones.find(word.phones[0]);
      if (!phone || word.phones.size() != 1) {
        fail(path.string(), fmt::format("{} is \"{}\": expected one phone of mdef", word.word,
                                        fmt::join(word.phones, " ")));
      }
      fillers.push_back({word.word, *phone});
    }
  }
  if (fillers.empty()) {
    fillers.push_back({"<sil>", phones.silence()});
  }
  return fillers;
}

}  // namespace

std::vector<std::vector<int>> parse_sphinx_streams(std::string_view text, std::string_view name) {
  std::vector<std::vector<int>> streams(1);
  size_t total = 0;
  const auto bad = [&]() {
    fail(name, fmt::format("-svspec {}: expected e.g. 0-12/13-25/26-38", text));
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int first = 0;
    std::from_chars_result parsed = std::from_chars(at, end, first);
    int last = first;
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-') {
      parsed = std::from_chars(parsed.ptr + 1, end, last);
    }
    if (parsed.ec != std::errc() || first < 0 || last < first ||
        static_cast<size_t>(last) >= kMaxStreamColumns) {
      bad();
    }
    total += static_cast<size_t>(last - first + 1);
    if (total > kMaxStreamColumns) {
      bad();
    }
    for (int column = first; column <= last; ++column) {
      streams.back().push_back(column);
    }
    if (parsed.ptr == end) {
      return streams;
    }
    if (*parsed.ptr == '/') {
      streams.emplace_back();
    } else if (*parsed.ptr != ',') {
      bad();
    }
    at = parsed.ptr + 1;
  }
}

FrontEndOptions sphinx_front_end_options(const SphinxOptions& options, std::string_view name) {
  FrontEndOptions front_end = sphinx_front_end();
  set_sphinx_defaults(front_end);
  const auto unsupported = [name](std::string_view option, std::string_view value,
                                  std::string_view expected) {
    fail(name, fmt::format("-{} {} is not supported, expected {}", option, value.substr(0, 40),
                           expected));
  };
  for (const auto& [option, value] : options) {
    if (option == "samprate") {
      front_end.sample_rate_hz = parse_count(value, option, name);
    } else if (option == "frate") {
      front_end.frame_shift_s = 1.0 / std::max(1, parse_count(value, option, name));
    } else if (option == "wlen") {
      front_end.frame_length_s = parse_number(value, option, name);
    } else if (option == "nfft") {
      front_end.fft_size = parse_count(value, option, name);
    } else if (option == "alpha") {
      front_end.pre_emphasis = static_cast<float>(parse_number(value, option, name));
    } else if (option == "nfilt") {
      front_end.num_mel = parse_count(value, option, name);
    } else if (option == "lowerf") {
      front_end.low_hz = parse_number(value, option, name);
    } else if (option == "upperf") {
      front_end.high_hz = parse_number(value, option, name);
    } else if (option == "unit_area") {
      front_end.mel_norm = parse_switch(value, option, name) ? MelNorm::kArea : MelNorm::kPeak;
    } else if (option == "round_filters") {
      front_end.mel_scale =
          parse_switch(value, option, name) ? MelScale::kSphinx : MelScale::kHtkHz;
    } else if (option == "remove_dc") {
      front_end.remove_dc = parse_switch(value, option, name);
    } else if (option == "remove_noise") {
      front_end.noise_removal = parse_switch(value, option, name);
    } else if (option == "ncep" || option == "ceplen") {
      front_end.num_cepstra = parse_count(value, option, name);
    } else if (option == "lifter") {
      front_end.lifter = static_cast<float>(parse_number(value, option, name));
    } else if (option == "transform") {
      if (value == "dct") {
        front_end.dct = DctKind::kUnitary;
      } else if (value == "htk") {
        front_end.dct = DctKind::kHtk;
      } else if (value != "legacy") {
        unsupported(option, value, "dct, htk or legacy");
      }
    } else if (option == "feat") {
      if (value != "1s_c_d_dd") {
        unsupported(option, value, "1s_c_d_dd");
      }
    } else if (option == "agc") {
      if (value != "none") {
        unsupported(option, value, "none");
      }
    } else if (option == "cmn") {
      // Sphinx's live means are an estimate of the utterance's, which are known for files.
      front_end.cmvn.kind = value == "none" ? CmvnKind::kNone : CmvnKind::kUtterance;
    } else if (option == "varnorm") {
      front_end.cmvn.variance = parse_switch(value, option, name);
    } else if (option == "cmninit") {
      front_end.cmvn.prior_mean.clear();
      std::string_view rest = value;
      while (!rest.empty()) {
        const size_t comma = std::min(rest.find(','), rest.size());
        front_end.cmvn.prior_mean.push_back(
            static_cast<float>(parse_number(rest.substr(0, comma), option, name)));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
    // The other options belong to decoders, or say what the files themselves say.
  }
  try {
    front_end.validate();
  } catch (const Error& error) {
    fail(name, error.message(), error.hint());
  }
  return front_end;
}

GmmAcousticModel::GmmAcousticModel(Parts parts) : parts_(std::move(parts)) {
  const GmmSet& gmms = *parts_.gmms;
  if (gmms.num_states() != parts_.hmms.num_states()) {
    fail(parts_.origin, fmt::format("mixtures for {} states, HMMs of {}", gmms.num_states(),
                                    parts_.hmms.num_states()));
  }
  if (gmms.feature_dims() != parts_.front_end.dims()) {
    fail(parts_.origin, fmt::format("mixtures of {} dimensions, features of {}",
                                    gmms.feature_dims(), parts_.front_end.dims()));
  }
  if (!parts_.hmms.complete()) {
    fail(parts_.origin, "a phone in context has no HMM");
  }
}

std::unique_ptr<AcousticScores> GmmAcousticModel::make_scores() const {
  return std::make_unique<GmmScores>(parts_.gmms, parts_.scoring);
}

std::vector<ModelFact> GmmAcousticModel::facts() const {
  const GmmSet& gmms = *parts_.gmms;
  std::string_view tying = "phonetically tied";
  if (gmms.num_codebooks() == 1) {
    tying = "semi-continuous";
  } else if (gmms.num_codebooks() == gmms.num_states()) {
    tying = "continuous";
  }
  return {
      {"kind", fmt::format("GMM/HMM, {}", tying)},
      {"origin", parts_.origin},
      {"phones", std::to_string(parts_.hmms.phones().size())},
      {"tied states", std::to_string(gmms.num_states())},
      {"HMMs",
       fmt::format("{} of {} states", parts_.hmms.num_hmms(), parts_.hmms.states_per_hmm())},
      {"Gaussians", fmt::format("{} codebooks x {} streams x {} densities", gmms.num_codebooks(),
                                gmms.num_streams(), gmms.num_densities())},
      {"features",
       fmt::format("{} dimensions, {} Hz", gmms.feature_dims(), parts_.front_end.sample_rate_hz)},
      {"memory",
       fmt::format("{:.1f} MB of mixtures", static_cast<double>(gmms.memory_bytes()) / 1e6)},
  };
}

std::shared_ptr<const GmmAcousticModel> load_sphinx_model(const std::filesystem::path& folder,
                                                          const GmmScoresOptions& scoring) {
  if (!std::filesystem::is_directory(folder)) {
    fail(folder.string(), "not a folder",
         "expected the folder of a CMU Sphinx acoustic model, with mdef");
  }
  SphinxOptions options;
  const std::filesystem::path options_path = folder / "feat.params";
  if (std::filesystem::exists(options_path)) {
    options = read_sphinx_options(options_path);
  }
  const SphinxModelDefinition mdef = read_sphinx_mdef(folder / "mdef");
  GmmParameters parameters = load_gaussians(folder, options, mdef);
  load_weights(folder, parameters);
  load_transform(folder, parameters);
  HmmSet hmms = make_hmm_set(mdef, load_transitions(folder, mdef));
  std::vector<FillerWord> fillers = load_fillers(folder, hmms.phones());
  return std::make_shared<const GmmAcousticModel>(
      GmmAcousticModel::Parts{sphinx_front_end_options(options, options_path.string()),
                              std::move(hmms), std::make_shared<const GmmSet>(parameters),
                              std::move(fillers), ScoreScale{}, scoring, folder.string()});
}

}  // namespace bivox
