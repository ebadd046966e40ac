// Language model look-ahead: the best probability that any word below a tree node can still get.
//
//   la(h, n) = max over words w below n of log P(w | h)           (an upper bound, see below)
//
// Adding it while a word is still being spoken lets the beam act on the language model from the
// first phone on. For a back-off model it splits along the chain of contexts h, h', ..., empty:
//   la(h, n) = max(max over explicit successors (h, w) below n of log p(w | h), log bo(h) + la(h',
//   n))
// Only nodes above explicit successors need an entry of their own, so a context costs a small hash
// table; all others fall through to the shorter context, and in the end to the unigrams, which are
// one array. It is an upper bound because a word that is explicit in h also counts through the
// back-off; the decoder applies the exact probability when the word is known.
//
// The top, "any word", is where silence stands: there the end of the sentence counts as a word, as
// it may come next. Where a grammar allows nothing else, silence would be impossible without it.
//
// Contexts live in slots. Tables are made on first use and kept until trim() drops those not in
// use, so their number is bounded by what the search needs plus a budget. Thread rule: one object
// per stream. Source: Ortmanns, Ney, Eiden 1996; sparse form: Chen et al. 2010. Test:
// tests/asr/search/lm_lookahead_test.cpp (against brute force over all words).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "asr/search/prefix_tree.h"
#include "models/lm/language_model.h"

namespace bivox {

/// Index of a context's table in LmLookahead.
using LookaheadSlot = uint32_t;

class LmLookahead {
 public:
  LmLookahead(const PrefixTree& tree, const LanguageModel& lm, size_t budget_entries = 3U << 20U);

  /// The slot of a context, made if it is new.
  LookaheadSlot slot(LmState state);
  LmState state(LookaheadSlot slot) const { return slots_[slot].state; }

  /// la(h, node) as defined above; natural log. Hot: no allocation. The same questions come again
  /// in the next frames, so answers are kept in a direct-mapped cache that fits the second-level
  /// cache of a processor, which the tables do not.
  float log_prob(LookaheadSlot slot, uint32_t node) {
    const uint64_t key = uint64_t{slot} * unigram_.size() + node;
    if (key >= kNoKey) return search(slot, node);  // more contexts than keys: still right
    Answer& answer = answers_[(static_cast<uint32_t>(key) * 0x9E3779B1U) >> (32U - kAnswerBits)];
    if (answer.key != key) answer = {static_cast<uint32_t>(key), search(slot, node)};
    return answer.log_prob;
  }

  /// True when the tables have outgrown the budget: the caller should trim() at a quiet moment.
  bool over_budget() const { return entries_.size() > trim_at_; }
  /// Drops contexts, those asked for longest ago first, until half the budget is free; those in
  /// `used`, and the shorter contexts behind what stays, are kept. Returns the new slot of each old
  /// one (kEmptySlot for those dropped).
  std::vector<LookaheadSlot> trim(std::span<const LookaheadSlot> used);

  size_t num_slots() const { return slots_.size(); }

 private:
  static constexpr LookaheadSlot kEmptySlot = 0;
  struct Entry {
    uint32_t node;
    float log_prob;
  };
  struct Slot {
    LmState state;
    LookaheadSlot shorter;
    float backoff;
    size_t begin;       // of its table in entries_
    uint32_t size;      // of its table; 0: no table
    uint64_t last_use;  // value of clock_
  };
  struct Answer {
    uint32_t key;  // slot and node
    float log_prob;
  };
  static constexpr uint32_t kAnswerBits = 17;
  static constexpr uint32_t kNoKey = 0xffffffffU;
  float search(LookaheadSlot slot, uint32_t node) const;
  /// Where in a table of `size` entries a node is looked for first.
  static uint32_t home(uint32_t node, uint32_t size) {
    return static_cast<uint32_t>((uint64_t{node * 0x9E3779B1U} * size) >> 32U);
  }
  void fill(LookaheadSlot slot);

  const PrefixTree& tree_;
  const LanguageModel& lm_;
  size_t budget_;
  size_t trim_at_;  // the budget, or more where what is in use needs more
  std::vector<float> unigram_;
  uint64_t clock_ = 0;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::unordered_map<LmState, LookaheadSlot> slot_of_;
  std::vector<Answer> answers_;
  // Scratch of fill(): best value of each touched node, and which were touched.
  std::vector<float> best_;
  std::vector<uint32_t> touched_;
};

}  // namespace bivox
