#include "models/lm/entropy_pruning.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/lm/ngram_block.h"
#include "models/lm/ngram_marginals.h"

namespace bivox {
namespace {

constexpr int kSearchSteps = 40;

/// P(h) of the contexts of every length.
NgramMarginals context_frequencies(const BackoffTrie& trie, const ContextCounts& counts) {
  if (counts.empty()) return ngram_marginals(trie);
  BIVOX_CHECK(counts.size() == trie.levels.size());
  double total = 0.0;
  for (const uint32_t count : counts[0]) total += static_cast<double>(count);
  NgramMarginals result;
  for (const std::vector<uint32_t>& of_length : counts) {
    std::vector<double>& frequencies = result.emplace_back();
    frequencies.reserve(of_length.size());
    for (const uint32_t count : of_length) {
      frequencies.push_back(static_cast<double>(count) / total);
    }
  }
  return result;
}

}  // namespace

std::vector<std::vector<float>> pruning_costs(const BackoffTrie& trie,
                                              const ContextCounts& counts) {
  const NgramMarginals contexts = context_frequencies(trie, counts);
  std::vector<std::vector<float>> costs;
  for (size_t k = 0; k < trie.levels.size(); ++k) {
    const BackoffLevel& level = trie.levels[k];
    const int length = static_cast<int>(k) + 1;
    const std::vector<float>& lower = trie.log_probs(length);
    const std::vector<float>& backoffs = trie.backoffs(length);
    std::vector<float> of_level(level.size());
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      const uint32_t begin = level.begins[c];
      const uint32_t end = level.begins[c + 1];
      if (begin == end) continue;
      double mass = 1.0;
      double lower_mass = 1.0;
      for (uint32_t e = begin; e < end; ++e) {
        mass -= std::exp(static_cast<double>(level.log_probs[e]));
        lower_mass -= std::exp(static_cast<double>(lower[level.suffix(e)]));
      }
      mass = std::max(mass, 1e-9);
      lower_mass = std::max(lower_mass, 1e-9);
      const double context_prob = contexts[k][c];
      const double log_backoff = static_cast<double>(backoffs[c]);
      for (uint32_t e = begin; e < end; ++e) {
        const double log_prob = static_cast<double>(level.log_probs[e]);
        const double log_lower = static_cast<double>(lower[level.suffix(e)]);
        const double prob = std::exp(log_prob);
        const double new_backoff = std::log((mass + prob) / (lower_mass + std::exp(log_lower)));
        of_level[e] =
            static_cast<float>(-context_prob * (prob * (log_lower + new_backoff - log_prob) +
                                                mass * (new_backoff - log_backoff)));
      }
    }
    costs.push_back(std::move(of_level));
  }
  return costs;
}

KeptNgrams keep_above(const BackoffTrie& trie, const std::vector<std::vector<float>>& costs,
                      double threshold) {
  KeptNgrams kept(trie.levels.size());
  for (size_t k = trie.levels.size(); k-- > 0;) {
    const BackoffLevel& level = trie.levels[k];
    kept[k].resize(level.size());
    for (size_t e = 0; e < level.size(); ++e) {
      kept[k][e] = static_cast<double>(costs[k][e]) >= threshold ? 1 : 0;
    }
    if (k + 1 == trie.levels.size()) continue;
    const BackoffLevel& longer = trie.levels[k + 1];
    for (size_t c = 0; c + 1 < longer.begins.size(); ++c) {
      for (uint32_t e = longer.begins[c]; e < longer.begins[c + 1]; ++e) {
        if (kept[k + 1][e] != 0) kept[k][c] = kept[k][longer.suffix(e)] = 1;
      }
    }
  }
  return kept;
}

uint64_t binary_size(const BackoffTrie& trie, const KeptNgrams& kept, uint32_t codebook_size) {
  NgramHeader header = {};
  header.order = static_cast<uint32_t>(trie.order());
  header.num_words = static_cast<uint32_t>(trie.unigram_log_probs.size());
  header.num_states = 1;
  header.word_bits = std::max(1U, static_cast<uint32_t>(std::bit_width(header.num_words - 1)));
  header.word_table_size = ngram_word_table_size(header.num_words);
  header.word_bytes = static_cast<uint32_t>(trie.word_bytes.size());
  for (size_t k = 0; k < trie.levels.size(); ++k) {
    const BackoffLevel& level = trie.levels[k];
    uint64_t of_level = 0;
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      uint32_t count = 0;
      for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) count += kept[k][e];
      if (count > 0) ++header.num_states;
      header.num_buckets += NgramModel::num_buckets(count, static_cast<int>(header.word_bits));
      of_level += count;
    }
    header.num_arcs += of_level;
    header.codebook_size = std::max(
        header.codebook_size, static_cast<uint32_t>(std::min<uint64_t>(of_level, codebook_size)));
  }
  return NgramLayout(header).total;
}

KeptNgrams keep_within(const BackoffTrie& trie, const std::vector<std::vector<float>>& costs,
                       uint64_t max_bytes, uint32_t codebook_size) {
  KeptNgrams best = keep_above(trie, costs, -HUGE_VAL);
  if (binary_size(trie, best, codebook_size) <= max_bytes) return best;
  best = keep_above(trie, costs, HUGE_VAL);
  const uint64_t least = binary_size(trie, best, codebook_size);
  if (least > max_bytes) {
    throw Error(ErrorCode::kUsage,
                fmt::format("the words alone take {:.1f} MB, more than the {:.1f} MB asked for",
                            static_cast<double>(least) / 1e6, static_cast<double>(max_bytes) / 1e6),
                "limit the vocabulary: --vocab-size");
  }
  double low = -60.0;  // log of a threshold that keeps too much
  double high = 0.0;
  for (int step = 0; step < kSearchSteps; ++step) {
    const double middle = 0.5 * (low + high);
    KeptNgrams kept = keep_above(trie, costs, std::exp(middle));
    const uint64_t size = binary_size(trie, kept, codebook_size);
    if (size > max_bytes) {
      low = middle;
      continue;
    }
    high = middle;
    best = std::move(kept);
    if (size > max_bytes - max_bytes / 1000) break;
  }
  return best;
}

void remove_ngrams(BackoffTrie& trie, const KeptNgrams& kept) {
  BIVOX_CHECK(kept.size() == trie.levels.size());
  std::vector<uint32_t> new_entry;  // of the level below; empty: nothing has moved
  for (size_t k = 0; k < trie.levels.size(); ++k) {
    BackoffLevel& level = trie.levels[k];
    BIVOX_CHECK(kept[k].size() == level.size());
    std::vector<uint32_t> moved(level.size());
    std::vector<uint32_t> begins = {0};
    uint32_t next = 0;
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) {
        if (kept[k][e] == 0) continue;
        moved[e] = next;
        level.words[next] = level.words[e];
        level.log_probs[next] = level.log_probs[e];
        if (!level.backoffs.empty()) level.backoffs[next] = level.backoffs[e];
        if (!level.suffixes.empty()) level.suffixes[next] = new_entry[level.suffixes[e]];
        ++next;
      }
      if (k == 0 || kept[k - 1][c] != 0) begins.push_back(next);
    }
    level.words.resize(next);
    level.log_probs.resize(next);
    if (!level.backoffs.empty()) level.backoffs.resize(next);
    if (!level.suffixes.empty()) level.suffixes.resize(next);
    level.begins = std::move(begins);
    new_entry = std::move(moved);
  }
  set_backoff_weights(trie);
}

void prune_to_size(BackoffTrie& trie, uint64_t max_bytes, const ContextCounts& counts,
                   uint32_t codebook_size) {
  remove_ngrams(trie, keep_within(trie, pruning_costs(trie, counts), max_bytes, codebook_size));
}

void prune_below(BackoffTrie& trie, double share, const ContextCounts& counts) {
  remove_ngrams(trie, keep_above(trie, pruning_costs(trie, counts), std::log1p(share)));
}

}  // namespace bivox
