// Which hidden Markov model stands for a phone in its context, and which tied states it is made of.
// Acoustic models fill it once (from a Sphinx mdef, or from a phonetic tree); search and alignment
// read it. It knows nothing of Gaussians or networks.
//
// Index types, all 0-based and dense:
//   PhoneId   a context-independent phone            [0, phones.size())
//   HmmId     a distinct left-to-right HMM: a sequence of tied states with one transition matrix
//   StateId   a tied state, column of the acoustic scores  [0, num_states)
// An HMM has states_per_hmm emitting states 0 .. n-1 and one exit n. Transition log probabilities
// are natural logs, -inf where forbidden; allowed are i -> i, i -> i+1, i -> i+2. The table of
// contexts is dense, 4 x phones^3 entries (1.2 MB for the 42 phones of CMU Sphinx en-us), because
// search asks it at every word boundary; distinct HMMs are found through one open-addressing table,
// since a model of 300,000 contexts is built at every start of the program. Errors: Error(kModel)
// for sizes that no model has; broken indices are programmer errors. Thread rule: immutable after
// building. Tests: tests/models/hmm_set_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/acoustic_scores.h"
#include "models/lexicon/phone_set.h"

namespace bivox {

using HmmId = int32_t;

/// Where in a word a phone stands; Sphinx and tree-based models tie them apart.
enum class WordPosition : uint8_t { kInternal = 0, kBegin = 1, kEnd = 2, kSingle = 3 };

class HmmSet {
 public:
  HmmSet(PhoneSet phones, int num_states, int states_per_hmm);

  /// Adds a transition matrix of log probabilities `[states_per_hmm x states_per_hmm + 1]`,
  /// row-major; returns its index.
  int add_transitions(std::span<const float> log_probs);
  /// The HMM with these states and this transition matrix; made when it is new.
  HmmId add_hmm(std::span<const StateId> states, int transitions);
  /// Binds phone in context to an HMM. The table is dense: every (position, centre, left, right)
  /// must be set in the end; set_context_independent fills what is still empty for a centre phone.
  void set(WordPosition position, PhoneId centre, PhoneId left, PhoneId right, HmmId hmm);
  void set_context_independent(PhoneId centre, HmmId hmm);
  /// Whether every context of every phone is bound.
  bool complete() const;

  /// The HMM for `centre` between `left` and `right`.
  HmmId hmm(WordPosition position, PhoneId centre, PhoneId left, PhoneId right) const {
    return table_[index(position, centre, left, right)];
  }
  std::span<const StateId> states(HmmId hmm) const {
    return {states_.data() + static_cast<size_t>(hmm) * static_cast<size_t>(states_per_hmm_),
            static_cast<size_t>(states_per_hmm_)};
  }
  /// Transition matrix index of an HMM.
  int transitions(HmmId hmm) const { return hmm_transitions_[static_cast<size_t>(hmm)]; }
  /// Log probabilities `[states_per_hmm x states_per_hmm + 1]` of a transition matrix.
  std::span<const float> transition_log_probs(int transitions) const;

  const PhoneSet& phones() const { return phones_; }
  int num_states() const { return num_states_; }
  int states_per_hmm() const { return states_per_hmm_; }
  int num_hmms() const { return static_cast<int>(hmm_transitions_.size()); }
  int num_transitions() const;

 private:
  /// The slot of known_ where this HMM is, or would go.
  size_t slot(std::span<const StateId> states, int transitions) const;
  void grow_known();
  size_t index(WordPosition position, PhoneId centre, PhoneId left, PhoneId right) const {
    const size_t n = static_cast<size_t>(phones_.size());
    return ((static_cast<size_t>(position) * n + static_cast<size_t>(centre)) * n +
            static_cast<size_t>(left)) *
               n +
           static_cast<size_t>(right);
  }

  PhoneSet phones_;
  int num_states_;
  int states_per_hmm_;
  std::vector<float> transition_log_probs_;
  std::vector<StateId> states_;
  std::vector<int> hmm_transitions_;
  std::vector<HmmId> table_;
  std::vector<HmmId>
      known_;  // open addressing by states and transitions; power of two, -1 is empty
};

}  // namespace bivox
