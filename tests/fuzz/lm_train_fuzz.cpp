// Language models trained on any bytes: text, plain or packed, and a word list from the same input.
//
// Up to the first zero byte the input is a word list, after it a text; without one all of it is
// text. The list must be read or refused; a model trained on the text, with so little memory that
// it is sorted on disk, must have probabilities that sum to 1 after the words of the text, also
// when pruned and when it is mixed with itself. Seeds: tests/fuzz/corpus/lm_train.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "dsp/core/error.h"
#include "models/lm/entropy_pruning.h"
#include "models/lm/kneser_ney.h"
#include "models/lm/lm_mixture.h"
#include "models/lm/perplexity.h"
#include "models/lm/training_text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

void check_sums(const bivox::NgramModel& model, double tolerance) {
  bivox::LmState state = model.begin_state();
  for (uint32_t i = 0; i < 8; ++i) {
    double sum = 0.0;
    for (bivox::LmWord w = 0; w < model.num_words(); ++w) {
      if (w == model.sentence_begin()) continue;
      sum += std::exp(static_cast<double>(model.step(state, w).log_prob));
    }
    require(std::abs(sum - 1.0) < tolerance);
    state = model.step(state, i * 2654435761U % model.num_words()).next;
  }
}

void train(std::string_view input, std::span<const std::string> list) {
  bivox::TrainingText text({.lower_case = !list.empty(), .memory_bytes = 256});
  bivox::TextLines lines(bytes_of(input), "text", bivox::ErrorCode::kInput);
  text.add(lines);
  if (text.num_words() > 20000) return;  // a packed text can be long
  const bivox::TrainingVocabulary vocabulary =
      list.empty() ? bivox::frequent_words(text, 500) : bivox::listed_words(text, list);
  const int order = 1 + static_cast<int>(input.size() % 5);
  bivox::NgramCounts counts =
      bivox::count_ngrams(text, vocabulary, {.order = order, .memory_bytes = 1024});
  bivox::KneserNeyModel trained =
      bivox::estimate_kneser_ney(std::move(counts), vocabulary.words, {.allow_fallback = true});
  const auto model = bivox::build_ngram_model(trained.trie, "model");
  check_sums(*model, 1e-3);
  bivox::TextLines again(bytes_of(input), "text");
  require(bivox::score_text(*model, again).perplexity() >= 1.0);
  bivox::BackoffTrie pruned = trained.trie;
  bivox::prune_below(pruned, 1e-3, trained.counts);
  check_sums(*bivox::build_ngram_model(std::move(pruned), "pruned"), 1e-3);
  const std::shared_ptr<const bivox::NgramModel> models[] = {model, model};
  const double weights[] = {0.25, 0.75};
  check_sums(*bivox::build_ngram_model(bivox::mix_models(models, weights), "mixed"), 1e-3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  std::vector<std::string> list;
  try {
    if (zero != std::string_view::npos && size > 2 && data[0] < 0x80) {
      list = bivox::read_word_list(bytes_of(input.substr(0, zero)), "list", zero % 2 == 1);
      train(input.substr(zero + 1), list);
    } else {
      train(input, list);
    }
  } catch (const bivox::Error&) {
    // The expected end of many inputs.
  }
  return 0;
}
