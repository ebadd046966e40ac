// Random texts for the tests of training: words of a Zipf-like distribution that depends a little
// on the word before, so that all orders have n-grams of every small count.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "models/lm/ngram.h"

namespace bivox::test {

inline std::vector<std::string> random_sentences(size_t count, uint32_t num_words, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> weights;
  for (uint32_t w = 0; w < num_words; ++w) weights.push_back(1.0 / (1.0 + w));
  std::discrete_distribution<uint32_t> zipf(weights.begin(), weights.end());
  std::uniform_int_distribution<size_t> length(1, 12);
  std::vector<std::string> sentences;
  for (size_t s = 0; s < count; ++s) {
    std::string sentence;
    uint32_t previous = 0;
    for (size_t i = length(random); i > 0; --i) {
      const uint32_t draw = zipf(random);
      const uint32_t word = random() % 3 == 0 ? (previous * 7 + 1) % num_words : draw;
      sentence += (sentence.empty() ? "w" : " w") + std::to_string(word);
      previous = word;
    }
    sentences.push_back(sentence);
  }
  // Rare words, so that there are words with every small count.
  for (uint32_t r = 0; r < 60; ++r) {
    for (uint32_t times = 0; times <= r % 6; ++times) {
      sentences[random() % count] += " r" + std::to_string(r);
    }
  }
  return sentences;
}

/// The sum of P(w | state) over all words but <s>.
inline double sum_of_probs(const NgramModel& model, LmState state) {
  double sum = 0.0;
  for (LmWord w = 0; w < model.num_words(); ++w) {
    if (w == model.sentence_begin()) continue;
    sum += std::exp(static_cast<double>(model.step(state, w).log_prob));
  }
  return sum;
}

/// The largest distance from 1 of the sums after `count` random histories, seen and unseen ones.
inline double worst_sum(const NgramModel& model, size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  double worst = std::abs(sum_of_probs(model, NgramModel::kEmptyState) - 1.0);
  worst = std::max(worst, std::abs(sum_of_probs(model, model.begin_state()) - 1.0));
  for (size_t i = 0; i < count; ++i) {
    LmState state = random() % 4 == 0 ? model.begin_state() : NgramModel::kEmptyState;
    for (size_t n = 1 + random() % 5; n > 0; --n) {
      // Mostly words that the context lists, so that long contexts are met.
      std::vector<LmWord> listed;
      model.for_each_successor(state, [&](LmWord word, float) { listed.push_back(word); });
      LmWord word = static_cast<LmWord>(random() % model.num_words());
      if (!listed.empty() && random() % 4 != 0) word = listed[random() % listed.size()];
      if (word == model.sentence_end() || word == model.sentence_begin()) break;
      state = model.step(state, word).next;
    }
    worst = std::max(worst, std::abs(sum_of_probs(model, state) - 1.0));
  }
  return worst;
}

}  // namespace bivox::test
