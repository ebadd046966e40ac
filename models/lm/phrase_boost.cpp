#include "models/lm/phrase_boost.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// The trie of phrases; node 0 is the root. Nodes without children are no states: nothing but their
// longest suffix matters after them.
struct TrieNode {
  std::map<LmWord, uint32_t> children;
  uint32_t suffix = 0;   // longest proper suffix that is a node
  bool is_end = false;   // of a phrase
  float total = 0.0F;    // of that phrase
  float out = 0.0F;      // of all phrases that end here
  float advance = 0.0F;  // a(q)
};

std::vector<TrieNode> make_trie(uint32_t num_words, std::span<const PhraseBoost::Phrase> phrases) {
  std::vector<TrieNode> trie(1);
  for (const PhraseBoost::Phrase& phrase : phrases) {
    if (phrase.words.empty()) throw Error(ErrorCode::kUsage, "an empty phrase cannot be boosted");
    if (!std::isfinite(phrase.bonus)) {
      throw Error(ErrorCode::kUsage, fmt::format("a bonus of {} is no number", phrase.bonus));
    }
    uint32_t at = 0;
    float advance = 0.0F;
    for (const LmWord word : phrase.words) {
      BIVOX_CHECK(word < num_words);
      const auto [it, is_new] =
          trie[at].children.try_emplace(word, static_cast<uint32_t>(trie.size()));
      at = it->second;
      if (is_new) trie.emplace_back();
      advance += phrase.bonus;
      trie[at].advance = std::max(trie[at].advance, advance);
    }
    TrieNode& last = trie[at];
    last.total = last.is_end ? std::max(last.total, advance) : advance;
    last.is_end = true;
  }
  return trie;
}

}  // namespace

PhraseBoost::PhraseBoost(uint32_t num_words, std::span<const Phrase> phrases) {
  std::vector<TrieNode> trie = make_trie(num_words, phrases);
  // Breadth first: suffixes are shorter, so they are complete when they are needed.
  std::vector<uint32_t> order = {0};
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t at = order[i];
    for (const auto& [word, child] : trie[at].children) {
      uint32_t suffix = 0;
      if (at != 0) {
        for (uint32_t from = trie[at].suffix;; from = trie[from].suffix) {
          const auto found = trie[from].children.find(word);
          if (found != trie[from].children.end()) {
            suffix = found->second;
            break;
          }
          if (from == 0) break;
        }
      }
      TrieNode& node = trie[child];
      node.suffix = suffix;
      node.out = trie[suffix].out + (node.is_end ? node.total : 0.0F);
      // A node that nothing continues stands for its suffix.
      node.advance = node.children.empty() ? trie[suffix].advance
                                           : std::max(node.advance, trie[suffix].advance);
      order.push_back(child);
    }
  }
  std::vector<PhraseState> state_of(trie.size(), 0);
  uint32_t count = 0;
  for (const uint32_t at : order) {
    state_of[at] = at == 0 || !trie[at].children.empty() ? count++ : state_of[trie[at].suffix];
  }
  start_arcs_.assign(num_words, 0);
  for (const uint32_t at : order) {
    const TrieNode& node = trie[at];
    if (at != 0 && node.children.empty()) continue;
    const TrieNode& suffix = trie[node.suffix];
    states_.push_back({state_of[node.suffix], suffix.advance - node.advance,
                       static_cast<uint32_t>(arcs_.size())});
    for (const auto& [word, child] : node.children) {
      const TrieNode& next = trie[child];
      arcs_.push_back({word, state_of[child], next.out + next.advance - node.advance});
      if (at == 0) start_arcs_[word] = static_cast<uint32_t>(arcs_.size());
    }
  }
  states_.push_back({0, 0.0F, static_cast<uint32_t>(arcs_.size())});
}

PhraseBoost::Step PhraseBoost::step(PhraseState state, LmWord word) const noexcept {
  float bonus = 0.0F;
  while (state != 0) {
    const auto begin = arcs_.begin() + states_[state].first_arc;
    const auto end = arcs_.begin() + states_[state + 1].first_arc;
    const auto found = std::lower_bound(
        begin, end, word, [](const Arc& arc, LmWord wanted) { return arc.word < wanted; });
    if (found != end && found->word == word) return {bonus + found->bonus, found->next};
    bonus += states_[state].shorter_bonus;
    state = states_[state].shorter;
  }
  const uint32_t arc = start_arcs_[word];
  if (arc == 0) return {bonus, 0};
  return {bonus + arcs_[arc - 1].bonus, arcs_[arc - 1].next};
}

}  // namespace bivox
