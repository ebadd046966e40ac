// The n-gram over units in the form that the decoder walks: a back-off automaton in a few bytes.
//
//   P(u | h) = p(h u)               if the n-gram is in the trie
//            = bo(h) P(u | h')      otherwise, h' = h without its oldest unit
//
// A state stands for a context that has successors; its arcs lie together, sorted by unit, with the
// probability as an 8-bit code. An arc is 8 bytes and a state 12, because the search touches little
// else. The file is smaller still: it relies on every n-gram's suffix being in the model too, so
// that the successors of a context are a selection of those of its suffix, and stores gaps in that
// list, mostly 0 or 1; back-off weights are 8-bit codes there too; all is then deflated.
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
  /// From nodes in order of levels, the root (no unit) first, then all unigrams. Every suffix is
  /// among them.
  G2pNgram(const std::vector<G2pNgramNode>& nodes, int num_symbols);

  /// The context after `unit` when nothing came before.
  State after(G2pUnit unit) const { return arcs_[unit].next; }

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
  size_t num_ngrams() const { return arcs_.size(); }

  /// Appends to `out` what read() takes from the front of `bytes`.
  void write(std::string& out) const { out += file_; }
  static G2pNgram read(std::string_view& bytes, int num_symbols, std::string_view name);

 private:
  struct Arc {
    G2pUnit unit;
    uint8_t prob_code;
    State next;
  };
  struct Context {
    uint32_t first_arc;  ///< To that of the next context.
    State suffix;        ///< The longest suffix that is a state.
    float backoff;
  };

  /// The first arc of `state` that is not below `unit`.
  uint32_t lower_bound(State state, G2pUnit unit) const {
    if (state == kRoot) return unit;
    const Arc* first = arcs_.data() + contexts_[state].first_arc;
    size_t count = contexts_[state + 1].first_arc - contexts_[state].first_arc;
    // Branch-free: which half is taken is a coin toss that no predictor learns.
    while (count > 1) {
      const size_t half = count / 2;
      first += first[half - 1].unit < unit ? half : 0;
      count -= half;
    }
    return static_cast<uint32_t>(first - arcs_.data()) + (first->unit < unit ? 1U : 0U);
  }

  int num_symbols_ = 0;
  std::vector<Context> contexts_;  // [states + 1]
  std::vector<Arc> arcs_;          // those of the root first: arc u is the unigram of unit u
  std::array<float, 256> probs_ = {};
  std::string file_;  // what write() gives
};

template <class Least, class F>
void G2pNgram::expand(State state, G2pUnits::Range range, std::vector<uint8_t>& seen, Least&& least,
                      F&& f) const {
  float weight = 0.0F;
  for (;;) {
    const uint32_t end = contexts_[state + 1].first_arc;
    for (uint32_t a = lower_bound(state, range.first); a < end && arcs_[a].unit < range.last; ++a) {
      const Arc& arc = arcs_[a];
      if (seen[arc.unit] != 0) continue;
      const float log_prob = weight + probs_[arc.prob_code];
      if (state != kRoot) seen[arc.unit] = 1;
      if (log_prob >= least()) f(arc.unit, log_prob, arc.next);
    }
    if (state == kRoot) break;
    weight += contexts_[state].backoff;
    if (weight < least()) break;
    state = contexts_[state].suffix;
  }
  std::fill(seen.begin() + range.first, seen.begin() + range.last, uint8_t{0});
}

}  // namespace bivox
