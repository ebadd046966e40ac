#include "asr/search/trace.h"

#include <algorithm>

namespace bivox {

void TraceStore::reset(LmState state, PhoneId last_phone, uint16_t right_set) {
  traces_.clear();
  arcs_.clear();
  collect_at_ = kFirstCollection;
  traces_.push_back({0, state, last_phone, right_set, 0, 0, 0.0});
}

TraceIndex TraceStore::add(int32_t frame, LmState state, PhoneId last_phone, uint16_t right_set,
                           std::span<const TraceArc> arcs) {
  const uint32_t begin = static_cast<uint32_t>(arcs_.size());
  arcs_.insert(arcs_.end(), arcs.begin(), arcs.end());
  traces_.push_back({frame, state, last_phone, right_set, begin,
                     static_cast<uint32_t>(arcs_.size()), arcs.front().score});
  return static_cast<TraceIndex>(traces_.size() - 1);
}

std::vector<bool> TraceStore::reachable(std::span<const TraceIndex> live) const {
  std::vector<bool> keep(traces_.size(), false);
  keep[0] = true;
  for (TraceIndex index : live) {
    if (index != kNoTrace) keep[index] = true;
  }
  // Arcs lead to smaller indices only, so one pass from the back marks everything.
  for (size_t i = traces_.size(); i-- > 0;) {
    if (!keep[i]) continue;
    for (const TraceArc& arc : arcs(traces_[i])) keep[arc.from] = true;
  }
  return keep;
}

std::vector<TraceIndex> TraceStore::collect(std::span<const TraceIndex> live) {
  const std::vector<bool> keep = reachable(live);
  std::vector<TraceIndex> moved(traces_.size(), kNoTrace);
  size_t kept = 0;
  uint32_t kept_arcs = 0;
  for (size_t i = 0; i < traces_.size(); ++i) {
    if (!keep[i]) continue;
    Trace trace = traces_[i];
    const uint32_t begin = kept_arcs;
    for (uint32_t a = trace.arc_begin; a < trace.arc_end; ++a) {
      TraceArc arc = arcs_[a];
      arc.from = moved[arc.from];
      arcs_[kept_arcs++] = arc;
    }
    trace.arc_begin = begin;
    trace.arc_end = kept_arcs;
    moved[i] = static_cast<TraceIndex>(kept);
    traces_[kept++] = trace;
  }
  traces_.resize(kept);
  arcs_.resize(kept_arcs);
  collect_at_ = std::max(kFirstCollection, 2 * kept);
  return moved;
}

std::vector<TraceStore::Step> TraceStore::path_to(TraceIndex last) const {
  std::vector<Step> path;
  while (last != 0 && last != kNoTrace) {
    const Trace& trace = traces_[last];
    const TraceArc& arc = arcs_[trace.arc_begin];
    path.push_back({arc.word, traces_[arc.from].frame, trace.frame});
    last = arc.from;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Lattice TraceStore::lattice(std::span<const Lattice::Final> finals, float language_weight) const {
  std::vector<TraceIndex> live;
  for (const Lattice::Final& final : finals) live.push_back(final.node);
  const std::vector<bool> keep = reachable(live);
  std::vector<uint32_t> node_of(traces_.size(), 0);
  Lattice lattice;
  lattice.language_weight = language_weight;
  for (size_t i = 0; i < traces_.size(); ++i) {
    if (!keep[i]) continue;
    const Trace& trace = traces_[i];
    node_of[i] = static_cast<uint32_t>(lattice.nodes.size());
    lattice.nodes.push_back({trace.frame});
    for (const TraceArc& arc : arcs(trace)) {
      const double acoustic =
          arc.score - traces_[arc.from].score -
          static_cast<double>(language_weight) * static_cast<double>(arc.language) -
          static_cast<double>(arc.penalty);
      lattice.arcs.push_back({node_of[arc.from], node_of[i], arc.word, static_cast<float>(acoustic),
                              arc.language, arc.penalty});
    }
  }
  for (const Lattice::Final& final : finals) {
    lattice.finals.push_back({node_of[final.node], final.score});
  }
  return lattice;
}

}  // namespace bivox
