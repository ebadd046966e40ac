#include "models/lm/backoff_trie.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Below this the rounding of the listed probabilities outweighs what is left for backing off.
constexpr double kLeastMass = 1e-4;

/// No context of its own.
constexpr LmState kNoState = 0xffffffff;

void set_weights_of_level(BackoffTrie& trie, int length) {
  const BackoffLevel& level = trie.levels[static_cast<size_t>(length) - 1];
  const std::vector<float>& lower = trie.log_probs(length);
  std::vector<float>& backoffs = trie.backoffs(length);
  for (size_t c = 0; c < backoffs.size(); ++c) {
    const uint32_t begin = level.begins[c];
    const uint32_t end = level.begins[c + 1];
    if (begin == end) {
      backoffs[c] = 0.0F;
      continue;
    }
    double mass = 1.0;
    double lower_mass = 1.0;
    for (uint32_t e = begin; e < end; ++e) {
      mass -= std::exp(static_cast<double>(level.log_probs[e]));
      lower_mass -= std::exp(static_cast<double>(lower[level.suffix(e)]));
    }
    if (lower_mass < kLeastMass) continue;
    if (mass < kLeastMass) {
      const auto most = static_cast<float>(std::log(kLeastMass / lower_mass));
      backoffs[c] = std::min(backoffs[c], most);
      continue;
    }
    backoffs[c] = static_cast<float>(std::log(mass / lower_mass));
  }
}

}  // namespace

void BackoffTrie::set_words(const std::vector<std::string>& words) {
  word_bytes.clear();
  word_ends.clear();
  for (const std::string& word : words) {
    word_bytes += word;
    word_ends.push_back(static_cast<uint32_t>(word_bytes.size()));
  }
}

BackoffTrie make_backoff_trie(const NgramModel& model) {
  BackoffTrie trie;
  const uint32_t num_words = model.num_words();
  std::vector<LmState> states(num_words);  // of the entries of the level below
  for (LmWord w = 0; w < num_words; ++w) {
    trie.word_bytes += model.word(w);
    trie.word_ends.push_back(static_cast<uint32_t>(trie.word_bytes.size()));
    trie.unigram_log_probs.push_back(model.unigram_log_prob(w));
    states[w] = model.order() > 1 ? model.step(NgramModel::kEmptyState, w).next : 0;
  }
  const auto own = [&](LmState state, int length) {
    return state != 0 && model.context_length(state) == length ? state : kNoState;
  };
  trie.unigram_backoffs.assign(num_words, 0.0F);
  if (model.order() == 1) return trie;
  for (int length = 1; length < model.order(); ++length) {
    std::vector<float>& backoffs = trie.backoffs(length);
    BackoffLevel level;
    std::vector<LmState> next_states;
    level.begins.push_back(0);
    const bool is_top = length + 1 == model.order();
    const uint64_t count = model.num_ngrams(length + 1);
    level.words.reserve(count);
    level.log_probs.reserve(count);
    for (size_t c = 0; c < states.size(); ++c) {
      const LmState state = own(states[c], length);
      if (state != kNoState) {
        backoffs[c] = model.backoff_log_weight(state);
        model.for_each_successor(state, [&](LmWord word, float log_prob) {
          level.words.push_back(word);
          level.log_probs.push_back(log_prob);
          if (!is_top) next_states.push_back(model.step(state, word).next);
        });
      }
      level.begins.push_back(static_cast<uint32_t>(level.words.size()));
    }
    if (!is_top) level.backoffs.assign(level.words.size(), 0.0F);
    if (length > 1) {
      const BackoffLevel& shorter = trie.levels.back();
      level.suffixes.assign(level.words.size(), 0);
      for (size_t c = 0; c < states.size(); ++c) {
        const uint32_t suffix = shorter.suffix(c);
        const auto first = shorter.words.begin() + shorter.begins[suffix];
        const auto last = shorter.words.begin() + shorter.begins[suffix + 1];
        for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) {
          const auto found = std::lower_bound(first, last, level.words[e]);
          if (found == last || *found != level.words[e]) {
            throw Error(ErrorCode::kModel,
                        fmt::format("an n-gram of {} words lacks its suffix", length + 1));
          }
          level.suffixes[e] = static_cast<uint32_t>(found - shorter.words.begin());
        }
      }
    }
    trie.levels.push_back(std::move(level));
    states = std::move(next_states);
  }
  return trie;
}

void set_backoff_weights(BackoffTrie& trie) {
  for (int length = 1; length < trie.order(); ++length) set_weights_of_level(trie, length);
}

std::shared_ptr<const NgramModel> build_ngram_model(BackoffTrie trie, std::string_view name,
                                                    uint32_t codebook_size) {
  NgramTables tables;
  bool changed = false;
  for (BackoffLevel& level : trie.levels) {
    NgramLevel out;
    out.codebook = make_codebook(level.log_probs, codebook_size);
    out.probs.reserve(level.size());
    for (float& log_prob : level.log_probs) {
      const uint16_t code = nearest_code(out.codebook, log_prob);
      out.probs.push_back(code);
      changed = changed || log_prob != out.codebook[code];
      log_prob = out.codebook[code];
    }
    tables.levels.push_back(std::move(out));
  }
  if (changed) set_backoff_weights(trie);
  for (size_t k = 0; k < trie.levels.size(); ++k) {
    BackoffLevel& level = trie.levels[k];
    std::vector<float>().swap(level.log_probs);
    tables.levels[k].words = std::move(level.words);
    tables.levels[k].backoffs = std::move(level.backoffs);
    tables.levels[k].begins = std::move(level.begins);
    tables.levels[k].suffixes = std::move(level.suffixes);
  }
  tables.word_bytes = std::move(trie.word_bytes);
  tables.word_ends = std::move(trie.word_ends);
  tables.unigram_log_probs = std::move(trie.unigram_log_probs);
  tables.unigram_backoffs = std::move(trie.unigram_backoffs);
  return build_ngram_model(tables, name);
}

}  // namespace bivox
