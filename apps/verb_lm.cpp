// bivox lm: train, measure, mix, prune and convert language models.
#include "apps/verb_lm.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <numeric>

#include "apps/interrupt.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "models/lm/entropy_pruning.h"
#include "models/lm/lm_mixture.h"
#include "models/lm/perplexity.h"

namespace bivox {

CLI::App& add_lm_subverb(CLI::App& lm, const std::string& name, const std::string& description,
                         const std::string& examples, const LmAction& action,
                         std::function<int(Console&)> function) {
  CLI::App* verb = lm.add_subcommand(name, description);
  verb->fallthrough();  // -q and -v
  verb->option_defaults()->always_capture_default();
  verb->footer("Examples:\n" + examples);
  verb->callback([action, run = std::move(function)] { *action = run; });
  return *verb;
}

TextFile::TextFile(const std::string& path) {
  if (path == "-") {
    lines_ = std::make_unique<TextLines>(std::cin, "standard input", ErrorCode::kInput);
    return;
  }
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    throw Error(ErrorCode::kInput, path + ": is a folder", "name the files in it");
  }
  file_.open(path, std::ios::binary);
  if (!file_) throw Error(ErrorCode::kInput, path + ": cannot be read", "check the name");
  bytes_ = std::filesystem::file_size(path, failed);
  if (failed) bytes_ = 0;
  lines_ = std::make_unique<TextLines>(file_, path, ErrorCode::kInput);
}

void stop_if_interrupted() {
  // The verb ends with the exit code of an interrupted run, whatever the error says.
  if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted");
}

void write_model(BackoffTrie trie, const std::filesystem::path& path, int codebook_size) {
  stop_if_interrupted();
  const std::string name = path.filename().string();
  if (name.ends_with(".arpa") || name.ends_with(".arpa.gz")) {
    write_arpa(trie, path);
  } else {
    build_ngram_model(std::move(trie), path.string(), static_cast<uint32_t>(codebook_size))
        ->save(path);
  }
}

std::string megabytes(double bytes) { return fmt::format("{:.1f} MB", bytes / 1e6); }

std::string with_commas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::vector<uint64_t> ngram_counts_of(const BackoffTrie& trie) {
  std::vector<uint64_t> counts;
  for (int k = 1; k <= trie.order(); ++k) counts.push_back(trie.log_probs(k).size());
  return counts;
}

std::string ngram_counts_text(const std::vector<uint64_t>& counts) {
  std::string text;
  for (size_t k = 0; k < counts.size(); ++k) {
    text += fmt::format("{}{} {}-grams", k == 0 ? "" : ", ", with_commas(counts[k]), k + 1);
  }
  return text;
}

namespace {

struct PerplexityVerb {
  std::string model;
  std::string text;
  bool lower_case = false;
};

int run_perplexity(const PerplexityVerb& options) {
  const auto model = NgramModel::load(options.model);
  TextFile text(options.text);
  const TextScore score = score_text(*model, text.lines(), {.lower_case = options.lower_case});
  if (score.num_sentences == 0) {
    throw Error(ErrorCode::kInput, options.text + ": holds no word");
  }
  const double share =
      100.0 * static_cast<double>(score.num_unknown) / static_cast<double>(score.num_words);
  std::cout << fmt::format("{:<44} {:>12}\n", "sentences", with_commas(score.num_sentences))
            << fmt::format("{:<44} {:>12}\n", "words", with_commas(score.num_words))
            << fmt::format("{:<44} {:>12} ({:.2f} %)\n", "of these unknown (OOV)",
                           with_commas(score.num_unknown), share)
            << fmt::format("{:<44} {:>12.2f}\n", "perplexity with </s>, unknown words as <unk>",
                           score.perplexity())
            << fmt::format("{:<44} {:>12.2f}\n", "perplexity with </s>, known words",
                           score.perplexity_of_known())
            << fmt::format("{:<44} {:>12.2f}\n", "perplexity without </s>, known words",
                           score.perplexity_of_known_words());
  return 0;
}

int run_info(const std::string& path) {
  const auto model = NgramModel::load(path);
  std::cout << fmt::format("{:<10} {}\n{:<10} {}\n", "order", model->order(), "words",
                           with_commas(model->num_words()));
  for (int k = 1; k <= model->order(); ++k) {
    std::cout << fmt::format("{:<10} {}\n", fmt::format("{}-grams", k),
                             with_commas(model->num_ngrams(k)));
  }
  std::cout << fmt::format("{:<10} {}\n", "contexts", with_commas(model->num_states()))
            << fmt::format("{:<10} {}\n", "size",
                           megabytes(static_cast<double>(model->num_bytes())))
            << fmt::format("{:<10} {}\n", "unknown",
                           model->unknown() ? std::string(model->word(*model->unknown())) : "none")
            << fmt::format("{:<10} {}\n", "checksum", model->checksum_ok() ? "right" : "WRONG");
  return 0;
}

struct MixVerb {
  std::vector<std::string> models;
  std::vector<double> weights;
  std::string held_out;
  std::string output;
  double max_size_mb = 0.0;
  int codebook_size = static_cast<int>(kMaxCodebookSize);
  bool lower_case = false;
};

void prune(BackoffTrie& trie, double max_size_mb, int codebook_size) {
  if (max_size_mb <= 0.0) return;
  prune_to_size(trie, static_cast<uint64_t>(max_size_mb * 1e6), {},
                static_cast<uint32_t>(codebook_size));
}

void report(Console& console, const std::string& path, const std::vector<uint64_t>& counts) {
  console.log(LogLevel::kNotice,
              fmt::format("{}: {}, {}", path, ngram_counts_text(counts),
                          megabytes(static_cast<double>(std::filesystem::file_size(path)))));
}

int run_mix(const MixVerb& options, Console& console) {
  if (options.weights.empty() == options.held_out.empty()) {
    throw Error(ErrorCode::kUsage, "give either --weights or --tune",
                "--tune TEXT finds the weights that suit a held-out text");
  }
  std::vector<std::shared_ptr<const NgramModel>> models;
  for (const std::string& path : options.models) models.push_back(NgramModel::load(path));
  std::vector<double> weights = options.weights;
  if (!options.held_out.empty()) {
    TextFile text(options.held_out);
    const MixtureWeights tuned = tune_mixture(models, text.lines(), options.lower_case);
    weights = tuned.weights;
    for (size_t m = 0; m < models.size(); ++m) {
      std::cout << fmt::format("{:<40} weight {:.4f}  perplexity alone {:.2f}\n", options.models[m],
                               weights[m], tuned.of_model[m]);
    }
    std::cout << fmt::format("{:<40} {:>13}  perplexity {:.2f}\n", "mixture", "", tuned.perplexity);
  } else {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (sum > 0.0) {
      for (double& weight : weights) weight /= sum;
    }
  }
  BackoffTrie trie = mix_models(models, weights);
  prune(trie, options.max_size_mb, options.codebook_size);
  const auto counts = ngram_counts_of(trie);
  write_model(std::move(trie), options.output, options.codebook_size);
  report(console, options.output, counts);
  return 0;
}

struct ConvertVerb {
  std::string model;
  std::string output;
  double max_size_mb = 0.0;
  int codebook_size = static_cast<int>(kMaxCodebookSize);
};

int run_convert(const ConvertVerb& options, Console& console) {
  BackoffTrie trie = make_backoff_trie(*NgramModel::load(options.model));
  prune(trie, options.max_size_mb, options.codebook_size);
  const auto counts = ngram_counts_of(trie);
  write_model(std::move(trie), options.output, options.codebook_size);
  report(console, options.output, counts);
  return 0;
}

void add_perplexity(CLI::App& lm, const LmAction& action) {
  auto options = std::make_shared<PerplexityVerb>();
  CLI::App& verb = add_lm_subverb(
      lm, "perplexity",
      "How well a model predicts a text, one sentence a line: perplexity per word, counted as\n"
      "KenLM's query counts, and the words that the model does not know.",
      "  bivox lm perplexity novels.bin heldout.txt.xz\n"
      "  bivox lm perplexity en-70k.arpa.gz heldout.txt --lower-case\n"
      "  zcat heldout.gz | bivox lm perplexity novels.bin -",
      action, [options](Console&) { return run_perplexity(*options); });
  verb.add_option("MODEL", options->model, "ARPA (plain or gzip), Sphinx trie or Bivox binary")
      ->required();
  verb.add_option("TEXT", options->text, "Text (plain, .gz, .xz); - is standard input")->required();
  verb.add_flag("--lower-case", options->lower_case, "Fold A-Z of the text to a-z");
}

void add_info(CLI::App& lm, const LmAction& action) {
  auto path = std::make_shared<std::string>();
  CLI::App& verb = add_lm_subverb(
      lm, "info", "What a model holds: order, words, n-grams, contexts and its size in memory.",
      "  bivox lm info novels.bin\n"
      "  bivox lm info en-70k.arpa.gz\n"
      "  bivox lm info /usr/share/pocketsphinx/model/en-us/en-us.lm.bin",
      action, [path](Console&) { return run_info(*path); });
  verb.add_option("MODEL", *path, "ARPA (plain or gzip), Sphinx trie or Bivox binary")->required();
}

void add_mix(CLI::App& lm, const LmAction& action) {
  auto options = std::make_shared<MixVerb>();
  CLI::App& verb = add_lm_subverb(
      lm, "mix",
      "Interpolate models linearly: a model of the n-grams of all of them. The weights are given,\n"
      "or found on a held-out text by expectation maximization.",
      "  bivox lm mix novels.bin talks.bin --tune talks-heldout.txt -o mixed.bin\n"
      "  bivox lm mix a.arpa b.arpa --weights 0.7 0.3 -o ab.arpa.gz\n"
      "  bivox lm mix novels.bin talks.bin --tune heldout.txt --max-size 12 -o small.bin",
      action, [options](Console& console) { return run_mix(*options, console); });
  verb.add_option("MODEL", options->models, "Two or more models of any form")
      ->required()
      ->expected(2, 64);
  verb.add_option("-o,--output", options->output,
                  "Model to write: .arpa, .arpa.gz, or Bivox's binary by any other name")
      ->required();
  verb.add_option("--tune", options->held_out, "Held-out text (plain, .gz, .xz)");
  verb.add_option("--weights", options->weights, "One a model; scaled to the sum 1");
  verb.add_option("--max-size", options->max_size_mb,
                  "Prune until the binary has at most so many MB; 0 does not prune")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--codebook", options->codebook_size,
                  "Different probabilities an order of the binary can have")
      ->check(CLI::Range(2, static_cast<int>(kMaxCodebookSize)));
  verb.add_flag("--lower-case", options->lower_case, "Fold A-Z of the held-out text to a-z");
}

void add_convert(CLI::App& lm, const LmAction& action) {
  auto options = std::make_shared<ConvertVerb>();
  CLI::App& verb = add_lm_subverb(
      lm, "convert", "Write a model in another form, and smaller if asked for (entropy pruning).",
      "  bivox lm convert en-70k.arpa.gz -o en-70k.bin\n"
      "  bivox lm convert novels.bin -o novels.arpa\n"
      "  bivox lm convert novels.bin --max-size 12 -o small.bin",
      action, [options](Console& console) { return run_convert(*options, console); });
  verb.add_option("MODEL", options->model, "ARPA (plain or gzip), Sphinx trie or Bivox binary")
      ->required();
  verb.add_option("-o,--output", options->output,
                  "Model to write: .arpa, .arpa.gz, or Bivox's binary by any other name")
      ->required();
  verb.add_option("--max-size", options->max_size_mb,
                  "Prune until the binary has at most so many MB; 0 does not prune")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--codebook", options->codebook_size,
                  "Different probabilities an order of the binary can have")
      ->check(CLI::Range(2, static_cast<int>(kMaxCodebookSize)));
}

}  // namespace

void add_lm_verb(Program& program) {
  auto action = std::make_shared<std::function<int(Console&)>>();
  CLI::App& lm =
      program.add_verb("lm", "Train, measure, mix, prune and convert n-gram language models.",
                       "  bivox lm train novels.txt.xz -o novels.bin --order 3\n"
                       "  bivox lm perplexity novels.bin heldout.txt\n"
                       "  bivox lm mix novels.bin talks.bin --tune talks-heldout.txt -o mixed.bin",
                       [action](Console& console) { return (*action)(console); });
  lm.require_subcommand(1);
  add_lm_train_verb(lm, action);
  add_perplexity(lm, action);
  add_info(lm, action);
  add_mix(lm, action);
  add_convert(lm, action);
}

}  // namespace bivox
