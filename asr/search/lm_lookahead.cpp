#include "asr/search/lm_lookahead.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bivox {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Raises `best` along the way from the leaves of a word to the top; stops where a node already has
// as much, since then all above it do.
void raise(const PrefixTree& tree, LmWord word, float log_prob, std::vector<float>& best,
           std::vector<uint32_t>* touched) {
  for (uint32_t node : tree.lookahead_leaves(word)) {
    while (node != PrefixTree::kNone && best[node] < log_prob) {
      if (touched != nullptr && best[node] == kNever) touched->push_back(node);
      best[node] = log_prob;
      node = tree.lookahead_parent(node);
    }
  }
}

}  // namespace

LmLookahead::LmLookahead(const PrefixTree& tree, const LanguageModel& lm, size_t budget_entries)
    : tree_(tree), lm_(lm), budget_(budget_entries), trim_at_(budget_entries) {
  entries_.reserve(budget_entries + budget_entries / 4);  // touched only as it fills
  unigram_.assign(tree.num_lookahead_nodes(), kNever);
  for (LmWord word = 0; word < lm.num_words(); ++word) {
    raise(tree, word, lm.unigram_log_prob(word), unigram_, nullptr);
  }
  if (const std::optional<LmWord> end = lm.sentence_end()) {
    float& any_word = unigram_[PrefixTree::kAnyWord];
    any_word = std::max(any_word, lm.unigram_log_prob(*end));
  }
  best_.assign(tree.num_lookahead_nodes(), kNever);
  answers_.assign(size_t{1} << kAnswerBits, {kNoKey, 0.0F});
  slots_.push_back({LanguageModel::kEmptyState, kEmptySlot, 0.0F, 0, 0, 0});
  slot_of_.emplace(LanguageModel::kEmptyState, kEmptySlot);
}

float LmLookahead::search(LookaheadSlot slot, uint32_t node) const {
  float backoff = 0.0F;
  while (slot != kEmptySlot) {
    const Slot& s = slots_[slot];
    if (s.size != 0) {
      for (uint32_t i = home(node, s.size);; i = i + 1 == s.size ? 0 : i + 1) {
        const Entry& entry = entries_[s.begin + i];
        if (entry.node == node) return backoff + entry.log_prob;
        if (entry.node == PrefixTree::kNone) break;
      }
    }
    backoff += s.backoff;
    slot = s.shorter;
  }
  return backoff + unigram_[node];
}

LookaheadSlot LmLookahead::slot(LmState state) {
  const auto known = slot_of_.find(state);
  if (known != slot_of_.end()) {
    slots_[known->second].last_use = ++clock_;
    return known->second;
  }
  const LookaheadSlot shorter = slot(lm_.backoff_state(state));
  const LookaheadSlot made = static_cast<LookaheadSlot>(slots_.size());
  slots_.push_back({state, shorter, lm_.backoff_log_weight(state), entries_.size(), 0, ++clock_});
  slot_of_.emplace(state, made);
  fill(made);
  return made;
}

void LmLookahead::fill(LookaheadSlot index) {
  Slot& s = slots_[index];
  touched_.clear();
  const std::optional<LmWord> end = lm_.sentence_end();
  lm_.for_each_successor(s.state, [&](LmWord word, float log_prob) {
    raise(tree_, word, log_prob, best_, &touched_);
    float& any_word = best_[PrefixTree::kAnyWord];
    if (word == end && any_word < log_prob) {
      if (any_word == kNever) touched_.push_back(PrefixTree::kAnyWord);
      any_word = log_prob;
    }
  });
  if (touched_.empty()) return;
  // Two thirds full: short probes, and half the memory of a power of two.
  s.size = static_cast<uint32_t>(touched_.size() + touched_.size() / 2 + 1);
  entries_.resize(s.begin + s.size, {PrefixTree::kNone, 0.0F});
  for (const uint32_t node : touched_) {
    const float through_backoff = s.backoff + search(s.shorter, node);
    uint32_t i = home(node, s.size);
    while (entries_[s.begin + i].node != PrefixTree::kNone) i = i + 1 == s.size ? 0 : i + 1;
    entries_[s.begin + i] = {node, std::max(best_[node], through_backoff)};
    best_[node] = kNever;
  }
}

std::vector<LookaheadSlot> LmLookahead::trim(std::span<const LookaheadSlot> used) {
  std::vector<bool> keep(slots_.size(), false);
  keep[kEmptySlot] = true;
  size_t kept_entries = 0;
  const auto keep_with_shorter = [&](LookaheadSlot slot) {
    for (; !keep[slot]; slot = slots_[slot].shorter) {
      keep[slot] = true;
      kept_entries += slots_[slot].size;
    }
  };
  for (const LookaheadSlot slot : used) keep_with_shorter(slot);
  std::vector<LookaheadSlot> by_age(slots_.size());
  std::iota(by_age.begin(), by_age.end(), LookaheadSlot{0});
  std::sort(by_age.begin(), by_age.end(), [&](LookaheadSlot a, LookaheadSlot b) {
    return slots_[a].last_use > slots_[b].last_use;
  });
  for (const LookaheadSlot slot : by_age) {
    if (kept_entries >= budget_ / 2) break;
    keep_with_shorter(slot);
  }
  // A slot's shorter context was made before it, so one pass in order can move everything down.
  std::vector<LookaheadSlot> moved(slots_.size(), kEmptySlot);
  std::vector<Slot> slots;
  size_t end = 0;
  slot_of_.clear();
  for (LookaheadSlot old = 0; old < slots_.size(); ++old) {
    if (!keep[old]) continue;
    moved[old] = static_cast<LookaheadSlot>(slots.size());
    Slot s = slots_[old];
    s.shorter = moved[s.shorter];
    std::copy_n(entries_.begin() + static_cast<std::ptrdiff_t>(s.begin), s.size,
                entries_.begin() + static_cast<std::ptrdiff_t>(end));
    s.begin = end;
    end += s.size;
    slot_of_.emplace(s.state, moved[old]);
    slots.push_back(s);
  }
  slots_ = std::move(slots);
  answers_.assign(answers_.size(), {kNoKey, 0.0F});  // slots have new numbers
  entries_.resize(end);
  trim_at_ = std::max(budget_, 2 * end);
  return moved;
}

}  // namespace bivox
