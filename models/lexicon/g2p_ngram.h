// The n-gram over units in the form that the decoder walks: a back-off automaton in a few bytes.
//
//   P(u | h) = p(h u)               if the n-gram is in the trie
//            = bo(h) P(u | h')      otherwise, h' = h without its oldest unit
//
// A node of the trie is an n-gram; nodes are numbered level by level and the children of a node lie
// together, sorted by unit. Probabilities and back-off weights are 8-bit codes into tables, because
// a model of a million n-grams is to stay in the cache. The file is smaller still: it relies on
// every n-gram's suffix being in the model too, so a node's children are a selection of those of
// its suffix and are stored as gaps in that list, mostly 0 or 1; all is then deflated.
//
// Thread rule: immutable; share freely. Errors of read(): Error(kModel). Test:
// tests/models/g2p_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/g2p_units.h"

namespace bivox {

/// An n-gram of the model while it is made: see G2pNgram::G2pNgram.
struct G2pNgramNode {
  uint32_t first_child = 0;  ///< Children are [first_child, first_child + num_children).
  uint32_t num_children = 0;
  uint32_t suffix = 0;  ///< The n-gram without its oldest unit; the root for a unigram.
  G2pUnit unit = 0;
  float log_prob = 0.0F;
  float backoff = 0.0F;  ///< Natural log; 0 where there are no children.
};

class G2pNgram {
 public:
  using State = uint32_t;
  static constexpr State kRoot = 0;

  G2pNgram() = default;
  /// From nodes in order of levels, the root (no unit) first. Every suffix is among them.
  G2pNgram(const std::vector<G2pNgramNode>& nodes, int num_symbols);

  /// The context after `unit` when nothing came before.
  State after(G2pUnit unit) const { return next_[1 + unit]; }

  /// Calls f(unit, log_prob, next state) for the units of [first, last) in `state`, each once,
  /// those that the longest contexts know first. Stops where log_prob can no longer reach
  /// `least()`, which may rise meanwhile. `seen` is scratch of num_symbols() zeros, given back as
  /// zeros.
  template <class Least, class F>
  void expand(State state, G2pUnits::Range range, std::vector<uint8_t>& seen, Least&& least,
              F&& f) const;

  /// log P(unit | state) and the context after it.
  float step(State state, G2pUnit unit, State& next) const;

  int num_symbols() const { return num_symbols_; }
  size_t num_nodes() const { return units_.size(); }

  /// Appends to `out` what read() takes from the front of `bytes`.
  void write(std::string& out) const;
  static G2pNgram read(std::string_view& bytes, int num_symbols, std::string_view name);

 private:
  /// The first child of `state` that is not below `unit`.
  uint32_t lower_bound(State state, G2pUnit unit) const;
  void connect();

  int num_symbols_ = 0;
  // By node; the root is node 0 and the unigram of unit u is node 1 + u.
  std::vector<G2pUnit> units_;
  std::vector<uint8_t> prob_codes_;
  std::vector<uint8_t> backoff_codes_;
  std::vector<uint32_t> first_child_;  // [nodes + 1]
  std::vector<State> exact_suffix_;    // without the oldest unit: for the file alone
  std::vector<State> suffix_;          // the longest suffix with children: where to back off to
  std::vector<State> next_;            // the context after this n-gram: itself or a suffix
  std::array<float, 256> probs_ = {};
  std::array<float, 256> backoffs_ = {};
};

template <class Least, class F>
void G2pNgram::expand(State state, G2pUnits::Range range, std::vector<uint8_t>& seen, Least&& least,
                      F&& f) const {
  float weight = 0.0F;
  // What was given out on the way down, to be cleared at the end.
  std::array<G2pUnit, 256> given;  // NOLINT: filled before it is read
  size_t num_given = 0;
  for (;;) {
    const uint32_t end = first_child_[state + 1];
    for (uint32_t n = lower_bound(state, range.first); n < end && units_[n] < range.last; ++n) {
      if (seen[units_[n]] != 0) continue;
      const float log_prob = weight + probs_[prob_codes_[n]];
      if (state != kRoot && num_given < given.size()) {
        seen[units_[n]] = 1;
        given[num_given++] = units_[n];
      }
      if (log_prob >= least()) f(units_[n], log_prob, next_[n]);
    }
    if (state == kRoot) break;
    weight += backoffs_[backoff_codes_[state]];
    if (weight < least()) break;
    state = suffix_[state];
  }
  for (size_t i = 0; i < num_given; ++i) seen[given[i]] = 0;
}

}  // namespace bivox
