#include "models/lm/lm_mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "dsp/core/error.h"
#include "models/lm/text_words.h"
#include "models/lm/word_numbers.h"

namespace bivox {
namespace {

constexpr LmWord kNoWord = 0xffffffff;
constexpr int kMaxIterations = 500;
constexpr double kConverged = 1e-7;
constexpr double kFloor = 1e-10;

/// Each model's word for every word of the union; kNoWord for those it lacks.
struct Union {
  WordNumbers words;
  std::vector<std::vector<LmWord>> of_model;  // [models][words]
  std::vector<std::vector<uint32_t>> number;  // [models][words of the model]
};

/// <unk> and <UNK> are one word.
std::string_view spelling(std::string_view word) { return word == "<UNK>" ? "<unk>" : word; }

Union unite(LanguageModels models) {
  Union all;
  all.words.add("<unk>");
  all.words.add("<s>");
  all.words.add("</s>");
  for (const auto& model : models) {
    std::vector<uint32_t> number;
    for (LmWord w = 0; w < model->num_words(); ++w) {
      number.push_back(all.words.add(spelling(model->word(w))));
    }
    all.number.push_back(std::move(number));
  }
  for (size_t m = 0; m < models.size(); ++m) {
    std::vector<LmWord> words(all.words.size(), kNoWord);
    for (LmWord w = 0; w < models[m]->num_words(); ++w) words[all.number[m][w]] = w;
    all.of_model.push_back(std::move(words));
  }
  return all;
}

struct Predicted {
  double prob;
  LmState next;
};

Predicted predict(const NgramModel& model, LmState state, LmWord word) {
  if (word != kNoWord) {
    const auto step = model.step(state, word);
    return {std::exp(static_cast<double>(step.log_prob)), step.next};
  }
  if (!model.unknown()) return {0.0, NgramModel::kEmptyState};
  return {0.0, model.step(state, *model.unknown()).next};
}

float log_of(double prob) { return prob > 0.0 ? static_cast<float>(std::log(prob)) : kLogZero; }

class Mixer {
 public:
  Mixer(LanguageModels models, std::span<const double> weights)
      : models_(models), weights_(weights), all_(unite(models)) {}

  BackoffTrie mix() {
    int order = 1;
    for (const auto& model : models_) order = std::max(order, model->order());
    trie_.word_bytes = all_.words.bytes();
    trie_.word_ends = all_.words.ends();
    const uint32_t num_words = all_.words.size();
    states_.clear();
    const std::vector<LmState> empty(models_.size(), NgramModel::kEmptyState);
    for (uint32_t w = 0; w < num_words; ++w) {
      trie_.unigram_log_probs.push_back(extend(empty.data(), w));
    }
    trie_.unigram_backoffs.assign(num_words, 0.0F);
    for (int length = 1; length < order; ++length) add_level(length, length + 1 == order);
    set_backoff_weights(trie_);
    return std::move(trie_);
  }

 private:
  /// log P(word | context), and the states after it appended to states_.
  float extend(const LmState* context, uint32_t word) {
    double prob = 0.0;
    for (size_t m = 0; m < models_.size(); ++m) {
      const Predicted predicted = predict(*models_[m], context[m], all_.of_model[m][word]);
      prob += weights_[m] * predicted.prob;
      states_.push_back(predicted.next);
    }
    return log_of(prob);
  }

  void add_level(int length, bool is_top) {
    BackoffLevel level;
    const std::vector<LmState> contexts = std::move(states_);
    states_.clear();
    const size_t num_contexts = contexts.size() / models_.size();
    std::vector<uint32_t> words;
    level.begins.push_back(0);
    for (size_t c = 0; c < num_contexts; ++c) {
      const LmState* context = contexts.data() + c * models_.size();
      words.clear();
      for (size_t m = 0; m < models_.size(); ++m) {
        if (context[m] == 0 || models_[m]->context_length(context[m]) != length) continue;
        models_[m]->for_each_successor(
            context[m], [&](LmWord word, float) { words.push_back(all_.number[m][word]); });
      }
      std::sort(words.begin(), words.end());
      words.erase(std::unique(words.begin(), words.end()), words.end());
      for (const uint32_t word : words) {
        level.words.push_back(word);
        level.log_probs.push_back(extend(context, word));
        if (length > 1) level.suffixes.push_back(suffix_of(c, word));
      }
      level.begins.push_back(static_cast<uint32_t>(level.words.size()));
    }
    if (!is_top) level.backoffs.assign(level.size(), 0.0F);
    trie_.levels.push_back(std::move(level));
  }

  uint32_t suffix_of(size_t context, uint32_t word) const {
    const BackoffLevel& shorter = trie_.levels.back();
    const uint32_t suffix = shorter.suffix(context);
    const auto first = shorter.words.begin() + shorter.begins[suffix];
    const auto last = shorter.words.begin() + shorter.begins[suffix + 1];
    return static_cast<uint32_t>(std::lower_bound(first, last, word) - shorter.words.begin());
  }

  LanguageModels models_;
  std::span<const double> weights_;
  Union all_;
  BackoffTrie trie_;
  std::vector<LmState> states_;  // [entries of the level x models]
};

/// P_i of every token of the text that some model knows, [tokens x models].
std::vector<double> token_probs(LanguageModels models, TextLines& lines, bool lower_case) {
  std::vector<double> probs;
  std::vector<LmState> states(models.size());
  std::vector<double> of_token(models.size());
  std::string folded;
  std::string_view line;
  const auto add_token = [&](std::string_view text) {
    bool known = false;
    for (size_t m = 0; m < models.size(); ++m) {
      const auto word = models[m]->find(text);
      known = known || word.has_value();
      const Predicted predicted = predict(*models[m], states[m], word.value_or(kNoWord));
      of_token[m] = predicted.prob;
      states[m] = predicted.next;
    }
    if (known) probs.insert(probs.end(), of_token.begin(), of_token.end());
  };
  while (lines.next(line)) {
    if (lower_case) {
      folded.assign(line);
      fold_to_lower_case(folded);
      line = folded;
    }
    for (size_t m = 0; m < models.size(); ++m) states[m] = models[m]->begin_state();
    bool any = false;
    for_each_text_word(line, [&](std::string_view word) {
      if (is_sentence_mark(word) || is_unknown_mark(word)) return;
      any = true;
      add_token(word);
    });
    if (any) add_token("</s>");
  }
  return probs;
}

}  // namespace

BackoffTrie mix_models(LanguageModels models, std::span<const double> weights) {
  double sum = 0.0;
  bool negative = models.empty() || models.size() != weights.size();
  for (const double weight : weights) {
    negative = negative || !(weight >= 0.0);
    sum += weight;
  }
  if (negative || std::abs(sum - 1.0) > 1e-6) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{} weights with the sum {:.6g} for {} models", weights.size(), sum,
                            models.size()),
                "give one weight a model, none negative, with the sum 1");
  }
  return Mixer(models, weights).mix();
}

MixtureWeights tune_mixture(LanguageModels models, TextLines& held_out, bool lower_case) {
  const size_t count = models.size();
  const std::vector<double> probs = token_probs(models, held_out, lower_case);
  const size_t tokens = probs.size() / std::max<size_t>(count, 1);
  if (tokens == 0) held_out.fail("the held-out text holds no word that a model knows");
  MixtureWeights result;
  result.weights.assign(count, 1.0 / static_cast<double>(count));
  double last = -HUGE_VAL;
  double log_prob = 0.0;
  for (; result.iterations < kMaxIterations; ++result.iterations) {
    std::vector<double> shares(count, 0.0);
    log_prob = 0.0;
    for (size_t t = 0; t < tokens; ++t) {
      double sum = 0.0;
      for (size_t m = 0; m < count; ++m) sum += result.weights[m] * probs[t * count + m];
      if (sum <= 0.0) continue;
      for (size_t m = 0; m < count; ++m) {
        shares[m] += result.weights[m] * probs[t * count + m] / sum;
      }
      log_prob += std::log(sum);
    }
    double total = 0.0;
    for (const double share : shares) total += share;
    for (size_t m = 0; m < count; ++m) result.weights[m] = shares[m] / total;
    if (log_prob - last < kConverged * std::abs(log_prob)) break;
    last = log_prob;
  }
  const auto number = static_cast<double>(tokens);
  result.perplexity = std::exp(-log_prob / number);
  for (size_t m = 0; m < count; ++m) {
    double sum = 0.0;
    for (size_t t = 0; t < tokens; ++t) sum += std::log(std::max(probs[t * count + m], kFloor));
    result.of_model.push_back(std::exp(-sum / number));
  }
  return result;
}

}  // namespace bivox
