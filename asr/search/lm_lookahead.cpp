#include "asr/search/lm_lookahead.h"

#include <algorithm>
#include <limits>

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

LmLookahead::LmLookahead(const PrefixTree& tree, const NgramModel& lm, size_t budget_entries)
    : tree_(tree), lm_(lm), budget_(budget_entries) {
  unigram_.assign(tree.num_lookahead_nodes(), kNever);
  for (LmWord word = 0; word < lm.num_words(); ++word) {
    raise(tree, word, lm.unigram_log_prob(word), unigram_, nullptr);
  }
  best_.assign(tree.num_lookahead_nodes(), kNever);
  slots_.push_back({NgramModel::kEmptyState, kEmptySlot, 0.0F, 0, 0});
  slot_of_.emplace(NgramModel::kEmptyState, kEmptySlot);
}

LookaheadSlot LmLookahead::slot(LmState state) {
  const auto known = slot_of_.find(state);
  if (known != slot_of_.end()) return known->second;
  const LookaheadSlot shorter = slot(lm_.backoff_state(state));
  const LookaheadSlot made = static_cast<LookaheadSlot>(slots_.size());
  slots_.push_back({state, shorter, lm_.backoff_log_weight(state), entries_.size(), 0});
  slot_of_.emplace(state, made);
  fill(made);
  return made;
}

void LmLookahead::fill(LookaheadSlot index) {
  Slot& s = slots_[index];
  touched_.clear();
  lm_.for_each_successor(s.state, [&](LmWord word, float log_prob) {
    raise(tree_, word, log_prob, best_, &touched_);
  });
  if (touched_.empty()) return;
  uint32_t capacity = 4;
  while (capacity < 2 * touched_.size()) capacity *= 2;
  s.mask = capacity - 1;
  entries_.resize(s.begin + capacity, {PrefixTree::kNone, 0.0F});
  for (const uint32_t node : touched_) {
    const float through_backoff = s.backoff + log_prob(s.shorter, node);
    uint32_t i = hash(node) & s.mask;
    while (entries_[s.begin + i].node != PrefixTree::kNone) i = (i + 1) & s.mask;
    entries_[s.begin + i] = {node, std::max(best_[node], through_backoff)};
    best_[node] = kNever;
  }
}

std::vector<LookaheadSlot> LmLookahead::trim(std::span<const LookaheadSlot> used) {
  std::vector<bool> keep(slots_.size(), false);
  keep[kEmptySlot] = true;
  for (LookaheadSlot slot : used) {
    while (!keep[slot]) {
      keep[slot] = true;
      slot = slots_[slot].shorter;
    }
  }
  // A slot's shorter context was made before it, so one pass in order can move everything down.
  std::vector<LookaheadSlot> moved(slots_.size(), kEmptySlot);
  std::vector<Slot> slots;
  std::vector<Entry> entries;
  slot_of_.clear();
  for (LookaheadSlot old = 0; old < slots_.size(); ++old) {
    if (!keep[old]) continue;
    moved[old] = static_cast<LookaheadSlot>(slots.size());
    Slot s = slots_[old];
    s.shorter = moved[s.shorter];
    const size_t size = s.mask == 0 ? 0 : size_t{s.mask} + 1;
    const size_t begin = entries.size();
    entries.insert(entries.end(), entries_.begin() + static_cast<std::ptrdiff_t>(s.begin),
                   entries_.begin() + static_cast<std::ptrdiff_t>(s.begin + size));
    s.begin = begin;
    slot_of_.emplace(s.state, moved[old]);
    slots.push_back(s);
  }
  slots_ = std::move(slots);
  entries_ = std::move(entries);
  return moved;
}

}  // namespace bivox
