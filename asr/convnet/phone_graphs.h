// What sequence training compares: the phones of one utterance, and all that speech is made of.
//
//   said:  the phones of an utterance in order, each within some frames of where it was aligned
//   all:   every sequence of phones, weighed by a trigram of phones counted in the training data
//
// P(a b c ...) = P(a, b | start) P(c | a, b) ...: a phone's tied states depend on the phone after
// it, so that a junction stands for (what was just said, what comes now) and a phone is entered
// together with the phone that follows. Trigrams that never occurred are not in the graph: it stays
// small, and every training utterance has its path. A phone is told apart by its place in the word,
// as the trees ask for it. Phones of the same tied states and followers are one node.
//
// Thread rule: immutable; share freely. Source: Povey et al. 2016, sections 2.2 to 2.4. Test:
// tests/asr/convnet/phone_graphs_test.cpp.
#pragma once

#include <array>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "asr/convnet/targets.h"
#include "models/nn/hmm_graph.h"

namespace bivox {

class PhoneTrigrams {
 public:
  /// Each element of `utterances` are the phones of one, in order. The tree must outlive this.
  PhoneTrigrams(std::span<const std::vector<PhoneRun>* const> utterances, const StateTree& tree);

  HmmGraph all() const;
  /// `frames`: of the network's output; the runs may be of any frame rate. `tolerance`: frames that
  /// a phone may begin earlier and end later than aligned. Weighs as in all(); what is not there
  /// (in utterances that were not counted) as if it had been seen once.
  HmmGraph said(std::span<const PhoneRun> phones, int frames, int tolerance) const;

 private:
  using Unit = int;                              // a phone and its place in the word
  using Pair = std::pair<Unit, Unit>;            // a phone, the one after it
  using Outputs = std::array<int, 2>;            // tied states; unused places are -1
  using Node = std::tuple<Unit, Unit, Outputs>;  // a pair, and what the first emits
  static constexpr Unit kEdge = -1;              // before and after an utterance
  static constexpr Pair kStart = {kEdge, kEdge};

  /// The node of phone i.
  Node node(std::span<const PhoneRun> phones, size_t i) const;
  Unit unit(const PhoneRun& run) const;
  std::span<const int> outputs(const Node& node) const;

  const StateTree& tree_;
  std::map<Pair, double> pairs_;                     // how often each was come to
  std::map<std::pair<Pair, Node>, double> entries_;  // the pair before, the phone that it enters
};

}  // namespace bivox
