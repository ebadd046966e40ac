// A hidden Markov model over whole utterances as a sparse graph, and its forward-backward
// recursions: what sequence losses sum over.
//
// Phones are left-to-right chains of one or two states, each with the network's output that it
// emits. They are entered from junctions and left to junctions, so that the arcs of every phone
// meet where what follows depends on the same history:
//
//   a_t(s) = e^{x_t(out(s))} (stay a_{t-1}(s) + next a_{t-1}(s-1) + sum over entries J_{t-1}(j) w)
//   J_t(j) = sum over states s that leave for j:  leave a_t(s)
//   total  = sum over j:  J_{T-1}(j) end(j),          J_{-1} = 1 at the start
//
// Stay, next and leave are even odds, as what is compared has the same ones. Sums are over
// probabilities, scaled to 1 at every frame; outputs further than 60 nats below the best of their
// frame count as 60. Phones with less than the share `least` of a frame's sum can be left out,
// forward and back: of all that could be said little is left to go through where the network knows
// what it hears.
//
// Weights are probabilities, not logarithms. Errors: BIVOX_CHECK for indices that do not exist.
// Thread rule: immutable after finish(); share freely. Source: Povey et al. 2016, "Purely
// sequence-trained neural networks for ASR based on lattice-free MMI", section 2. Test:
// tests/models/nn/sequence_loss_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bivox {

class HmmGraph {
 public:
  /// 1 or 2. Phones of two states may be left from the first.
  explicit HmmGraph(int states_per_phone);

  /// `end`: the probability that an utterance ends here.
  int add_junction(float end);
  /// A phone that emits `outputs` [states_per_phone] and is left to `junction`; returns its number.
  int add_phone(std::span<const int> outputs, int junction);
  /// The same, at frames first to last only.
  int add_phone(std::span<const int> outputs, int junction, int first, int last);
  void add_entry(int junction, int phone, float weight);
  /// Orders what was added; utterances begin at `start`.
  void finish(int start);

  int num_phones() const { return static_cast<int>(phones_.size()); }
  int num_junctions() const { return static_cast<int>(ends_.size()); }
  int num_entries() const { return static_cast<int>(entries_.size()); }

  /// The natural logarithm of total; -infinity when no path has `frames` frames. Adds weight times
  /// the probability of each output, given the utterance, to its place in `posteriors` [frames x
  /// classes], unless that is null or there is no path. `scores` [frames x classes] are x.
  double sum_paths(int64_t frames, int64_t classes, const float* scores, float weight,
                   float* posteriors, float least = 0.0F) const;

 private:
  struct Phone {
    int first;  // outputs; of phones of one state the same
    int second;
    int junction;  // where it leaves to
  };
  struct Entry {
    int junction;
    int phone;
    float weight;
  };
  struct Window {
    int first;
    int last;
  };
  struct Active;  // a phone that some path is in
  class Frames;   // those of an utterance
  class Forward;
  class Backward;

  bool is_open(int phone, int64_t t) const {
    if (windows_.empty()) return true;
    const Window& window = windows_[static_cast<size_t>(phone)];
    return t >= window.first && t <= window.last;
  }
  std::span<const Entry> entries_of(int junction) const;

  int states_per_phone_;
  int start_ = 0;
  std::vector<Phone> phones_;
  std::vector<Window> windows_;      // [phones], or empty
  std::vector<float> ends_;          // [junctions]
  std::vector<Entry> entries_;       // by junction
  std::vector<int> junction_begin_;  // [junctions + 1], of the entries
};

}  // namespace bivox
