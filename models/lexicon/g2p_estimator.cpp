#include "models/lexicon/g2p_estimator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "dsp/core/check.h"
#include "models/lm/entropy_pruning.h"
#include "models/lm/kneser_ney.h"
#include "models/lm/ngram_counts.h"

namespace bivox {
namespace {

// The language model's numbers of <unk>, <s> and </s>; units follow.
constexpr uint32_t kUnknown = 0;
constexpr uint32_t kBegin = 1;
constexpr uint32_t kEnd = 2;
constexpr uint32_t kFirstUnit = 3;

/// The mark of the beginning is never predicted; any small number will do.
constexpr float kNever = -20.0F;

/// All positions of the text sorted by what follows within the word, and the levels of the trie cut
/// out of the list.
NgramCounts count_units(const std::vector<std::vector<G2pUnit>>& sequences, uint32_t num_words,
                        size_t order) {
  std::vector<uint32_t> text;
  for (const auto& sequence : sequences) {
    text.push_back(kBegin);
    for (const G2pUnit unit : sequence) text.push_back(kFirstUnit + unit);
    text.push_back(kEnd);
  }
  std::vector<uint32_t> left(text.size());  // words up to the end of the sequence, at most order
  for (size_t i = text.size(); i-- > 0;) {
    left[i] = text[i] == kEnd ? 1 : std::min(left[i + 1] + 1, static_cast<uint32_t>(order));
  }
  std::vector<uint32_t> positions(text.size());
  std::iota(positions.begin(), positions.end(), 0U);
  std::sort(positions.begin(), positions.end(), [&](uint32_t a, uint32_t b) {
    return std::lexicographical_compare(text.begin() + a, text.begin() + a + left[a],
                                        text.begin() + b, text.begin() + b + left[b]);
  });

  NgramCounts counts;
  counts.unigrams.assign(num_words, 0);
  std::vector<uint32_t> at(text.size());  // by place in `positions`: the entry of the prefix
  for (size_t p = 0; p < positions.size(); ++p) {
    at[p] = text[positions[p]];
    ++counts.unigrams[at[p]];
  }
  size_t num_contexts = num_words;
  for (size_t length = 2; length <= order; ++length) {
    NgramCountLevel level;
    level.begins.assign(num_contexts + 1, 0);
    uint32_t context = 0;
    for (size_t p = 0; p < positions.size(); ++p) {
      if (left[positions[p]] < length) continue;
      const uint32_t word = text[positions[p] + length - 1];
      if (level.words.empty() || context != at[p] || level.words.back() != word) {
        context = at[p];
        level.words.push_back(word);
        level.counts.push_back(0);
        ++level.begins[context + 1];
        if (length > 2) {
          // The suffix: the same word behind the suffix of the context, one level down.
          const NgramCountLevel& shorter = counts.levels.back();
          const uint32_t short_context = shorter.suffix(context);
          const auto first = shorter.words.begin() + shorter.begins[short_context];
          const auto last = shorter.words.begin() + shorter.begins[short_context + 1];
          const auto found = std::lower_bound(first, last, word);
          level.suffixes.push_back(static_cast<uint32_t>(found - shorter.words.begin()));
        }
      }
      at[p] = static_cast<uint32_t>(level.words.size() - 1);
      ++level.counts.back();
    }
    std::partial_sum(level.begins.begin(), level.begins.end(), level.begins.begin());
    num_contexts = level.words.size();
    counts.levels.push_back(std::move(level));
  }
  return counts;
}

/// Gives the share of the unknown word, which no model of units needs, to all others.
void drop_unknown(BackoffTrie& trie) {
  const float rest = std::log1p(-std::exp(trie.unigram_log_probs[kUnknown]));
  for (float& log_prob : trie.unigram_log_probs) log_prob -= rest;
  trie.unigram_log_probs[kUnknown] = kLogZero;
  set_backoff_weights(trie);
}

/// The trie in order of units, with the marks behind them.
std::vector<G2pNgramNode> nodes_of(const BackoffTrie& trie, int num_symbols) {
  std::vector<G2pNgramNode> nodes(1);
  nodes[0].first_child = 1;
  nodes[0].num_children = static_cast<uint32_t>(num_symbols);
  const auto word_of = [num_symbols](int symbol) {
    return symbol == num_symbols - 1   ? kBegin
           : symbol == num_symbols - 2 ? kEnd
                                       : kFirstUnit + static_cast<uint32_t>(symbol);
  };
  // Of the level at hand: the entry of each node, and the node of each entry.
  std::vector<uint32_t> entries;
  std::vector<uint32_t> node_of(trie.unigram_log_probs.size(), 0);
  for (int symbol = 0; symbol < num_symbols; ++symbol) {
    const uint32_t word = word_of(symbol);
    node_of[word] = static_cast<uint32_t>(nodes.size());
    entries.push_back(word);
    G2pNgramNode& node = nodes.emplace_back();
    node.unit = static_cast<G2pUnit>(symbol);
    node.log_prob = std::max(trie.unigram_log_probs[word], kNever);
    node.backoff = trie.unigram_backoffs[word];
  }
  size_t first_context = 1;
  for (const BackoffLevel& level : trie.levels) {
    std::vector<uint32_t> next_entries;
    std::vector<uint32_t> next_node_of(level.size(), 0);
    const auto add = [&](uint32_t entry) {
      next_node_of[entry] = static_cast<uint32_t>(nodes.size());
      next_entries.push_back(entry);
      G2pNgramNode& node = nodes.emplace_back();
      const uint32_t word = level.words[entry];
      node.unit = static_cast<G2pUnit>(word == kEnd ? static_cast<uint32_t>(num_symbols - 2)
                                                    : word - kFirstUnit);
      node.suffix = node_of[level.suffix(entry)];
      node.log_prob = std::max(level.log_probs[entry], kNever);
      node.backoff = level.backoffs.empty() ? 0.0F : level.backoffs[entry];
    };
    for (size_t c = 0; c < entries.size(); ++c) {
      const uint32_t begin = level.begins[entries[c]];
      const uint32_t end = level.begins[entries[c] + 1];
      nodes[first_context + c].first_child = static_cast<uint32_t>(nodes.size());
      nodes[first_context + c].num_children = end - begin;
      // The end mark has the lowest number as a word, the highest as a unit.
      const bool has_end = begin < end && level.words[begin] == kEnd;
      for (uint32_t entry = begin + (has_end ? 1 : 0); entry < end; ++entry) add(entry);
      if (has_end) add(begin);
    }
    first_context += entries.size();
    entries = std::move(next_entries);
    node_of = std::move(next_node_of);
  }
  return nodes;
}

}  // namespace

std::vector<G2pNgramNode> estimate_g2p(const std::vector<std::vector<G2pUnit>>& sequences,
                                       int num_symbols, const G2pEstimatorOptions& options) {
  BIVOX_CHECK(!sequences.empty() && options.order >= 2 && options.order <= kG2pMaxOrder);
  std::vector<std::string> words = {"<unk>", "<s>", "</s>"};
  for (int unit = 0; unit < num_symbols - 2; ++unit) words.push_back(std::to_string(unit));
  KneserNeyOptions smoothing;
  smoothing.allow_fallback = true;  // tiny dictionaries have no counts of counts to speak of
  KneserNeyModel model =
      estimate_kneser_ney(count_units(sequences, static_cast<uint32_t>(words.size()),
                                      static_cast<size_t>(options.order)),
                          words, smoothing);
  if (options.threshold > 0.0) {
    const auto costs = pruning_costs(model.trie, model.counts);
    remove_ngrams(model.trie, keep_above(model.trie, costs, options.threshold));
  }
  drop_unknown(model.trie);
  return nodes_of(model.trie, num_symbols);
}

}  // namespace bivox
