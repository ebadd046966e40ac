// bivox compare: several recognizers on the same recordings.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "apps/compare_claims.h"
#include "apps/compare_inputs.h"
#include "apps/compare_runner.h"
#include "apps/interrupt.h"
#include "apps/program.h"
#include "apps/training_data.h"
#include "apps/verbs.h"
#include "asr/evaluation/training_report.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/file_io.h"
#include "models/lexicon/lexicon.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> sources;
  std::vector<std::string> systems;
  std::vector<std::string> hypotheses;
  std::string language_model = "en-small";
  std::string dictionary;
  std::string report;
  std::string json;
  std::string noise;
  std::string unseen_noise;
  std::string snr = "clean,20,10,5,0";
  bool keep_case = false;
  bool keep_punctuation = false;
  int jobs = 1;
  int resamples = 10'000;
  uint64_t seed = 1;
  size_t max_clips = 40;
  size_t limit = 0;
  size_t inside = 12;
};

// All that a comparison has found.
class Compare {
 public:
  Compare(const Options& options, Console& console) : options_(options), console_(console) {
    normalization_.fold_case = !options.keep_case;
    normalization_.strip_punctuation = !options.keep_punctuation;
    ratios_ = parse_ratios(options.snr, clean_in_noise_);
    read_utterances();
  }

  /// False if the user interrupted.
  bool run_systems();
  Report report() const;
  bool any_failed() const {
    return std::any_of(runs_.begin(), runs_.end(), [](const SystemRun& run) {
      return std::any_of(run.hypotheses.utterances.begin(), run.hypotheses.utterances.end(),
                         [](const SystemHypothesis& one) { return !one.failure.empty(); });
    });
  }

 private:
  void read_utterances();
  std::vector<std::pair<EngineSystem, bool>> engine_systems() const;
  bool run_system(CompareRunner& runner);
  std::optional<SystemRun> run_once(CompareRunner& runner, const NoiseSetting& noise,
                                    const std::string& what);
  void warn_of_differences();
  void add_facts(Report& report) const;

  const Options& options_;
  Console& console_;
  TextNormalization normalization_;
  std::vector<double> ratios_;
  bool clean_in_noise_ = false;
  std::vector<UtteranceText> utterances_;
  std::vector<ComparedUtterance> compared_;
  std::vector<SystemRun> runs_;  ///< Those of engines, in the order of runners_, come first.
  std::vector<TrainingFacts> training_;  ///< Of each run.
  std::vector<std::unique_ptr<CompareRunner>> runners_;
  std::optional<UnknownWords> unknown_;
  std::map<int, Noises> noises_;  ///< By sample rate.
  std::vector<std::string> noisy_systems_;
  std::vector<NoiseCondition> conditions_;
};

void Compare::read_utterances() {
  utterances_ = read_training_data(options_.sources);
  if (options_.limit > 0 && utterances_.size() > options_.limit) {
    utterances_.resize(options_.limit);
  }
  size_t without_text = 0;
  for (const UtteranceText& utterance : utterances_) without_text += utterance.text.empty() ? 1 : 0;
  if (without_text == utterances_.size()) {
    throw Error(ErrorCode::kInput, "no recording has a text to compare with",
                "a manifest has a column text; or put a .txt file beside each recording");
  }
  if (without_text > 0) {
    console_.warning(fmt::format("{} recordings have no text: every word heard there is an error",
                                 without_text));
  }
  compared_ = compared_utterances(utterances_, normalization_);
}

// Systems, and whether they may be absent.
std::vector<std::pair<EngineSystem, bool>> Compare::engine_systems() const {
  std::vector<std::pair<EngineSystem, bool>> systems;
  const bool defaults = options_.systems.empty() && options_.hypotheses.empty();
  const std::vector<std::string> texts =
      defaults ? std::vector<std::string>{"gmm=gmm", "convnet=convnet"} : options_.systems;
  for (const std::string& text : texts) {
    systems.emplace_back(parse_engine_system(text, options_.language_model, options_.dictionary),
                         defaults);
  }
  return systems;
}

std::optional<SystemRun> Compare::run_once(CompareRunner& runner, const NoiseSetting& noise,
                                           const std::string& what) {
  auto run = runner.run(utterances_, options_.jobs, noise, normalization_,
                        [&](size_t done) { console_.progress(done, utterances_.size(), what); });
  console_.progress(0, 0, "");
  return run;
}

bool Compare::run_system(CompareRunner& runner) {
  TrainingFacts training;
  training.system = runner.name();
  training.hours = runner.system().training_hours;
  const std::string& folder = runner.system().training_run;
  if (!folder.empty()) read_training_run(folder, training);
  std::optional<SystemRun> clean = run_once(runner, {}, runner.name());
  if (!clean) return false;
  for (size_t i = 0; i < compared_.size(); ++i) {
    compared_[i].duration_s = std::max(compared_[i].duration_s, clean->durations_s[i]);
  }
  const Lexicon& lexicon = runner.engine().network->lexicon();
  if (!unknown_) {
    unknown_ = count_unknown_words(
        compared_, [&](std::string_view word) { return lexicon.find(word).has_value(); });
  }
  const BootstrapOptions bootstrap = {.num_resamples = options_.resamples, .seed = options_.seed};
  const auto [place, is_new] = noises_.try_emplace(runner.sample_rate_hz());
  if (is_new) place->second = read_noises(options_.noise, options_.unseen_noise, place->first);
  const Noises& noises = place->second;
  size_t at = 0;
  const auto add = [&](const std::string& noise, bool unseen, double snr_db,
                       const SystemHypotheses& hypotheses) {
    if (at == conditions_.size()) conditions_.push_back({noise, unseen, snr_db, {}, {}});
    const SystemErrors errors = count_system_errors(compared_, hypotheses, bootstrap);
    conditions_[at].words.push_back(errors.total_words);
    conditions_[at].intervals.push_back(errors.interval);
    ++at;
  };
  if (!noises.pools.empty()) {
    noisy_systems_.push_back(runner.name());
    if (clean_in_noise_) {
      add("", false, std::numeric_limits<double>::infinity(), clean->hypotheses);
    }
    for (size_t p = 0; p < noises.pools.size(); ++p) {
      const bool unseen = noises.last_unseen && p + 1 == noises.pools.size();
      for (const double ratio : ratios_) {
        const auto noisy = run_once(
            runner, {&noises.pools[p], ratio, options_.seed},
            fmt::format("{}, {} at {:.0f} dB", runner.name(), noises.pools[p].name(), ratio));
        if (!noisy) return false;
        add(noises.pools[p].name(), unseen, ratio, noisy->hypotheses);
      }
    }
  }
  training.kind = clean->measures.kind;
  training_.push_back(std::move(training));
  runs_.push_back(*std::move(clean));
  return true;
}

// What is not the same for all engines is no matter of the acoustic model.
void Compare::warn_of_differences() {
  for (const auto& runner : runners_) {
    const RecognizerFiles& first = runners_[0]->engine().files;
    const RecognizerFiles& other = runner->engine().files;
    if (other.language_model != first.language_model) {
      console_.warning(fmt::format("{} has another language model than {}: {}, {}", runner->name(),
                                   runners_[0]->name(), other.language_model.string(),
                                   first.language_model.string()));
    }
    if (other.dictionary != first.dictionary) {
      console_.warning(fmt::format("{} has another dictionary than {}: {}, {}", runner->name(),
                                   runners_[0]->name(), other.dictionary.string(),
                                   first.dictionary.string()));
    }
  }
}

bool Compare::run_systems() {
  std::set<std::string> names;
  const auto claim = [&](const std::string& name) {
    if (!names.insert(name).second) {
      throw Error(ErrorCode::kUsage, fmt::format("two systems are called {}", name));
    }
  };
  const auto engines = engine_systems();
  for (const auto& [system, optional] : engines) claim(system.name);
  for (const std::string& text : options_.hypotheses) {
    claim(split_name(text, "--hypotheses").first);
  }
  for (const auto& [system, optional] : engines) {
    std::unique_ptr<CompareRunner> runner;
    try {
      runner = std::make_unique<CompareRunner>(system, console_);
    } catch (const Error& error) {
      if (!optional) throw;
      console_.warning(fmt::format("left out {}: {}", system.name, error.message()));
      continue;
    }
    if (!run_system(*runner)) return false;
    runners_.push_back(std::move(runner));
  }
  for (const std::string& text : options_.hypotheses) {
    const auto [name, path] = split_name(text, "--hypotheses");
    runs_.push_back(read_hypotheses(name, path, utterances_, normalization_, console_));
    training_.emplace_back();
  }
  warn_of_differences();
  if (runs_.empty()) {
    throw Error(ErrorCode::kModel, "there is no system to run",
                "name one: --system NAME=MODEL, or --hypotheses NAME=FILE");
  }
  return true;
}

void Compare::add_facts(Report& report) const {
  std::string data;
  for (const std::string& source : options_.sources) data += (data.empty() ? "" : " ") + source;
  double audio_s = 0.0;
  for (const ComparedUtterance& utterance : compared_) audio_s += utterance.duration_s;
  report.facts = {{"data", data},
                  {"utterances", std::to_string(compared_.size())},
                  {"audio", fmt::format("{:.1f} s", audio_s)},
                  {"Bivox", BIVOX_VERSION}};
  for (const SystemRun& run : runs_) {
    report.facts.emplace_back("system " + run.measures.name,
                              fmt::format("{} ({})", run.measures.model, run.measures.kind));
  }
  for (const std::string& text : options_.systems) report.facts.emplace_back("--system", text);
  for (const auto& runner : runners_) {
    const RecognizerFiles& files = runner->engine().files;
    const DecoderOptions& search = runner->options().search;
    report.facts.emplace_back(
        "search of " + runner->name(),
        fmt::format(
            "language model {}, dictionary {}, weight {:.4g}, word penalty {:.4g}, beam {:.4g}",
            files.language_model.string(), files.dictionary.string(), search.language_weight,
            search.word_penalty, search.beam));
  }
  report.facts.emplace_back("seed", std::to_string(options_.seed));
}

Report Compare::report() const {
  std::vector<SystemHypotheses> hypotheses;
  std::vector<SystemMeasures> measures;
  for (const SystemRun& run : runs_) {
    hypotheses.push_back(run.hypotheses);
    measures.push_back(run.measures);
  }
  ComparisonOptions settings;
  settings.bootstrap.num_resamples = options_.resamples;
  settings.bootstrap.seed = options_.seed;
  const Comparison comparison = compare_systems(compared_, std::move(hypotheses), settings);

  Report report;
  report.title = "Recognizers compared";
  for (const SystemErrors& system : comparison.systems) {
    report.subtitle += (report.subtitle.empty() ? "" : ", ") + system.name;
  }
  report.summary = comparison_summary(comparison, measures);
  add_facts(report);
  report.sections.push_back(error_section(comparison, unknown_));
  report.sections.push_back(significance_section(comparison));
  report.sections.push_back(overlap_section(comparison));
  report.sections.push_back(confidence_section(comparison));
  report.sections.push_back(group_section(comparison));
  report.sections.push_back(noise_section(noisy_systems_, conditions_));
  report.sections.push_back(speed_section(comparison, measures));
  report.sections.push_back(training_section(comparison, training_));
  std::vector<ClaimSystem> claims;
  for (size_t i = 0; i < runners_.size(); ++i) claims.push_back({runners_[i].get(), &runs_[i]});
  report.sections.push_back(claims_section(claims, utterances_, {options_.inside, normalization_}));
  if (!options_.report.empty()) {
    UtteranceCardOptions cards;
    cards.max_clips = options_.max_clips;
    std::unordered_map<std::string_view, const UtteranceText*> by_id;
    for (const UtteranceText& utterance : utterances_) by_id[utterance.id] = &utterance;
    cards.audio = [&](const ComparedUtterance& utterance) -> AudioBuffer {
      try {
        return read_audio(by_id.at(utterance.id)->audio, 16'000);
      } catch (const Error&) {
        return {};
      }
    };
    report.sections.push_back(utterance_section(comparison, cards));
  }
  return report;
}

int run_compare(const Options& options, Console& console) {
  Compare compare(options, console);
  if (!compare.run_systems()) {
    console.warning("interrupted: nothing was written");
    return kInterruptedExitCode;
  }
  const Report report = compare.report();
  if (interrupted()) {
    console.warning("interrupted: nothing was written");
    return kInterruptedExitCode;
  }
  if (options.json == "-") {
    std::cout << report.json();
  } else {
    std::cout << report.text();
    if (!options.json.empty()) {
      AtomicFile file(options.json);
      file.stream() << report.json();
      file.commit();
    }
  }
  flush_stdout();
  if (!options.report.empty()) {
    report.page().write(options.report);
    console.log(LogLevel::kNotice, fmt::format("report: {}", options.report));
  }
  return compare.any_failed() ? static_cast<int>(ErrorCode::kInput) : 0;
}

}  // namespace

void add_compare_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "compare",
      "Run several recognizers on the same recordings and tell which is better, how surely, where\n"
      "and at what cost: tables on standard output, JSON, and a report to look at and listen to.",
      "  bivox compare corpus/manifest.tsv:dev --report report.html\n"
      "  bivox compare talks/ --system small=models/a --system large=models/b,lm=en-large.bin\n"
      "  bivox compare corpus:dev --system mine=gmm --hypotheses theirs=hyp.trn --json out.json\n"
      "  bivox compare corpus:dev --noise noise/ --unseen-noise rooster --snr clean,20,10,0",
      [options](Console& console) { return run_compare(*options, console); });
  verb.add_option(
          "SOURCE", options->sources,
          "Recordings with texts: PATH or PATH:SPLIT of a manifest, its folder, or a folder\n"
          "of recordings with a .txt beside each")
      ->required();
  verb.add_option(
      "--system", options->systems,
      "NAME=MODEL[,option=value...]: a model folder, a bundled name, gmm or convnet.\n"
      "Options: engine, lm, dict, rescore, words, beam, lm-weight, word-penalty,\n"
      "max-active; hours (of training speech) and run (the folder of its training) for\n"
      "learning curves. (default, without --hypotheses: gmm and convnet)");
  verb.add_option("--hypotheses", options->hypotheses,
                  "NAME=FILE: what another program heard: trn, `id text` or plain lines");
  verb.add_option("--lm", options->language_model,
                  "Language model of all systems that name none of their own");
  verb.add_option("--dict", options->dictionary, "Dictionary of all systems that name none");
  verb.add_option("--report", options->report, "Write the report here, one HTML file");
  verb.add_option("--json", options->json,
                  "Write JSON here; -: to standard output in the place of the tables");
  verb.add_option("--noise", options->noise,
                  "Also with noise: an audio file, a folder, or a manifest whose speakers are the\n"
                  "classes of noise (default: none)");
  verb.add_option("--unseen-noise", options->unseen_noise,
                  "Noise that no model was trained with: a class of --noise, or another source");
  verb.add_option("--snr", options->snr, "Signal-to-noise ratios in dB, and the word clean");
  verb.add_flag("--keep-case", options->keep_case, "Count differences of case as errors");
  verb.add_flag("--keep-punctuation", options->keep_punctuation, "Count punctuation");
  verb.add_option("--jobs", options->jobs,
                  "Utterances at a time; 0: one a processor. Speed is measured best with 1")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--resamples", options->resamples, "Draws of the bootstrap")
      ->check(CLI::Range(1, 1'000'000));
  verb.add_option("--seed", options->seed, "Seed of bootstrap and noise");
  verb.add_option("--max-clips", options->max_clips,
                  "Utterances with player and spectrogram in the report, the most different first");
  verb.add_option(
      "--inside", options->inside,
      "Utterances for what is measured inside of models (claims of Software 2.0); 0: none");
  verb.add_option("--limit", options->limit, "Only the first N utterances; 0: all");
}

}  // namespace bivox
