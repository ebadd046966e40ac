#include "models/hmm_set.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "dsp/core/error.h"

namespace bivox {
namespace {

PhoneSet make_phones(int plain) {
  PhoneSet phones;
  phones.add("SIL", true);
  for (int i = 0; i < plain; ++i) {
    phones.add(std::to_string(i));
  }
  return phones;
}

TEST(HmmSet, EqualHmmsAreMadeOnce) {
  HmmSet set(make_phones(2), 10, 2);
  const std::vector<float> log_probs(6, -1.0F);
  ASSERT_EQ(set.add_transitions(log_probs), 0);
  ASSERT_EQ(set.add_transitions(log_probs), 1);
  const std::vector<StateId> first = {1, 2};
  const std::vector<StateId> second = {2, 1};
  const HmmId a = set.add_hmm(first, 0);
  EXPECT_EQ(set.add_hmm(first, 0), a);
  EXPECT_NE(set.add_hmm(first, 1), a);
  EXPECT_NE(set.add_hmm(second, 0), a);
  EXPECT_EQ(set.num_hmms(), 3);
  EXPECT_EQ(set.states(a)[1], 2);
  EXPECT_EQ(set.transitions(a), 0);
}

TEST(HmmSet, ManyHmmsSurviveGrowthOfTheTable) {
  HmmSet set(make_phones(1), 100, 3);
  set.add_transitions(std::vector<float>(12, 0.0F));
  std::vector<HmmId> ids;
  for (StateId a = 0; a < 100; ++a) {
    for (StateId b = 0; b < 100; ++b) {
      ids.push_back(
          set.add_hmm(std::vector<StateId>{a, b, static_cast<StateId>((a + b) % 100)}, 0));
    }
  }
  EXPECT_EQ(set.num_hmms(), 10000);
  for (StateId a = 0; a < 100; ++a) {
    for (StateId b = 0; b < 100; ++b) {
      const std::vector<StateId> states = {a, b, static_cast<StateId>((a + b) % 100)};
      ASSERT_EQ(set.add_hmm(states, 0), ids[static_cast<size_t>(a * 100 + b)]);
    }
  }
}

TEST(HmmSet, ContextIndependentFillsOnlyWhatIsEmpty) {
  HmmSet set(make_phones(2), 4, 1);
  set.add_transitions(std::vector<float>{-1.0F, -2.0F});
  const HmmId plain = set.add_hmm(std::vector<StateId>{0}, 0);
  const HmmId special = set.add_hmm(std::vector<StateId>{1}, 0);
  set.set(WordPosition::kEnd, 1, 2, 0, special);
  EXPECT_FALSE(set.complete());
  set.set_context_independent(1, plain);
  EXPECT_EQ(set.hmm(WordPosition::kEnd, 1, 2, 0), special);
  EXPECT_EQ(set.hmm(WordPosition::kEnd, 1, 2, 1), plain);
  EXPECT_EQ(set.hmm(WordPosition::kBegin, 1, 2, 0), plain);
  EXPECT_FALSE(set.complete());
  set.set_context_independent(0, plain);
  set.set_context_independent(2, plain);
  EXPECT_TRUE(set.complete());
  EXPECT_EQ(set.transition_log_probs(0)[1], -2.0F);
}

TEST(HmmSet, SizesThatNoModelHasAreErrors) {
  EXPECT_THROW(HmmSet(PhoneSet(), 1, 1), Error);
  EXPECT_THROW(HmmSet(make_phones(300), 1, 1), Error);
  EXPECT_THROW(HmmSet(make_phones(1), 0, 1), Error);
  EXPECT_THROW(HmmSet(make_phones(1), 1, 0), Error);
  HmmSet set(make_phones(1), 1, 1);
  EXPECT_THROW(set.add_hmm(std::vector<StateId>{0}, 0), std::logic_error);  // no such matrix
  set.add_transitions(std::vector<float>{0.0F, 0.0F});
  EXPECT_THROW(set.add_hmm(std::vector<StateId>{1}, 0), std::logic_error);  // no such state
}

}  // namespace
}  // namespace bivox
