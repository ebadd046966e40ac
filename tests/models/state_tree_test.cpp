#include "models/state_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "dsp/core/error.h"
#include "models/topology.h"

namespace bivox {
namespace {

PhoneSet make_phones() {
  PhoneSet phones;
  phones.add("SIL", true);
  phones.add("+NOISE+", true);
  phones.add("A");
  phones.add("B");
  return phones;
}

constexpr PhoneId kSilence = 0;
constexpr PhoneId kNoise = 1;
constexpr PhoneId kA = 2;
constexpr PhoneId kB = 3;

std::vector<float> all_transitions() {
  std::vector<float> all;
  for (int i = 0; i < 4; ++i) {
    const std::vector<float> one = left_to_right_transitions({2, 0.5F, 0.0F});
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

TEST(StateTree, BeginsContextIndependent) {
  const StateTree tree(make_phones(), 2);
  EXPECT_EQ(tree.num_states(), 8);
  EXPECT_EQ(tree.tied_state(kA, 1, {WordPosition::kBegin, kB, kB}), 5);
  EXPECT_EQ(tree.make_hmm_set(all_transitions()).num_hmms(), 4);
}

TEST(StateTree, QuestionsLeadToLeaves) {
  StateTree tree(make_phones(), 2);
  using Subject = ContextQuestion::Subject;
  const int left_is_b = tree.add_question({Subject::kLeft, {false, false, false, true}});
  const int right_is_silence = tree.add_question({Subject::kRight, {true, false, false, false}});
  const int ends = tree.add_question({Subject::kPosition, {false, false, true, true}});
  const auto [yes, no] = tree.split(kA, 0, 0, left_is_b);
  tree.split(kA, 0, no, right_is_silence);
  tree.split(kA, 0, yes, ends);
  EXPECT_EQ(tree.num_states(), 11);
  // Growing it again by its own list gives the same tree.
  StateTree again(make_phones(), 2);
  for (int q = 0; q < tree.num_questions(); ++q) again.add_question(tree.question(q));
  for (const StateTree::Split& s : tree.splits()) {
    again.split(s.centre, s.state, s.leaf, s.question);
  }
  EXPECT_EQ(again.num_states(), tree.num_states());
  EXPECT_EQ(again.tied_state(kA, 0, {WordPosition::kEnd, kA, kSilence}), 8);
  const auto state = [&tree](WordPosition position, PhoneId left, PhoneId right) {
    return tree.tied_state(kA, 0, {position, left, right});
  };
  EXPECT_EQ(state(WordPosition::kEnd, kB, kA), 4);                 // yes, yes: the root's state
  EXPECT_EQ(state(WordPosition::kBegin, kB, kA), 10);              // yes, no
  EXPECT_EQ(state(WordPosition::kEnd, kA, kSilence), 8);           // no, yes
  EXPECT_EQ(state(WordPosition::kEnd, kA, kNoise), 8);             // fillers count as silence
  EXPECT_EQ(state(WordPosition::kEnd, kA, kB), 9);                 // no, no
  EXPECT_THROW(tree.split(kA, 0, 0, ends), std::logic_error);      // not a leaf any more
  EXPECT_THROW(tree.split(kNoise, 0, 0, ends), std::logic_error);  // a filler

  const HmmSet set = tree.make_hmm_set(all_transitions());
  EXPECT_TRUE(set.complete());
  EXPECT_EQ(set.num_states(), 11);
  EXPECT_EQ(set.states(set.hmm(WordPosition::kBegin, kA, kB, kB))[0], 10);
  EXPECT_EQ(set.states(set.hmm(WordPosition::kBegin, kA, kB, kB))[1], 5);
  EXPECT_EQ(set.hmm(WordPosition::kBegin, kNoise, kA, kB),
            set.hmm(WordPosition::kEnd, kNoise, kB, kA));
  EXPECT_EQ(set.num_hmms(), 3 + 4);
}

TEST(Topology, RowsSumToOne) {
  const std::vector<float> log_probs = left_to_right_transitions({3, 0.6F, 0.1F});
  ASSERT_EQ(log_probs.size(), 12U);
  for (size_t row = 0; row < 3; ++row) {
    double sum = 0.0;
    for (size_t to = 0; to < 4; ++to) sum += std::exp(log_probs[row * 4 + to]);
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
  EXPECT_NEAR(std::exp(log_probs[2]), 0.1, 1e-6);
  EXPECT_TRUE(std::isinf(log_probs[7]));  // no skip out of the HMM
  EXPECT_THROW(left_to_right_transitions({3, 0.9F, 0.2F}), Error);
  EXPECT_THROW(left_to_right_transitions({0, 0.5F, 0.0F}), Error);
}

}  // namespace
}  // namespace bivox
