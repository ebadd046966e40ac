// bivox lm train: a language model from text.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "apps/interrupt.h"
#include "apps/verb_lm.h"
#include "dsp/core/file_io.h"
#include "models/lm/entropy_pruning.h"
#include "models/lm/kneser_ney.h"
#include "models/lm/ngram_counts.h"
#include "models/lm/training_text.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> texts;
  std::string output;
  int order = 3;
  std::string vocabulary;
  size_t vocabulary_size = 0;
  double max_size_mb = 0.0;
  double prune = 0.0;
  double memory_gb = 2.0;
  std::string temp_folder;
  bool lower_case = false;
  bool discount_fallback = false;
  int codebook_size = static_cast<int>(kMaxCodebookSize);
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

TrainingText read_texts(const Options& options, Console& console) {
  const Stopwatch watch;
  uint64_t total_bytes = 0;
  uint64_t bytes_before = 0;
  TrainingTextOptions text_options;
  text_options.lower_case = options.lower_case;
  text_options.memory_bytes = static_cast<size_t>(options.memory_gb * 1e9 / 2.0);
  text_options.temp_folder = options.temp_folder;
  text_options.progress = [&](uint64_t words, uint64_t bytes) {
    if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted");
    const uint64_t done = (bytes_before + bytes) / 1'000'000;
    const double rate = static_cast<double>(words) / std::max(watch.seconds(), 1e-3);
    console.progress(done, std::max({total_bytes / 1'000'000, done, uint64_t{1}}),
                     fmt::format("MB, {:.1f} M words, {:.1f} M/s", static_cast<double>(words) / 1e6,
                                 rate / 1e6));
  };
  std::vector<std::unique_ptr<TextFile>> files;
  for (const std::string& path : options.texts) {
    files.push_back(std::make_unique<TextFile>(path));
    total_bytes += files.back()->bytes();
  }
  TrainingText text(text_options);
  for (const auto& file : files) {
    text.add(file->lines());
    bytes_before += file->bytes();
  }
  console.progress(0, 0, "");
  console.detail(fmt::format("read {} words, {} sentences, {} different words in {:.1f} s",
                             with_commas(text.num_words()), with_commas(text.num_sentences()),
                             with_commas(text.words().size() - 3), watch.seconds()));
  return text;
}

TrainingVocabulary choose_vocabulary(const Options& options, const TrainingText& text) {
  if (options.vocabulary.empty()) return frequent_words(text, options.vocabulary_size);
  const MappedFile file(options.vocabulary, ErrorCode::kModel);
  const auto extension = std::filesystem::path(options.vocabulary).extension();
  const auto list =
      read_word_list(file.bytes(), options.vocabulary, extension == ".dict" || extension == ".dic");
  return listed_words(text, list);
}

void prune(KneserNeyModel& model, const Options& options, Console& console) {
  if (options.max_size_mb <= 0.0 && options.prune <= 0.0) return;
  const Stopwatch watch;
  if (options.prune > 0.0) {
    prune_below(model.trie, options.prune, model.counts);
  } else {
    prune_to_size(model.trie, static_cast<uint64_t>(options.max_size_mb * 1e6), model.counts,
                  static_cast<uint32_t>(options.codebook_size));
  }
  console.detail(fmt::format("pruned to {} in {:.1f} s",
                             ngram_counts_text(ngram_counts_of(model.trie)), watch.seconds()));
}

int run_train(const Options& options, Console& console) {
  if (options.vocabulary_size > 0 && !options.vocabulary.empty()) {
    throw Error(ErrorCode::kUsage, "--vocab and --vocab-size exclude each other");
  }
  if (options.prune > 0.0 && options.max_size_mb > 0.0) {
    throw Error(ErrorCode::kUsage, "--prune and --max-size exclude each other");
  }
  if (std::count(options.texts.begin(), options.texts.end(), "-") > 1) {
    throw Error(ErrorCode::kUsage, "standard input can be read only once");
  }
  const Stopwatch watch;
  NgramCounts counts;
  TrainingVocabulary vocabulary;
  uint64_t num_words = 0;
  {
    const TrainingText text = read_texts(options, console);
    num_words = text.num_words();
    vocabulary = choose_vocabulary(options, text);
    const Stopwatch counting;
    counts = count_ngrams(text, vocabulary,
                          {.order = options.order,
                           .memory_bytes = static_cast<size_t>(options.memory_gb * 1e9),
                           .temp_folder = options.temp_folder});
    stop_if_interrupted();
    console.detail(fmt::format("counted in {:.1f} s", counting.seconds()));
    const uint64_t unknown = counts.unigrams[kTextUnknown];
    if (unknown > 0) {
      console.detail(
          fmt::format("{} words ({:.2f} %) are not in the vocabulary of {}", with_commas(unknown),
                      100.0 * static_cast<double>(unknown) / static_cast<double>(num_words),
                      with_commas(vocabulary.words.size() - 3)));
    }
  }
  const Stopwatch estimating;
  KneserNeyModel model = estimate_kneser_ney(std::move(counts), vocabulary.words,
                                             {.allow_fallback = options.discount_fallback});
  for (const int order : model.fallback_orders) {
    console.warning(fmt::format("{}-grams: fixed discounts 0.5, 1, 1.5 (too little text)", order));
  }
  console.detail(fmt::format("estimated {} in {:.1f} s",
                             ngram_counts_text(ngram_counts_of(model.trie)), estimating.seconds()));
  for (size_t k = 0; k < model.discounts.size(); ++k) {
    console.detail(fmt::format("{}-gram discounts {:.4f} {:.4f} {:.4f}", k + 1,
                               model.discounts[k][1], model.discounts[k][2],
                               model.discounts[k][3]));
  }
  stop_if_interrupted();
  prune(model, options, console);
  const auto counts_of_model = ngram_counts_of(model.trie);
  write_model(std::move(model.trie), options.output, options.codebook_size);
  console.log(
      LogLevel::kNotice,
      fmt::format("{}: {} from {} words in {:.1f} s, {}", options.output,
                  ngram_counts_text(counts_of_model), with_commas(num_words), watch.seconds(),
                  megabytes(static_cast<double>(std::filesystem::file_size(options.output)))));
  return 0;
}

}  // namespace

void add_lm_train_verb(CLI::App& lm, const LmAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_lm_subverb(
      lm, "train",
      "Train an n-gram model on text: interpolated modified Kneser-Ney (Chen & Goodman 1998),\n"
      "optionally pruned by entropy (Stolcke 1998). One sentence a line; plain, gzip or xz.",
      "  bivox lm train novels.txt.xz -o novels.arpa.gz --order 4\n"
      "  bivox lm train talks/*.txt -o talks.bin --lower-case --vocab words.dict --max-size 12\n"
      "  zcat web/*.gz | bivox lm train - -o web.bin --vocab-size 100000 --memory 8 --temp "
      "/scratch",
      action, [options](Console& console) { return run_train(*options, console); });
  verb.add_option("TEXT", options->texts, "Texts (plain, .gz, .xz); - is standard input")
      ->required();
  verb.add_option("-o,--output", options->output,
                  "Model to write: .arpa, .arpa.gz, or Bivox's binary by any other name")
      ->required();
  verb.add_option("--order", options->order, "Longest n-grams, words")
      ->check(CLI::Range(1, kMaxCountedOrder));
  verb.add_option("--vocab", options->vocabulary,
                  "Only these words: one a line, or a dictionary (*.dict, *.dic)")
      ->check(CLI::ExistingFile);
  verb.add_option("--vocab-size", options->vocabulary_size,
                  "Only the most frequent words, at most so many; 0 is all");
  verb.add_option("--max-size", options->max_size_mb,
                  "Prune until the binary has at most so many MB; 0 does not prune")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--prune", options->prune,
                  "Prune n-grams that change the perplexity by less than this share, e.g. 1e-8")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--memory", options->memory_gb,
                  "Memory for counting, GB; more text is sorted on disk")
      ->check(CLI::Range(1e-6, 1e6));
  verb.add_option("--temp", options->temp_folder, "Folder for sorting on disk; default $TMPDIR")
      ->check(CLI::ExistingDirectory);
  verb.add_flag("--lower-case", options->lower_case, "Fold A-Z of the text to a-z");
  verb.add_flag("--discount-fallback", options->discount_fallback,
                "Use discounts 0.5, 1, 1.5 where the text is too small to estimate them");
  verb.add_option("--codebook", options->codebook_size,
                  "Different probabilities an order of the binary can have")
      ->check(CLI::Range(2, static_cast<int>(kMaxCodebookSize)));
}

}  // namespace bivox
