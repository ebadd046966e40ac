// bivox g2p: how words are pronounced that no dictionary has, and learning it from one.
#include <fmt/format.h>

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "apps/interrupt.h"
#include "apps/model_finder.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/core/file_io.h"
#include "models/io/model_folder.h"
#include "models/lexicon/g2p.h"
#include "models/lexicon/g2p_training.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> words;
  std::string file;
  std::string model;
  int nbest = 1;
  bool json = false;
};

struct TrainOptions {
  std::string dictionary;
  std::string output;
  std::string name = "g2p";
  int order = 8;
  double prune = 6e-8;
  double held_out = 0.1;
  int folds = 5;
  uint64_t seed = 1;
  bool evaluate_only = false;
  std::string held_out_words;
};

/// Processor time of the program, seconds: other programs on the machine do not count.
double processor_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// One word a line; what follows a blank (a pronunciation, a count) is not read.
void read_words(std::istream& in, const std::string& name, std::vector<std::string>& words) {
  std::string line;
  while (std::getline(in, line)) {
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos) continue;
    words.push_back(line.substr(first, line.find_first_of(" \t\r", first) - first));
  }
  if (in.bad()) throw Error(ErrorCode::kInput, fmt::format("{}: cannot be read", name));
}

int pronounce(const Options& options, Console& console) {
  std::vector<std::string> words = options.words;
  if (options.file == "-") {
    read_words(std::cin, "standard input", words);
  } else if (!options.file.empty()) {
    std::istringstream text(read_file(options.file));
    read_words(text, options.file, words);
  }
  if (words.empty()) {
    throw Error(ErrorCode::kUsage, "no word to pronounce",
                "bivox g2p WORD..., or bivox g2p -i FILE with one word a line");
  }
  const auto model = G2pModel::load(options.model.empty() ? find_bundled_model("g2p-en")
                                                          : std::filesystem::path(options.model));
  const double start = processor_s();
  size_t unpronounced = 0;
  for (const std::string& word : words) {
    const std::vector<G2pResult> results = model->pronounce(word, options.nbest);
    if (results.empty()) {
      ++unpronounced;
      console.warning(fmt::format("'{}' has no letters that could be pronounced", word));
    }
    for (const G2pResult& result : results) {
      if (options.json) {
        std::cout << nlohmann::ordered_json{{"word", word},
                                            {"phones", result.phones},
                                            {"confidence", result.confidence}}
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << '\n';
        continue;
      }
      const std::string phones = fmt::format("{}", fmt::join(result.phones, " "));
      if (options.nbest == 1) {
        std::cout << word << ' ' << phones << '\n';
      } else {
        std::cout << fmt::format("{}\t{:.3f}\t{}\n", word, result.confidence, phones);
      }
    }
    if (interrupted()) return kInterruptedExitCode;
  }
  const double taken = processor_s() - start;
  console.detail(fmt::format("{} words in {:.3f} s of processor time", words.size(), taken));
  return unpronounced == words.size() ? static_cast<int>(ErrorCode::kInput) : 0;
}

double percent(size_t part, size_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string report_of(const G2pErrors& errors) {
  return fmt::format(
      "{} words: word error {:.2f} %, with stress {:.2f} %; phone error {:.2f} %, with stress "
      "{:.2f} %",
      errors.words, percent(errors.wrong_words, errors.words),
      percent(errors.wrong_words_stress, errors.words), percent(errors.wrong_phones, errors.phones),
      percent(errors.wrong_phones_stress, errors.phones_stress));
}

void write_dictionary(const G2pDictionary& dictionary, const std::string& path) {
  AtomicFile file(path);
  for (const G2pWord& word : dictionary.words) {
    for (size_t i = 0; i < word.pronunciations.size(); ++i) {
      file.stream() << word.word;
      if (i > 0) file.stream() << '(' << i + 1 << ')';
      for (const uint8_t phone : word.pronunciations[i]) {
        file.stream() << ' ' << dictionary.phones[phone];
      }
      file.stream() << '\n';
    }
  }
  file.commit();
}

/// The words of `held` of which the letters, apostrophes aside, stand in no word of `known`.
G2pDictionary unrelated(const G2pDictionary& held, const G2pDictionary& known) {
  const auto spelling = [](const G2pWord& word) {
    return std::string(word.letters.begin(), word.letters.end());
  };
  std::set<std::string> spellings;
  for (const G2pWord& word : known.words) spellings.insert(spelling(word));
  G2pDictionary kept{held.phones, {}};
  for (const G2pWord& word : held.words) {
    if (!spellings.contains(spelling(word))) kept.words.push_back(word);
  }
  return kept;
}

int train(const TrainOptions& options, Console& console) {
  if (options.output.empty() && !options.evaluate_only) {
    throw Error(ErrorCode::kUsage, "where to? no output folder is given",
                "name one with -o, or measure only with --evaluate-only");
  }
  if (options.held_out <= 0.0 && (options.evaluate_only || !options.held_out_words.empty())) {
    throw Error(ErrorCode::kUsage, "--held-out 0 leaves nothing to measure or to write");
  }
  const auto progress = [&console](size_t done, size_t total, std::string_view what) {
    if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted");
    console.progress(done, total, what);
  };
  PhoneSet phones;
  const Lexicon lexicon = Lexicon::load_open(options.dictionary, phones);
  const G2pDictionary dictionary = g2p_dictionary(lexicon, phones);
  console.detail(fmt::format("{}: {} words, {} phones", options.dictionary, dictionary.words.size(),
                             dictionary.phones.size()));
  G2pTrainingOptions training;
  training.ngram.order = options.order;
  training.ngram.threshold = options.prune;
  training.folds = options.folds;

  std::string measured = "Not measured on held-out words.";
  if (options.held_out > 0.0) {
    const auto [known, held] = hold_out(dictionary, options.held_out, options.seed);
    if (held.words.empty()) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: too few words to hold any out", options.dictionary),
                  "use --held-out 0");
    }
    if (!options.held_out_words.empty()) write_dictionary(held, options.held_out_words);
    const auto model = train_g2p(known, training, progress);
    const double start = processor_s();
    const G2pErrors errors = evaluate_g2p(*model, held, progress);
    const double taken = processor_s() - start;
    const G2pErrors strict = evaluate_g2p(*model, unrelated(held, known), progress);
    console.progress(0, 0, "");
    measured = fmt::format(
        "Held out: {}.\nOf these, without words of the same letters as a known one: {}.",
        report_of(errors), report_of(strict));
    std::cout << fmt::format("{}\n{:.0f} words a second on one core; {} bytes\n", measured,
                             static_cast<double>(errors.words) / taken, model->serialize().size());
  }
  if (options.evaluate_only) return 0;

  const auto model = train_g2p(dictionary, training, progress);
  console.progress(0, 0, "");
  ModelFolderWriter writer(options.output, "g2p", options.name);
  writer.add_file("g2p.bin", model->serialize());
  writer.set_options_json(nlohmann::ordered_json{{"order", options.order},
                                                 {"prune", options.prune},
                                                 {"folds", options.folds},
                                                 {"held_out", options.held_out},
                                                 {"seed", options.seed},
                                                 {"words", dictionary.words.size()}}
                              .dump());
  writer.set_card(fmt::format(
      "# {}\n\nPronunciations of unknown words, learnt from a dictionary of {} words; read by "
      "`bivox g2p`.\nMade by `bivox g2p train DICTIONARY -o FOLDER --order {} --prune {:g} "
      "--folds {} --held-out {:g} --seed {}`.\n\n{}\nThe model itself was then learnt from all "
      "words.\n",
      options.name, dictionary.words.size(), options.order, options.prune, options.folds,
      options.held_out, options.seed, measured));
  writer.commit();
  return 0;
}

}  // namespace

void add_g2p_verb(Program& program) {
  auto options = std::make_shared<Options>();
  auto train_options = std::make_shared<TrainOptions>();
  auto is_training = std::make_shared<bool>(false);
  CLI::App& verb = program.add_verb(
      "g2p",
      "Pronounce words that no dictionary has, or learn how to: `bivox g2p train --help`.\n"
      "Prints `word PHONE PHONE ...`, or with --nbest `word<tab>confidence<tab>PHONE PHONE ...`.",
      "  bivox g2p Bivox Kowalczyk NASDAQ\n"
      "  bivox g2p --nbest 3 tomato\n"
      "  bivox g2p -i names.txt >> my.dict\n"
      "  bivox g2p train cmudict.dict -o models/g2p-mine",
      [=](Console& console) {
        return *is_training ? train(*train_options, console) : pronounce(*options, console);
      });
  verb.add_option("WORDS", options->words, "Words, in any case");
  verb.add_option("-i,--input", options->file,
                  "File with one word a line, or - for standard input");
  verb.add_option("--model", options->model, "Model folder (default: the bundled g2p-en)");
  verb.add_option("--nbest", options->nbest,
                  "Print up to so many pronunciations, which differ in more than stress")
      ->check(CLI::Range(1, 100));
  verb.add_flag("--json", options->json, "Print one JSON object a pronunciation");

  CLI::App* train_verb = verb.add_subcommand(
      "train",
      "Learn from a dictionary (`word PHONE PHONE ...`, as CMUdict), after measuring on "
      "held-out words.");
  train_verb->fallthrough();
  train_verb->option_defaults()->always_capture_default();
  train_verb->callback([is_training] { *is_training = true; });
  train_verb->footer(
      "Examples:\n"
      "  bivox g2p train cmudict.dict -o models/g2p-mine\n"
      "  bivox g2p train cmudict.dict --evaluate-only\n"
      "  bivox g2p train cmudict.dict -o models/g2p-tiny --order 5 --prune 1e-6");
  train_verb->add_option("DICTIONARY", train_options->dictionary, "Dictionary")->required();
  train_verb->add_option("-o,--output", train_options->output, "Model folder to write");
  train_verb->add_option("--name", train_options->name, "Name of the model");
  train_verb->add_option("--order", train_options->order, "Length of the n-grams")
      ->check(CLI::Range(2, kG2pMaxOrder));
  train_verb
      ->add_option("--prune", train_options->prune,
                   "Drop n-grams worth less than so many nats; 0: keep all")
      ->check(CLI::Range(0.0, 1.0));
  train_verb
      ->add_option("--held-out", train_options->held_out,
                   "Share of the words to measure on, of a model learnt from the others; 0: "
                   "do not measure")
      ->check(CLI::Range(0.0, 0.9));
  train_verb
      ->add_option("--folds", train_options->folds,
                   "Parts that are left out in turn to learn how to rank candidates; 0: do "
                   "not rank")
      ->check(CLI::Range(0, 100));
  train_verb->add_option("--seed", train_options->seed, "Seed of the split");
  train_verb->add_option("--write-held-out", train_options->held_out_words,
                         "Write the words held out, with their pronunciations, to this file");
  train_verb->add_flag("--evaluate-only", train_options->evaluate_only, "Measure, write nothing");
}

}  // namespace bivox
