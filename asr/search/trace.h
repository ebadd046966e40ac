// The memory of the search: word ends with their predecessors, from which the best path and the
// lattice are read. Internal to asr/search.
//
// A Trace is a set of word ends that the future cannot tell apart: same frame, same language model
// context, same last phone, same set of phones that may follow. Its arcs lead back to the traces
// where their words began; the best comes first. Traces are numbered in order of time; 0 is the
// start.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "asr/search/lattice.h"
#include "asr/search/prefix_tree.h"

namespace bivox {

using TraceIndex = uint32_t;
inline constexpr TraceIndex kNoTrace = 0xffffffffU;

struct TraceArc {
  TraceIndex from;
  TreeWord word;
  float language;  ///< log P(word | history), unweighted
  float penalty;
  double score;  ///< Objective of the best path that ends with this arc.
};

struct Trace {
  int32_t frame;
  LmState state;
  PhoneId last_phone;
  uint16_t right_set;
  uint32_t arc_begin;
  uint32_t arc_end;
  double score;  ///< That of its best arc.
};

class TraceStore {
 public:
  /// Empties the store and makes trace 0.
  void reset(LmState state, PhoneId last_phone, uint16_t right_set);

  /// Adds a trace whose arcs are given best first.
  TraceIndex add(int32_t frame, LmState state, PhoneId last_phone, uint16_t right_set,
                 std::span<const TraceArc> arcs);

  const Trace& operator[](TraceIndex index) const { return traces_[index]; }
  size_t size() const { return traces_.size(); }
  std::span<const TraceArc> arcs(const Trace& trace) const {
    return {arcs_.data() + trace.arc_begin, trace.arc_end - trace.arc_begin};
  }
  std::span<const Trace> traces() const { return traces_; }

  /// True when the store has doubled since the last collect().
  bool wants_collection() const { return traces_.size() > collect_at_; }
  /// Drops what cannot be reached from `live`; returns the new index of each old trace.
  std::vector<TraceIndex> collect(std::span<const TraceIndex> live);

  /// Best path to a trace, as (arc, end frame) from left to right.
  struct Step {
    TreeWord word;
    int start_frame;
    int end_frame;
  };
  std::vector<Step> path_to(TraceIndex last) const;

  /// The lattice of all paths to `finals` (node numbers are trace indices at first).
  Lattice lattice(std::span<const Lattice::Final> finals, float language_weight) const;

 private:
  std::vector<bool> reachable(std::span<const TraceIndex> live) const;

  std::vector<Trace> traces_;
  std::vector<TraceArc> arcs_;
  size_t collect_at_ = kFirstCollection;
  static constexpr size_t kFirstCollection = 1U << 16U;
};

}  // namespace bivox
