// The best state path through an AlignmentGraph: time-synchronous Viterbi with a beam.
//
// Every emitting state of a node holds the best path that ends there. A path is a chain of records,
// one for each state entered; records that no living path refers to are collected from time to
// time, so that memory follows the length of the common path and not the number of paths. Units:
// natural logarithms; frames. Thread rule: one object per alignment. Test:
// tests/legacy/alignment_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "legacy/hmm/alignment_graph.h"
#include "models/hmm_set.h"

namespace bivox {

class ViterbiAligner {
 public:
  /// A state was entered at a frame by the best path.
  struct Entry {
    int32_t node = 0;
    int16_t state = 0;
    int32_t frame = 0;
    double score = 0.0;  ///< Of the path up to then, this frame not included.
  };
  struct Path {
    std::vector<Entry> entries;
    double score = 0.0;
  };

  /// `entry_scores` [nodes] is added whenever a node is entered.
  ViterbiAligner(const HmmSet& hmms, const AlignmentGraph& graph,
                 std::span<const float> entry_scores, float beam);

  /// States that the next frame needs scores of. Empty once all paths were lost.
  std::span<const StateId> wanted_states();
  /// Takes the scores `[states]` of the next frame.
  void advance(std::span<const float> scores);
  /// The best path that ends in a final node now, if one is alive.
  std::optional<Path> best_path() const;
  size_t num_records() const { return records_.size(); }

 private:
  struct Token {
    double score;
    int32_t record;
  };
  struct Record {
    int32_t previous;
    int32_t node_state;  // node * states_per_hmm + state
    int32_t frame;
    double score;
  };

  static constexpr size_t kFirstCollection = 1 << 16;

  void enter(int32_t node, const Token& token);
  Token exit_token(int32_t node) const;
  void step_node(int32_t node, std::span<const float> scores);
  void propagate();
  void collect_records();

  const HmmSet& hmms_;
  const AlignmentGraph& graph_;
  std::span<const float> entry_scores_;
  float beam_;
  size_t num_states_;
  int32_t frame_ = 0;
  double best_ = 0.0;
  std::vector<Token> tokens_;    // [node][state]
  std::vector<Token> entering_;  // [node]: waits to enter state 0 at the next frame
  std::vector<int32_t> active_;  // nodes with living tokens or an entering one
  std::vector<bool> is_active_;
  std::vector<StateId> wanted_;
  std::vector<int32_t> wanted_stamp_;  // [tied state]: serial number of the call that listed it
  int32_t wanted_serial_ = 0;
  std::vector<Record> records_;
  size_t next_collection_ = kFirstCollection;
};

}  // namespace bivox
