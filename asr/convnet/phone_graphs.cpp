#include "asr/convnet/phone_graphs.h"

#include "dsp/core/check.h"

namespace bivox {

PhoneTrigrams::PhoneTrigrams(std::span<const std::vector<PhoneRun>* const> utterances,
                             const StateTree& tree)
    : tree_(tree) {
  for (const std::vector<PhoneRun>* phones : utterances) {
    Pair before = kStart;
    for (size_t i = 0; i < phones->size(); ++i) {
      const Node here = node(*phones, i);
      pairs_[before] += 1.0;
      entries_[{before, here}] += 1.0;
      before = {std::get<0>(here), std::get<1>(here)};
    }
    pairs_.try_emplace(before, 0.0);  // ends here
  }
  BIVOX_CHECK(!entries_.empty());
}

PhoneTrigrams::Unit PhoneTrigrams::unit(const PhoneRun& run) const {
  const WordPosition position =
      tree_.phones().is_filler(run.phone) ? WordPosition::kSingle : run.context.position;
  return run.phone * 4 + static_cast<int>(position);
}

PhoneTrigrams::Node PhoneTrigrams::node(std::span<const PhoneRun> phones, size_t i) const {
  Outputs outputs = {-1, -1};
  for (int k = 0; k < tree_.states_per_hmm(); ++k) {
    outputs.at(static_cast<size_t>(k)) = tree_.tied_state(phones[i].phone, k, phones[i].context);
  }
  return {unit(phones[i]), i + 1 < phones.size() ? unit(phones[i + 1]) : kEdge, outputs};
}

std::span<const int> PhoneTrigrams::outputs(const Node& node) const {
  return {std::get<2>(node).data(), static_cast<size_t>(tree_.states_per_hmm())};
}

HmmGraph PhoneTrigrams::all() const {
  HmmGraph graph(tree_.states_per_hmm());
  std::map<Pair, int> junctions;
  for (const auto& [pair, count] : pairs_) {
    const bool ends = pair != kStart && pair.second == kEdge;
    junctions[pair] = graph.add_junction(ends ? 1.0F : 0.0F);
  }
  // Numbered by where they leave to, so that neighbours share it.
  std::map<Node, int> nodes;
  for (const auto& [entry, count] : entries_) nodes[entry.second] = 0;
  for (auto& [node, phone] : nodes) {
    phone = graph.add_phone(outputs(node), junctions.at({std::get<0>(node), std::get<1>(node)}));
  }
  for (const auto& [entry, count] : entries_) {
    graph.add_entry(junctions.at(entry.first), nodes.at(entry.second),
                    static_cast<float>(count / pairs_.at(entry.first)));
  }
  graph.finish(junctions.at(kStart));
  return graph;
}

HmmGraph PhoneTrigrams::said(std::span<const PhoneRun> phones, int frames, int tolerance) const {
  HmmGraph graph(tree_.states_per_hmm());
  const int aligned = total_frames(phones);
  int junction = graph.add_junction(phones.empty() ? 1.0F : 0.0F);
  Pair before = kStart;
  int64_t begin = 0;
  for (size_t i = 0; i < phones.size(); ++i) {
    const Node here = node(phones, i);
    const auto seen = entries_.find({before, here});
    const auto come_to = pairs_.find(before);
    const double count = come_to == pairs_.end() ? 0.0 : come_to->second;
    const double weight = seen == entries_.end() ? 1.0 / (count + 1.0) : seen->second / count;

    const int64_t end = begin + phones[i].frames;
    const int after = graph.add_junction(i + 1 == phones.size() ? 1.0F : 0.0F);
    const auto first = static_cast<int>(begin * frames / aligned) - tolerance;
    const auto last = static_cast<int>((end * frames + aligned - 1) / aligned) - 1 + tolerance;
    graph.add_entry(junction, graph.add_phone(outputs(here), after, first, last),
                    static_cast<float>(weight));
    junction = after;
    begin = end;
    before = {std::get<0>(here), std::get<1>(here)};
  }
  graph.finish(0);
  return graph;
}

}  // namespace bivox
