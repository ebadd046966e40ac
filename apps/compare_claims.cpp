#include "apps/compare_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "apps/decision_view.h"
#include "apps/interrupt.h"
#include "apps/model_probes.h"
#include "asr/convnet/convnet_model.h"
#include "asr/evaluation/svg_plot.h"
#include "dsp/audio/audio_file.h"
#include "models/io/model_folder.h"
#include "models/nn/channel_pruning.h"
#include "models/nn/network_json.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Clip {
  std::string reference;  // normalized
  AudioBuffer audio;
};

// What a pass over the clips came to.
struct Pass {
  ErrorCounts words;
  double audio_s = 0.0;
  double core_s = 0.0;
  double acoustic_s = 0.0;  // of core_s, for scores
  int64_t allocations = 0;  // while scoring

  double of_audio(double value) const { return value / std::max(audio_s, 1e-9); }
};

Pass recognize(const std::shared_ptr<const AcousticModel>& model, CompareRunner& runner,
               std::span<const Clip> clips, const TextNormalization& normalization) {
  Pass pass;
  const auto cost = std::make_shared<ScoringCost>();
  Recognizer recognizer(measured_model(model, cost), runner.engine().network, runner.options());
  for (const Clip& clip : clips) {
    if (interrupted()) break;
    const int64_t before = thread_nanoseconds();
    const Transcript transcript = recognizer.transcribe(clip.audio, "");
    pass.core_s += 1e-9 * static_cast<double>(thread_nanoseconds() - before);
    pass.audio_s += clip.audio.duration_s();
    pass.words +=
        count_word_errors(clip.reference, normalize_text(transcript.text(), normalization));
  }
  pass.acoustic_s = 1e-9 * static_cast<double>(cost->nanoseconds);
  pass.allocations = cost->allocations;
  return pass;
}

const ConvNetModel* as_convnet(const CompareRunner& runner) {
  return dynamic_cast<const ConvNetModel*>(runner.engine().model.get());
}

// Multiplications, and everything else, that a network does for one frame of its first input.
struct NetworkOperations {
  double products = 0.0;  // multiply-adds of convolutions, two operations each
  double others = 0.0;    // norms (folded away when run), sums, thresholds
  double thresholds = 0.0;
};

NetworkOperations count_operations(const Network& network) {
  NetworkOperations result;
  std::vector<double> rate(network.nodes().size(), 1.0);  // frames for one of the input
  for (size_t i = 0; i < network.nodes().size(); ++i) {
    const NetworkNode& node = network.nodes()[i];
    if (!node.inputs.empty()) rate[i] = rate[static_cast<size_t>(node.inputs[0])];
    if (node.op == Op::kConv1d) rate[i] /= node.geometry.stride;
    if (node.op == Op::kConvTranspose) rate[i] *= node.geometry.stride;
    const double values = rate[i] * node.channels;
    if (node.op == Op::kRelu) result.thresholds += values;
    if (node.op == Op::kAdd || node.op == Op::kScale || node.op == Op::kLayerNorm) {
      result.others += values;
    }
    if ((node.op == Op::kConv1d || node.op == Op::kConvTranspose) && node.has_bias) {
      result.others += values;
    }
  }
  result.products = 2.0 * network.multiply_adds_per_frame();
  return result;
}

double spread(const std::vector<double>& values) {
  const double low = quantile_of(values, 0.0);
  return low > 0.0 ? quantile_of(values, 1.0) / low : SystemMeasures::kUnknown;
}

// Operations of the acoustic model for a second of audio, over the utterances. The network's are
// known ahead; mixtures count what they did.
std::vector<double> operations_of_utterances(const ClaimSystem& system) {
  std::vector<double> rates;
  if (const ConvNetModel* convnet = as_convnet(*system.runner)) {
    const double rate = 2.0 * convnet->scoring().plan->multiply_adds_per_unit() /
                        convnet->front_end().frame_shift_s;
    return {rate};
  }
  for (size_t i = 0; i < system.run->multiply_adds.size(); ++i) {
    const double seconds = system.run->durations_s[i];
    if (seconds > 0.0 && system.run->multiply_adds[i] > 0.0) {
      rates.push_back(2.0 * system.run->multiply_adds[i] / seconds);
    }
  }
  return rates;
}

ReportTable work_table(std::span<const ClaimSystem> systems, std::span<const Clip> clips,
                       const TextNormalization& normalization) {
  ReportTable table;
  table.id = "inside";
  table.title = "Homogeneous computation, constant time and memory";
  table.columns = {{"system", "system"},
                   {"acoustic_core_s_per_s", "acoustic core-s/s", true,
                    "processor time of the acoustic model for a second of audio"},
                   {"acoustic_share", "of all %", true, "share of the acoustic model in the time"},
                   {"product_share", "products %", true,
                    "share of matrix products in the operations of the acoustic model"},
                   {"threshold_share", "thresholds %", true, "share of ReLU"},
                   {"operations_least", "Mop/s least", true, "a second of audio, of utterances"},
                   {"operations_most", "Mop/s most", true, "a second of audio, of utterances"},
                   {"operations_ratio", "most / least", true},
                   {"allocations_per_s", "allocations / s", true,
                    "calls of operator new while scoring a second of audio"}};
  for (const ClaimSystem& system : systems) {
    if (interrupted()) break;
    const Pass pass =
        recognize(system.runner->engine().model, *system.runner, clips, normalization);
    double products = 1.0;
    double thresholds = 0.0;
    if (as_convnet(*system.runner) != nullptr) {
      const auto folder = ModelFolder::open(system.runner->engine().files.acoustic_model);
      const NetworkOperations operations = count_operations(load_network(folder));
      const double all = operations.products + operations.thresholds + operations.others;
      products = operations.products / all;
      thresholds = operations.thresholds / all;
    } else {
      products = thresholds = SystemMeasures::kUnknown;
    }
    const std::vector<double> rates = operations_of_utterances(system);
    const auto share = [](double value) {
      return std::isfinite(value) ? ReportCell::percent(value) : ReportCell::none();
    };
    table.rows.push_back(
        {ReportCell::of(system.runner->name()),
         ReportCell::number(pass.of_audio(pass.acoustic_s), 5),
         share(pass.acoustic_s / std::max(pass.core_s, 1e-9)), share(products), share(thresholds),
         ReportCell::number(quantile_of(rates, 0.0) / 1e6, 1),
         ReportCell::number(quantile_of(rates, 1.0) / 1e6, 1), ReportCell::number(spread(rates), 2),
         allocations_are_counted()
             ? ReportCell::number(pass.of_audio(static_cast<double>(pass.allocations)), 2)
             : ReportCell::none()});
  }
  table.note = fmt::format(
      "Of {} utterances. A network does the same operations for every second of audio that it is "
      "given, and they are known ahead; mixtures compute the densities of the states that the "
      "search still asks for (counted: two operations for a subtraction or product with addition). "
      "Norms are folded into products before a network runs.",
      clips.size());
  return table;
}

std::shared_ptr<const ConvNetScoring> scoring_of(const ConvNetModel& model, const Network& network,
                                                 Isa isa) {
  PlanOptions options;
  options.precision = model.scoring().plan->precision();
  options.max_chunk = model.scoring().plan->max_chunk();
  options.isa = isa;
  return std::make_shared<const ConvNetScoring>(ConvNetScoring{
      Plan::compile(network, options), model.scoring().log_priors, model.scoring().subsampling});
}

// All scores of a clip.
std::vector<float> scores_of(const AcousticModel& model, const Clip& clip) {
  const FeatureMatrix features = compute_features(model.front_end(), clip.audio);
  const auto scores = model.make_scores();
  scores->reset();
  scores->accept(features);
  scores->finish();
  const auto states = static_cast<size_t>(scores->num_states());
  std::vector<float> all(states * static_cast<size_t>(scores->frames_ready()));
  for (int t = 0; t < scores->frames_ready(); ++t) {
    scores->score(t, {}, std::span(all).subspan(static_cast<size_t>(t) * states, states));
  }
  return all;
}

ReportTable isa_table(CompareRunner& runner, std::span<const Clip> clips,
                      const TextNormalization& normalization) {
  const ConvNetModel& model = *as_convnet(runner);
  const Network network = load_network(ModelFolder::open(runner.engine().files.acoustic_model));
  ReportTable table;
  table.id = "portable_" + runner.name();
  table.title = "Highly portable: " + runner.name() + ", the same weights, other instructions";
  table.columns = {{"isa", "instructions"},
                   {"wer", "WER %", true},
                   {"errors", "errors", true},
                   {"difference", "largest difference", true, "of scores, from plain C++"},
                   {"acoustic_core_s_per_s", "acoustic core-s/s", true}};
  std::vector<float> plain;
  for (const Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    if (!isa_available(isa) || interrupted()) continue;
    const auto variant = with_scoring(runner.engine().model, scoring_of(model, network, isa));
    const std::vector<float> scores = scores_of(*variant, clips[0]);
    if (plain.empty()) plain = scores;
    double difference = 0.0;
    for (size_t i = 0; i < scores.size(); ++i) {
      difference = std::max(difference, static_cast<double>(std::fabs(scores[i] - plain[i])));
    }
    const Pass pass = recognize(variant, runner, clips, normalization);
    table.rows.push_back({ReportCell::of(isa_name(isa)), ReportCell::percent(pass.words.rate()),
                          ReportCell::count(pass.words.errors()), ReportCell::number(difference, 5),
                          ReportCell::number(pass.of_audio(pass.acoustic_s), 5)});
  }
  table.note = fmt::format(
      "{} utterances (plain C++: the first two, for time only). Differences are of log scores of "
      "one "
      "utterance; products are computed in {}.",
      clips.size(), precision_name(model.scoring().plan->precision()));
  return table;
}

void add_channels(CompareRunner& runner, std::span<const Clip> clips,
                  const TextNormalization& normalization, ReportSection& section) {
  const ConvNetModel& model = *as_convnet(runner);
  const auto folder = ModelFolder::open(runner.engine().files.acoustic_model);
  ReportTable table;
  table.id = "agile_" + runner.name();
  table.title = "Very agile: " + runner.name() + " with fewer channels, not trained again";
  table.columns = {
      {"channels", "channels %", true}, {"parameters", "parameters", true},
      {"operations", "Mop/s", true},    {"wer", "WER %", true},
      {"errors", "errors", true},       {"acoustic_core_s_per_s", "acoustic core-s/s", true}};
  PlotSeries curve{runner.name(), {}, true};
  for (const double fraction : {1.0, 0.9, 0.75, 0.5, 0.25}) {
    if (interrupted()) break;
    const Network whole = load_network(folder);
    ChannelPruningOptions options;
    options.fraction = fraction;
    const Network narrow = prune_channels(whole, options);
    const auto scoring = scoring_of(model, narrow, best_isa());
    const Pass pass =
        recognize(with_scoring(runner.engine().model, scoring), runner, clips, normalization);
    const double operations =
        2.0 * scoring->plan->multiply_adds_per_unit() / model.front_end().frame_shift_s;
    table.rows.push_back({ReportCell::percent(fraction), ReportCell::count(narrow.num_weights()),
                          ReportCell::number(operations / 1e6, 0),
                          ReportCell::percent(pass.words.rate()),
                          ReportCell::count(pass.words.errors()),
                          ReportCell::number(pass.of_audio(pass.acoustic_s), 5)});
    PlotPoint point;
    point.x = operations / 1e6;
    point.y = 100.0 * pass.words.rate();
    point.label = fmt::format("{:.0f} % of the channels: {:.1f} %", 100.0 * fraction, point.y);
    curve.points.push_back(std::move(point));
  }
  table.note = fmt::format(
      "{} utterances. Channels that do least (size of the weights that write and read them) go "
      "first. "
      "A mixture model has no such knob: it would be trained anew with fewer Gaussians.",
      clips.size());
  XyPlot plot;
  plot.title = "Errors of a narrower network";
  plot.x = {"million operations for a second of audio", false, true, {}};
  plot.y = {"WER %", false, true, {}};
  plot.series = {curve};
  section.figures.push_back(
      {plot.svg(), "Errors of " + runner.name() + " as channels are taken away."});
  section.tables.push_back(std::move(table));
}

ReportTable code_table(std::span<const ClaimSystem> systems) {
  ReportTable table;
  table.id = "code";
  table.title = "Code and data";
  table.columns = {{"what", "what"}, {"lines", "lines of C++", true}, {"mb", "MB of data", true}};
  const auto add = [&](std::string_view what, double lines, double bytes) {
    table.rows.push_back(
        {ReportCell::of(what),
         std::isfinite(lines) ? ReportCell::count(std::llround(lines)) : ReportCell::none(),
         ReportCell::number(bytes / 1e6, 2)});
  };
  const double none = SystemMeasures::kUnknown;
  add("Gaussian mixtures: model, adaptation, training (legacy)", BIVOX_LINES_GMM, none);
  add("ConvNet: architecture, targets, training, scores (asr/convnet)", BIVOX_LINES_CONVNET, none);
  add("the engine that learns and runs networks (models/nn)", BIVOX_LINES_NN, none);
  add("what both share: front end, lexicon, language model, search", BIVOX_LINES_SHARED, none);
  for (const ClaimSystem& system : systems) {
    add("acoustic model of " + system.runner->name(), none, system.run->measures.model_bytes);
  }
  if (!systems.empty()) {
    const RecognizerFiles& files = systems[0].runner->engine().files;
    std::error_code ignored;
    add("language model", none, static_cast<double>(fs::file_size(files.language_model, ignored)));
    add("dictionary", none, static_cast<double>(fs::file_size(files.dictionary, ignored)));
  }
  table.note = "Lines with comments and blank lines, without tests; counted when Bivox was built.";
  return table;
}

}  // namespace

ReportSection claims_section(std::span<const ClaimSystem> systems,
                             std::span<const UtteranceText> utterances,
                             const ClaimOptions& options) {
  ReportSection section;
  section.title = "Software 1.0 and 2.0: what is claimed";
  section.introduction =
      "Karpathy's essay claims benefits for networks over code that people wrote. Here they are "
      "measured on these recordings, beside Gaussian mixtures.";
  if (systems.empty() || options.utterances == 0) return section;
  std::vector<Clip> clips;
  const int rate_hz = systems[0].runner->sample_rate_hz();
  for (const UtteranceText& utterance : utterances) {
    if (clips.size() == options.utterances) break;
    try {
      clips.push_back({normalize_text(utterance.text, options.normalization),
                       read_audio(utterance.audio, rate_hz)});
    } catch (const Error&) {
      continue;  // named among the failed ones
    }
  }
  if (clips.empty()) return section;
  section.tables.push_back(work_table(systems, clips, options.normalization));
  CompareRunner* convnet = nullptr;
  CompareRunner* mixtures = nullptr;
  for (const ClaimSystem& system : systems) {
    CompareRunner*& place = as_convnet(*system.runner) != nullptr ? convnet : mixtures;
    if (place == nullptr) place = system.runner;
  }
  if (convnet != nullptr && !interrupted()) {
    section.tables.push_back(isa_table(*convnet, clips, options.normalization));
    add_channels(*convnet, clips, options.normalization, section);
    add_decision_view(*as_convnet(*convnet), convnet->engine().files.acoustic_model,
                      mixtures == nullptr ? nullptr : mixtures->engine().model.get(),
                      clips[0].audio, section);
  }
  section.tables.push_back(code_table(systems));
  return section;
}

}  // namespace bivox
