// bivox score: how many words are wrong.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "apps/program.h"
#include "apps/verbs.h"
#include "asr/evaluation/score.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string reference;
  std::string hypothesis;
  std::string reference_form = "auto";
  std::string hypothesis_form = "auto";
  std::string split;
  bool keep_case = false;
  bool keep_punctuation = false;
  bool no_normalize = false;
  bool json = false;
  bool per_utterance = false;
  int worst = 0;
  int resamples = 10'000;
  uint64_t seed = 1;
};

double percent(double rate) { return 100.0 * rate; }

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

Json counts_json(const ErrorCounts& counts) {
  Json object;
  object["reference"] = counts.reference;
  object["insertions"] = counts.insertions;
  object["deletions"] = counts.deletions;
  object["substitutions"] = counts.substitutions;
  object["errors"] = counts.errors();
  object["rate"] = counts.rate();
  return object;
}

Json utterance_json(const UtteranceScore& utterance) {
  Json object;
  object["id"] = utterance.id;
  if (!utterance.speaker.empty()) object["speaker"] = utterance.speaker;
  object["reference"] = utterance.reference;
  object["hypothesis"] = utterance.hypothesis;
  object["words"] = counts_json(utterance.words);
  object["characters"] = counts_json(utterance.characters);
  return object;
}

void print_json(const ScoreReport& report, const Options& options) {
  Json object;
  object["utterances"] = report.utterances.size();
  object["words"] = counts_json(report.words);
  object["words"]["interval_95"] = {report.word_interval.low, report.word_interval.high};
  object["words"]["interval_over"] = report.over_speakers ? "speakers" : "utterances";
  object["characters"] = counts_json(report.characters);
  object["sentences"] = {{"wrong", report.wrong_sentences}, {"rate", report.sentence_error_rate()}};
  object["speakers"] = report.num_speakers;
  object["missing"] = report.missing;
  object["extra"] = report.extra;
  if (options.per_utterance) {
    object["per_utterance"] = Json::array();
    for (const UtteranceScore& utterance : report.utterances) {
      object["per_utterance"].push_back(utterance_json(utterance));
    }
  }
  std::cout << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void print_row(std::string_view name, const ErrorCounts& counts) {
  std::cout << fmt::format("{:<16} {:>9} {:>7} {:>7} {:>7} {:>7} {:>8.2f}", name, counts.reference,
                           counts.insertions, counts.deletions, counts.substitutions,
                           counts.errors(), percent(counts.rate()));
}

void print_table(const ScoreReport& report, const Options& options) {
  std::cout << fmt::format("{:<16} {:>9} {:>7} {:>7} {:>7} {:>7} {:>8}  {}\n", "", "reference",
                           "Ins", "Del", "Sub", "errors", "rate %", "95 % interval");
  print_row("words (WER)", report.words);
  std::cout << fmt::format("  {:.2f} - {:.2f}\n", percent(report.word_interval.low),
                           percent(report.word_interval.high));
  print_row("characters (CER)", report.characters);
  std::cout << '\n';
  std::cout << fmt::format("{:<16} {:>9} {:>7} {:>7} {:>7} {:>7} {:>8.2f}\n", "sentences (SER)",
                           report.utterances.size(), "", "", "", report.wrong_sentences,
                           percent(report.sentence_error_rate()));
  std::cout << fmt::format(
      "interval: bootstrap, {} resamples over {} {}\n", options.resamples,
      report.over_speakers ? static_cast<size_t>(report.num_speakers) : report.utterances.size(),
      report.over_speakers ? "speakers" : "utterances");
}

void print_per_utterance(const ScoreReport& report) {
  std::cout << fmt::format("\n{:<32} {:>6} {:>5} {:>5} {:>5} {:>8}\n", "utterance", "words", "Ins",
                           "Del", "Sub", "WER %");
  for (const UtteranceScore& utterance : report.utterances) {
    std::cout << fmt::format("{:<32} {:>6} {:>5} {:>5} {:>5} {:>8.2f}\n", utterance.id,
                             utterance.words.reference, utterance.words.insertions,
                             utterance.words.deletions, utterance.words.substitutions,
                             percent(utterance.words.rate()));
  }
}

// Reference above hypothesis in columns, wrong words in capitals, *** where one has no word.
void print_alignment(const UtteranceScore& utterance) {
  const auto reference = split_words(utterance.reference);
  const auto hypothesis = split_words(utterance.hypothesis);
  std::string upper = "  REF:";
  std::string lower = "  HYP:";
  for (const AlignedPair& pair : align_words(reference, hypothesis)) {
    const auto shown = [&](const std::vector<std::string_view>& words, int index) {
      if (index < 0) return std::string("***");
      std::string word(words[static_cast<size_t>(index)]);
      if (pair.correct) return word;
      return "[" + word + "]";
    };
    const std::string above = shown(reference, pair.reference);
    const std::string below = shown(hypothesis, pair.hypothesis);
    const size_t width = std::max(width_of(above), width_of(below));
    upper += ' ' + above + std::string(width - width_of(above), ' ');
    lower += ' ' + below + std::string(width - width_of(below), ' ');
  }
  std::cout << upper << '\n' << lower << '\n';
}

void print_worst(const ScoreReport& report, int count) {
  std::vector<size_t> order(report.utterances.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return report.utterances[a].words.errors() > report.utterances[b].words.errors();
  });
  order.resize(std::min(order.size(), static_cast<size_t>(count)));
  std::cout << "\nmost errors:\n";
  for (const size_t index : order) {
    const UtteranceScore& utterance = report.utterances[index];
    std::cout << fmt::format("{}: {} errors in {} words\n", utterance.id, utterance.words.errors(),
                             utterance.words.reference);
    print_alignment(utterance);
  }
}

void warn_of_ids(Console& console, const std::vector<std::string>& ids, std::string_view what) {
  if (ids.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(ids.size(), 5); ++i) names += ' ' + ids[i];
  console.warning(fmt::format("{} {}:{}{}", ids.size(), what, names, ids.size() > 5 ? " ..." : ""));
}

int run_score(const Options& options, Console& console) {
  const auto references = read_utterance_texts(
      options.reference, parse_utterance_form(options.reference_form), options.split);
  const auto hypotheses =
      read_utterance_texts(options.hypothesis, parse_utterance_form(options.hypothesis_form));
  if (references.empty()) {
    throw Error(ErrorCode::kInput, options.reference + ": holds no utterance");
  }
  ScoreOptions score;
  score.normalize = !options.no_normalize;
  score.normalization.fold_case = !options.keep_case;
  score.normalization.strip_punctuation = !options.keep_punctuation;
  score.bootstrap.num_resamples = options.resamples;
  score.bootstrap.seed = options.seed;
  const ScoreReport report = score_utterances(references, hypotheses, score);
  if (report.missing.size() == references.size() && !hypotheses.empty()) {
    throw Error(
        ErrorCode::kInput,
        fmt::format("{} and {} have no id in common (the first are {} and {})", options.reference,
                    options.hypothesis, references[0].id, hypotheses[0].id),
        "check that both files have the same kind of ids; see --ref-form, --hyp-form");
  }
  warn_of_ids(console, report.missing, "utterances have no hypothesis; counted as deletions");
  warn_of_ids(console, report.extra, "hypotheses have no reference; not counted");
  if (options.json) {
    print_json(report, options);
  } else {
    print_table(report, options);
    if (options.per_utterance) print_per_utterance(report);
    if (options.worst > 0) print_worst(report, options.worst);
  }
  return 0;
}

}  // namespace

void add_score_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb =
      program.add_verb("score",
                       "Compare transcripts with references: word (WER), character (CER) and "
                       "sentence (SER) errors,\n"
                       "counted as NIST sclite counts them, with a 95 % confidence interval.",
                       "  bivox score ref.trn hyp.trn\n"
                       "  bivox score corpus/manifest.tsv hyp.tsv --split dev --worst 5\n"
                       "  bivox score ref.txt hyp.txt --json --per-utterance",
                       [options](Console& console) { return run_score(*options, console); });
  verb.add_option("REF", options->reference, "References: trn, `id text`, manifest or plain lines")
      ->required();
  verb.add_option("HYP", options->hypothesis, "Hypotheses, in any of these forms")->required();
  const std::string forms = ": auto, trn, id-text, manifest, text";
  verb.add_option("--ref-form", options->reference_form, "Form of REF" + forms);
  verb.add_option("--hyp-form", options->hypothesis_form, "Form of HYP" + forms);
  verb.add_option("--split", options->split, "Only this split of a manifest (default: all)");
  verb.add_flag("--keep-case", options->keep_case, "Count differences of case as errors");
  verb.add_flag("--keep-punctuation", options->keep_punctuation, "Count punctuation");
  verb.add_flag("--no-normalize", options->no_normalize, "Compare words exactly as they are");
  verb.add_flag("--json", options->json, "Print JSON; rates are fractions");
  verb.add_flag("--per-utterance", options->per_utterance, "Also print each utterance");
  verb.add_option("--worst", options->worst, "Also align the N utterances with most errors")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--resamples", options->resamples, "Draws of the bootstrap")
      ->check(CLI::Range(1, 1'000'000));
  verb.add_option("--seed", options->seed, "Seed of the bootstrap");
}

}  // namespace bivox
