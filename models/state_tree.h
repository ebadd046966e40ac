// Phonetic decision trees: which tied state a phone's k-th HMM state has in its context.
//
// One tree for each (centre phone, HMM state). An inner node asks whether the left or the right
// neighbour belongs to a set of phones, or whether the phone stands at one of some word positions;
// a leaf names a tied state. Contexts never seen in training thus share the states of the contexts
// that sound most alike. Filler phones have no tree of their own questions: in contexts they count
// as silence, as centres they have one leaf a state.
//
//   tree:  question q at node n:  n -> yes[n] if q holds for (position, left, right), else no[n]
//
// Index types, 0-based: PhoneId; StateId of the leaves, dense [0, num_states()).
// Errors: programmer errors only. Thread rule: immutable after building; share freely.
// Source: Young, Odell & Woodland, "Tree-based state tying for high accuracy acoustic modelling",
// ARPA HLT workshop 1994. Test: tests/models/state_tree_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "models/hmm_set.h"

namespace bivox {

/// A yes-or-no question about a phone's context.
struct ContextQuestion {
  enum class Subject : uint8_t { kLeft, kRight, kPosition };
  Subject subject = Subject::kLeft;
  /// kLeft, kRight: by PhoneId. kPosition: by WordPosition, 4 elements.
  std::vector<bool> members;
};

struct PhoneContext {
  WordPosition position = WordPosition::kInternal;
  PhoneId left = 0;
  PhoneId right = 0;
};

class StateTree {
 public:
  /// Index of a node within a tree; 0 is the root.
  using NodeIndex = int32_t;

  /// One growth step: see split().
  struct Split {
    PhoneId centre = 0;
    int16_t state = 0;
    NodeIndex leaf = 0;
    int32_t question = 0;
  };

  /// Every tree begins as a single leaf with a tied state of its own, phone by phone.
  StateTree(PhoneSet phones, int states_per_hmm);

  /// Registers a question; returns its index.
  int add_question(ContextQuestion question);
  /// Turns a leaf into a question. The yes side keeps the leaf's tied state, the no side gets a new
  /// one. Returns {yes, no}.
  std::pair<NodeIndex, NodeIndex> split(PhoneId centre, int state, NodeIndex leaf, int question);

  /// The leaf that a context falls into.
  NodeIndex find_leaf(PhoneId centre, int state, const PhoneContext& context) const;
  StateId tied_state(PhoneId centre, int state, const PhoneContext& context) const;
  bool answer(int question, const PhoneContext& context) const;

  /// How the trees were grown: add_question() of all questions and split() of all splits, in this
  /// order, make them anew; what files store.
  const std::vector<Split>& splits() const { return splits_; }
  const ContextQuestion& question(int index) const {
    return questions_[static_cast<size_t>(index)];
  }

  /// Whether split() may be called with these: the leaf is there, and is one.
  bool can_split(const Split& split) const;

  int num_states() const { return num_states_; }
  int num_questions() const { return static_cast<int>(questions_.size()); }
  int states_per_hmm() const { return states_per_hmm_; }
  const PhoneSet& phones() const { return phones_; }

  /// The HMM set of these trees with one transition matrix for each phone, log probabilities
  /// `[phones][states_per_hmm][states_per_hmm + 1]`.
  HmmSet make_hmm_set(std::span<const float> transition_log_probs) const;

 private:
  struct Node {
    int32_t question = -1;  // -1: a leaf
    NodeIndex yes = -1;
    NodeIndex no = -1;
    StateId state = -1;  // of a leaf
  };

  const std::vector<Node>& tree(PhoneId centre, int state) const;

  PhoneSet phones_;
  int states_per_hmm_;
  int num_states_ = 0;
  std::vector<ContextQuestion> questions_;
  std::vector<Split> splits_;
  std::vector<std::vector<Node>> trees_;  // [centre * states_per_hmm + state]
};

}  // namespace bivox
