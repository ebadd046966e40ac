#include "asr/search/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "dsp/core/error.h"
#include "search_fixture.h"

namespace bivox {
namespace {

using test::SmallTask;

// Follows a pronunciation through the tree by the HMMs it must pass; the leaves reached, if any.
std::vector<uint32_t> leaves_of(const SearchNetwork& network, PhoneId left,
                                std::span<const PhoneId> phones, PhoneId right) {
  const PrefixTree& tree = network.tree();
  const HmmSet& hmms = network.hmms();
  std::vector<uint32_t> at;
  for (const uint32_t node : tree.entries(left, phones[0])) at.push_back(node);
  for (size_t i = 0; i < phones.size(); ++i) {
    const WordPosition position = phones.size() == 1       ? WordPosition::kSingle
                                  : i == 0                 ? WordPosition::kBegin
                                  : i + 1 == phones.size() ? WordPosition::kEnd
                                                           : WordPosition::kInternal;
    const HmmId hmm = hmms.hmm(position, phones[i], i == 0 ? left : phones[i - 1],
                               i + 1 == phones.size() ? right : phones[i + 1]);
    std::erase_if(at, [&](uint32_t node) { return tree.node(node).hmm != hmm; });
    if (i + 1 == phones.size()) break;
    std::vector<uint32_t> next;
    for (const uint32_t node : at) {
      const PrefixTree::Node& n = tree.node(node);
      for (const PrefixTree::Branch& branch : tree.branches(n)) {
        for (uint32_t k = 0; k < branch.num_nodes; ++k) next.push_back(branch.first_node + k);
      }
    }
    at = next;
  }
  std::erase_if(at, [&](uint32_t node) {
    const PrefixTree::Node& n = tree.node(node);
    if (n.num_branches != 0) return true;
    const auto set = tree.right_set(n.right_set);
    return std::find(set.begin(), set.end(), right) == set.end();
  });
  return at;
}

TEST(PrefixTree, EveryPronunciationIsReachedOnceInEveryContext) {
  const SmallTask task;
  const SearchNetwork& network = *task.network;
  const PrefixTree& tree = network.tree();
  int checked = 0;
  for (WordIndex w = 0; w < network.lexicon().num_words(); ++w) {
    if (!network.lm().find(network.lexicon().word(w))) continue;
    for (int p = 0; p < network.lexicon().num_pronunciations(w); ++p) {
      for (PhoneId left = 0; left < network.hmms().phones().size(); ++left) {
        for (PhoneId right = 0; right < network.hmms().phones().size(); ++right) {
          int found = 0;
          for (const uint32_t node :
               leaves_of(network, left, network.lexicon().pronunciation(w, p), right)) {
            const PrefixTree::Leaf& leaf = tree.leaf(tree.node(node));
            for (TreeWord word = leaf.first_word; word < leaf.first_word + leaf.num_words; ++word) {
              found += tree.word(word).word == w && tree.word(word).pronunciation == p;
            }
          }
          EXPECT_EQ(found, 1) << network.lexicon().word(w) << " pronunciation " << p << " between "
                              << left << " and " << right;
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(PrefixTree, HoldsOnlyWordsOfTheLanguageModel) {
  const SmallTask task;
  const PrefixTree& tree = task.network->tree();
  std::set<std::string> words;
  for (TreeWord w = 0; w < tree.num_words(); ++w) words.insert(task.network->text(w));
  EXPECT_EQ(words, (std::set<std::string>{"ab", "ba", "abc", "c", "see", "ca", "cad", "dab"}));
}

TEST(PrefixTree, LookaheadParentsComeBeforeTheirChildren) {
  const SmallTask task;
  const PrefixTree& tree = task.network->tree();
  EXPECT_EQ(tree.lookahead_parent(PrefixTree::kAnyWord), PrefixTree::kNone);
  for (uint32_t node = 1; node < tree.num_lookahead_nodes(); ++node) {
    EXPECT_LT(tree.lookahead_parent(node), node);
  }
}

TEST(PrefixTree, NoCommonWordIsAnError) {
  const SmallTask task;
  const Lexicon lexicon = Lexicon::parse("zebra A B\n", task.hmms->phones(), "other");
  EXPECT_THROW(PrefixTree(*task.hmms, lexicon, task.network->lm(), {}), Error);
}

}  // namespace
}  // namespace bivox
