#include "models/state_tree.h"

#include "dsp/core/check.h"

namespace bivox {

StateTree::StateTree(PhoneSet phones, int states_per_hmm)
    : phones_(std::move(phones)), states_per_hmm_(states_per_hmm) {
  BIVOX_CHECK(states_per_hmm >= 1 && phones_.size() >= 1);
  trees_.resize(static_cast<size_t>(phones_.size()) * static_cast<size_t>(states_per_hmm));
  for (std::vector<Node>& nodes : trees_) {
    Node leaf;
    leaf.state = num_states_++;
    nodes.push_back(leaf);
  }
}

const std::vector<StateTree::Node>& StateTree::tree(PhoneId centre, int state) const {
  return trees_[static_cast<size_t>(centre) * static_cast<size_t>(states_per_hmm_) +
                static_cast<size_t>(state)];
}

int StateTree::add_question(ContextQuestion question) {
  const size_t expected = question.subject == ContextQuestion::Subject::kPosition
                              ? 4
                              : static_cast<size_t>(phones_.size());
  BIVOX_CHECK(question.members.size() == expected);
  questions_.push_back(std::move(question));
  return num_questions() - 1;
}

std::pair<StateTree::NodeIndex, StateTree::NodeIndex> StateTree::split(PhoneId centre, int state,
                                                                       NodeIndex leaf,
                                                                       int question) {
  const Split split = {centre, static_cast<int16_t>(state), leaf, question};
  BIVOX_CHECK(state < states_per_hmm_ && can_split(split));
  std::vector<Node>& nodes =
      trees_[static_cast<size_t>(centre) * static_cast<size_t>(states_per_hmm_) +
             static_cast<size_t>(state)];
  const auto yes = static_cast<NodeIndex>(nodes.size());
  const NodeIndex no = yes + 1;
  Node child;
  child.state = nodes[static_cast<size_t>(leaf)].state;
  nodes.push_back(child);
  child.state = num_states_++;
  nodes.push_back(child);
  Node& node = nodes[static_cast<size_t>(leaf)];
  node.question = question;
  node.yes = yes;
  node.no = no;
  node.state = -1;
  splits_.push_back(split);
  return {yes, no};
}

bool StateTree::can_split(const Split& split) const {
  if (split.centre < 0 || split.centre >= phones_.size() || phones_.is_filler(split.centre) ||
      split.state < 0 || split.state >= states_per_hmm_ || split.question < 0 ||
      split.question >= num_questions() || split.leaf < 0) {
    return false;
  }
  const std::vector<Node>& nodes = tree(split.centre, split.state);
  const auto leaf = static_cast<size_t>(split.leaf);
  return leaf < nodes.size() && nodes[leaf].question < 0;
}

bool StateTree::answer(int question, const PhoneContext& context) const {
  const ContextQuestion& asked = questions_[static_cast<size_t>(question)];
  const auto as_context = [this](PhoneId phone) {
    return static_cast<size_t>(phones_.is_filler(phone) ? phones_.silence() : phone);
  };
  switch (asked.subject) {
    case ContextQuestion::Subject::kLeft:
      return asked.members[as_context(context.left)];
    case ContextQuestion::Subject::kRight:
      return asked.members[as_context(context.right)];
    case ContextQuestion::Subject::kPosition:
      break;
  }
  return asked.members[static_cast<size_t>(context.position)];
}

StateTree::NodeIndex StateTree::find_leaf(PhoneId centre, int state,
                                          const PhoneContext& context) const {
  const std::vector<Node>& nodes = tree(centre, state);
  NodeIndex at = 0;
  while (nodes[static_cast<size_t>(at)].question >= 0) {
    const Node& node = nodes[static_cast<size_t>(at)];
    at = answer(node.question, context) ? node.yes : node.no;
  }
  return at;
}

StateId StateTree::tied_state(PhoneId centre, int state, const PhoneContext& context) const {
  return tree(centre, state)[static_cast<size_t>(find_leaf(centre, state, context))].state;
}

HmmSet StateTree::make_hmm_set(std::span<const float> transition_log_probs) const {
  HmmSet set(phones_, num_states_, states_per_hmm_);
  const auto matrix_size =
      static_cast<size_t>(states_per_hmm_) * static_cast<size_t>(states_per_hmm_ + 1);
  BIVOX_CHECK(transition_log_probs.size() == matrix_size * static_cast<size_t>(phones_.size()));
  std::vector<StateId> states(static_cast<size_t>(states_per_hmm_));
  const auto num_phones = static_cast<PhoneId>(phones_.size());
  for (PhoneId centre = 0; centre < num_phones; ++centre) {
    const int transitions = set.add_transitions(
        transition_log_probs.subspan(static_cast<size_t>(centre) * matrix_size, matrix_size));
    const auto hmm_in = [&](const PhoneContext& context) {
      for (int s = 0; s < states_per_hmm_; ++s) {
        states[static_cast<size_t>(s)] = tied_state(centre, s, context);
      }
      return set.add_hmm(states, transitions);
    };
    if (phones_.is_filler(centre)) {
      set.set_context_independent(centre, hmm_in({}));
      continue;
    }
    for (const WordPosition position : {WordPosition::kInternal, WordPosition::kBegin,
                                        WordPosition::kEnd, WordPosition::kSingle}) {
      for (PhoneId left = 0; left < num_phones; ++left) {
        for (PhoneId right = 0; right < num_phones; ++right) {
          set.set(position, centre, left, right, hmm_in({position, left, right}));
        }
      }
    }
  }
  return set;
}

}  // namespace bivox
