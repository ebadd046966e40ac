// The linear graph of a known text: every word with its pronunciations, optional fillers between
// the words, and triphones that are exact across word boundaries.
//
// A node is one phone in one context. The first phone of a pronunciation is there once for every
// phone that can stand before it (the last phones of the word before, or silence), the last one
// once for every phone that can follow. Arcs join only copies that agree: the last phone's right
// context is the next word's first phone, and the other way round; fillers count as silence.
//
// Index types, 0-based: node; slot = place of a word in the text; gap g = between slots g-1 and g.
// Errors: Error(kInput) that names a word which no pronunciation is known for.
// Thread rule: immutable after construction. Test: tests/legacy/alignment_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/acoustic_model.h"
#include "models/hmm_set.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

class AlignmentGraph {
 public:
  struct Node {
    HmmId hmm = 0;
    PhoneId phone = 0;
    int32_t slot = 0;       ///< Word, or the gap for a filler.
    int32_t filler = -1;    ///< Index in the fillers, or -1 for a phone of a word.
    float log_prob = 0.0F;  ///< Of the pronunciation, at its first phone; else 0.
    uint32_t first_arc = 0;
    uint32_t num_arcs = 0;
  };

  AlignmentGraph(const HmmSet& hmms, const Lexicon& lexicon, std::span<const FillerWord> fillers,
                 std::span<const std::string> words);

  const std::vector<Node>& nodes() const { return nodes_; }
  /// Successors of a node.
  std::span<const int32_t> arcs(const Node& node) const {
    return {arcs_.data() + node.first_arc, node.num_arcs};
  }
  const std::vector<int32_t>& start_nodes() const { return start_nodes_; }
  /// Whether a path may end after the node.
  bool is_final(int32_t node) const { return final_[static_cast<size_t>(node)]; }
  /// Phones of the shortest path.
  int min_phones() const { return min_phones_; }

 private:
  /// A copy of a word's first or last phone, with the context it was made for.
  struct Border {
    int32_t node;
    PhoneId phone;
    PhoneId context;
  };

  int32_t add_node(HmmId hmm, PhoneId phone, int slot, int filler);
  void add_arc(int32_t from, int32_t to);
  /// Makes the copies of one pronunciation.
  void add_pronunciation(const HmmSet& hmms, std::span<const PhoneId> phones, int slot,
                         const std::vector<PhoneId>& left, const std::vector<PhoneId>& right,
                         std::vector<Border>& entries, std::vector<Border>& exits);
  void add_gap(const HmmSet& hmms, std::span<const FillerWord> fillers, int gap,
               std::vector<int32_t>& gap_nodes);
  void pack_arcs();

  std::vector<Node> nodes_;
  std::vector<int32_t> arcs_;
  std::vector<std::pair<int32_t, int32_t>> arc_list_;  // until packed
  std::vector<int32_t> start_nodes_;
  std::vector<bool> final_;
  int min_phones_ = 0;
};

}  // namespace bivox
