// What the ConvNet learns to say: states at its own frame rate, from alignments at another.
//
// A GMM aligns three states a phone at 10 ms; the network has one or two states a phone and an
// output every `subsampling` frames. So alignments become phones with durations, and a phone that
// has n of the network's frames gives its i-th one state
//
//   floor(i states / n)
//
// where a phone of a single frame has state 0 only: its HMM may leave from there. Output frame j
// takes the phone at input frame j * subsampling, its centre; a phone of at least `subsampling`
// frames is never missed. Where speech was made faster or slower the times are scaled along.
//
// Thread rule: pure functions. Source: Pundak & Sainath 2016, "Lower frame rate neural network
// acoustic models". Test: tests/asr/convnet/targets_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "models/state_alignment.h"
#include "models/state_tree.h"

namespace bivox {

/// A phone in its context, and how long it lasts.
struct PhoneRun {
  PhoneId phone = 0;
  PhoneContext context;
  int32_t frames = 0;
};

/// Joins the runs of a phone's states.
std::vector<PhoneRun> phone_runs(const StateAlignment& alignment);
/// Frames of all runs.
int total_frames(std::span<const PhoneRun> runs);

/// The runs at the network's frame rate, when the utterance has `frames` input frames (of any
/// number in the runs) and every `subsampling`-th is an output. Phones that get no frame are left
/// out; together they have ceil(frames / subsampling).
std::vector<PhoneRun> subsampled_runs(std::span<const PhoneRun> runs, int frames, int subsampling);

/// Each phone cut into states_per_phone (1 or 2) states, as above.
StateAlignment split_states(std::span<const PhoneRun> runs, int states_per_phone);

/// Labels for CTC: phones in order but for fillers, counted from 1; 0 is the blank.
std::vector<int> phone_labels(std::span<const PhoneRun> runs, const PhoneSet& phones);

/// How phones pass through their states, counted: the transitions of an HmmSet, natural logs
/// `[phones][states][states + 1]`. Phones that were hardly seen get even odds.
class TransitionCounts {
 public:
  TransitionCounts(int phones, int states_per_phone);
  /// `alignment` by split_states() at the network's frame rate.
  void add(const StateAlignment& alignment);
  std::vector<float> log_probs() const;

 private:
  int states_;
  std::vector<double> counts_;  // [phones][states][states + 1]
};

}  // namespace bivox
