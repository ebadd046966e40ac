// The lexicon as a prefix tree of context-dependent HMMs, with exact cross-word triphones.
//
// Words that begin alike share nodes. Contexts inside a word are known when the tree is built; at
// the edges they are not, so
//   - a first phone stands once for every distinct HMM over its left contexts ("fan-in"): the
//   entries
//     (last phone of the word before, first phone) list the nodes to enter;
//   - a last phone stands once for every distinct HMM over its right contexts ("fan-out"): each
//   such
//     leaf carries the set of phones that may come next.
// A pronunciation p1 ... pn becomes the path  root(l, p1, p2) -> (p1, p2, p3) -> ... -> leaf(pn-1,
// pn, R). Fillers (silence, noises) are leaves that are entered through the phone for silence.
//
// The look-ahead tree condenses the prefix tree to the places where the set of reachable words
// changes: node 0 is "any word", below it first phones, first two phones, ..., one node for each
// group of homophones. `lookahead_parent` leads up; lm_lookahead.h attaches language model scores
// to it.
//
// Building takes a tenth of a second for the 72,000 words of en-us; nothing is compiled beforehand,
// so the vocabulary may change at run time by building anew. Thread rule: immutable after building.
// Source: Ney et al. 1992 (tree lexicon); Ortmanns et al. 1996 (look-ahead); fan-out as in Odell
// 1995, chapter 4. Test: tests/asr/search/prefix_tree_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/acoustic_model.h"
#include "models/hmm_set.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/language_model.h"

namespace bivox {

/// Index of a word-with-pronunciation in the tree; fillers come after the words.
using TreeWord = uint32_t;

class PrefixTree {
 public:
  struct Node {
    HmmId hmm;
    uint32_t link;          ///< Inner node: its first branch. Leaf: index into leaves.
    uint16_t num_branches;  ///< 0 for a leaf.
    uint16_t right_set;     ///< Leaf: which phones may follow (right_set()).
    uint32_t lookahead;     ///< Node of the look-ahead tree.
  };
  /// A way on from an inner node: to one inner node, or to all variants of a leaf. They share the
  /// look-ahead, so the search can reject them together without touching the nodes.
  struct Branch {
    uint32_t first_node;
    uint32_t lookahead;
    uint16_t num_nodes;
    bool to_leaf;
  };
  struct Leaf {
    TreeWord first_word;  ///< Homophones are contiguous.
    uint32_t num_words;
    PhoneId last_phone;  ///< Left context of what follows; silence for fillers.
    bool is_filler;
  };
  struct Word {
    LmWord lm_word;  ///< Unused for fillers.
    WordIndex word;  ///< In the lexicon; for a filler its index in the list of fillers.
    int32_t pronunciation;
    float log_prob = 0.0F;  ///< Of this pronunciation among those of the word.
  };

  /// Builds the tree of every lexicon word that the language model knows. Throws Error(kModel) when
  /// no word is left. Words of one phone that `isolated` lists follow silence and each other only,
  /// and are spoken as if silence stood on both sides: they cost one node each.
  PrefixTree(const HmmSet& hmms, const Lexicon& lexicon, const LanguageModel& lm,
             std::span<const FillerWord> fillers, std::span<const WordIndex> isolated = {});

  const Node& node(uint32_t index) const { return nodes_[index]; }
  std::span<const Branch> branches(const Node& node) const {
    return {branches_.data() + node.link, node.num_branches};
  }
  const Leaf& leaf(const Node& node) const { return leaves_[node.link]; }
  const Word& word(TreeWord index) const { return words_[index]; }
  bool is_filler(TreeWord index) const { return index >= num_words_; }

  /// Nodes that a path whose last phone was `left` may enter when its next phone is `first`.
  std::span<const uint32_t> entries(PhoneId left, PhoneId first) const {
    const size_t i =
        static_cast<size_t>(left) * static_cast<size_t>(num_phones_) + static_cast<size_t>(first);
    return {entry_nodes_.data() + entry_begin_[i], entry_begin_[i + 1] - entry_begin_[i]};
  }
  /// Look-ahead node of all words that begin with a phone; kNone where no word does.
  uint32_t first_phone_lookahead(PhoneId first) const {
    return first_phone_lookahead_[static_cast<size_t>(first)];
  }
  std::span<const PhoneId> right_set(uint16_t index) const { return right_sets_[index]; }
  /// The right set that allows every phone.
  uint16_t any_right() const { return any_right_; }
  bool allows_silence(uint16_t right_set) const { return allows_silence_[right_set]; }

  static constexpr uint32_t kNone = 0xffffffffU;
  static constexpr uint32_t kAnyWord = 0;  ///< Top of the look-ahead tree.
  uint32_t num_lookahead_nodes() const { return static_cast<uint32_t>(lookahead_parent_.size()); }
  uint32_t lookahead_parent(uint32_t node) const { return lookahead_parent_[node]; }
  /// Look-ahead leaves of a word of the language model: one for each pronunciation.
  std::span<const uint32_t> lookahead_leaves(LmWord word) const {
    return {lookahead_leaves_.data() + lookahead_begin_[word],
            lookahead_begin_[word + 1] - lookahead_begin_[word]};
  }

  PhoneId silence() const { return silence_; }
  size_t num_nodes() const { return nodes_.size(); }
  size_t num_words() const { return num_words_; }

 private:
  class Builder;

  std::vector<Node> nodes_;
  std::vector<Branch> branches_;
  std::vector<Leaf> leaves_;
  std::vector<Word> words_;
  uint32_t num_words_ = 0;
  int num_phones_ = 0;
  PhoneId silence_ = 0;
  std::vector<uint32_t> entry_nodes_;
  std::vector<uint32_t> entry_begin_;
  std::vector<uint32_t> first_phone_lookahead_;
  std::vector<std::vector<PhoneId>> right_sets_;
  std::vector<bool> allows_silence_;
  uint16_t any_right_ = 0;
  std::vector<uint32_t> lookahead_parent_;
  std::vector<uint32_t> lookahead_leaves_;
  std::vector<uint32_t> lookahead_begin_;
};

}  // namespace bivox
