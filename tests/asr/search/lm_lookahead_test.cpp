#include "asr/search/lm_lookahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "search_fixture.h"

namespace bivox {
namespace {

using test::SmallTask;
using test::some_added_words;
using test::some_boosted_phrases;

// Best P(w | state) below a look-ahead node, with back-off always allowed (the documented bound).
float brute_force(const SearchNetwork& network, LmState state, uint32_t node) {
  const PrefixTree& tree = network.tree();
  const LanguageModel& lm = network.lm();
  float best = -std::numeric_limits<float>::infinity();
  std::vector<LmWord> words;
  for (TreeWord w = 0; w < tree.num_words(); ++w) words.push_back(tree.word(w).lm_word);
  words.push_back(*lm.sentence_end());
  for (const LmWord word : words) {
    // At the top, where silence stands, the end of the sentence may come next.
    bool below = node == PrefixTree::kAnyWord;
    for (uint32_t leaf : tree.lookahead_leaves(word)) {
      for (uint32_t up = leaf; up != PrefixTree::kNone; up = tree.lookahead_parent(up)) {
        below = below || up == node;
      }
    }
    if (!below) continue;
    float weight = 0.0F;
    for (LmState at = state;; at = lm.backoff_state(at)) {
      lm.for_each_successor(at, [&](LmWord successor, float log_prob) {
        if (successor == word) best = std::max(best, weight + log_prob);
      });
      if (at == LanguageModel::kEmptyState) {
        best = std::max(best, weight + lm.unigram_log_prob(word));
        break;
      }
      weight += lm.backoff_log_weight(at);
    }
  }
  return best;
}

std::vector<LmState> some_states(const SearchNetwork& network) {
  std::set<LmState> states = {network.lm().begin_state(), LanguageModel::kEmptyState};
  for (int round = 0; round < 3; ++round) {
    const std::set<LmState> before = states;
    for (LmState state : before) {
      for (TreeWord w = 0; w < network.tree().num_words(); ++w) {
        states.insert(network.lm().step(state, network.tree().word(w).lm_word).next);
      }
    }
  }
  return {states.begin(), states.end()};
}

class LookaheadWithAndWithoutAdditions : public testing::TestWithParam<bool> {};

TEST_P(LookaheadWithAndWithoutAdditions, EqualsBruteForceInEveryContext) {
  const SmallTask task =
      GetParam() ? SmallTask(3, 1, some_added_words(), some_boosted_phrases()) : SmallTask();
  LmLookahead lookahead(task.network->tree(), task.network->lm());
  const std::vector<LmState> states = some_states(*task.network);
  ASSERT_GE(states.size(), 5U);
  for (LmState state : states) {
    const LookaheadSlot slot = lookahead.slot(state);
    for (uint32_t node = 0; node < task.network->tree().num_lookahead_nodes(); ++node) {
      EXPECT_NEAR(lookahead.log_prob(slot, node), brute_force(*task.network, state, node), 1e-5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Additions, LookaheadWithAndWithoutAdditions, testing::Bool());

// The bound that the beam relies on: no word below a node gets more than the look-ahead says.
TEST(LmLookahead, BoundsEveryWordOfBoostedPhrases) {
  const SmallTask task(3, 1, some_added_words(), some_boosted_phrases());
  const PrefixTree& tree = task.network->tree();
  LmLookahead lookahead(tree, task.network->lm());
  for (const LmState state : some_states(*task.network)) {
    const LookaheadSlot slot = lookahead.slot(state);
    for (TreeWord w = 0; w < tree.num_words(); ++w) {
      const float exact = task.network->lm().step(state, tree.word(w).lm_word).log_prob;
      for (const uint32_t leaf : tree.lookahead_leaves(tree.word(w).lm_word)) {
        EXPECT_GE(lookahead.log_prob(slot, leaf), exact - 1e-4F);
      }
    }
  }
}

TEST(LmLookahead, TrimKeepsWhatIsUsed) {
  const SmallTask task;
  LmLookahead lookahead(task.network->tree(), task.network->lm(), 4);
  EXPECT_FALSE(lookahead.over_budget());
  const std::vector<LmState> states = some_states(*task.network);
  std::vector<LookaheadSlot> slots;
  for (LmState state : states) slots.push_back(lookahead.slot(state));
  const LookaheadSlot used = slots.back();
  EXPECT_TRUE(lookahead.over_budget());
  const size_t before = lookahead.num_slots();
  const std::vector<LookaheadSlot> moved = lookahead.trim(std::vector<LookaheadSlot>{used});
  EXPECT_LT(lookahead.num_slots(), before);
  EXPECT_EQ(lookahead.state(moved[used]), states.back());
  for (LmState state : states) {  // dropped ones are made again, and right
    const LookaheadSlot slot = lookahead.slot(state);
    for (uint32_t node = 0; node < task.network->tree().num_lookahead_nodes(); ++node) {
      EXPECT_NEAR(lookahead.log_prob(slot, node), brute_force(*task.network, state, node), 1e-5);
    }
  }
}

}  // namespace
}  // namespace bivox
