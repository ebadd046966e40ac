// Which HMM state every frame of an utterance belongs to, independent of how states are tied.
//
// A run is a stay in one state of one phone in its context; runs follow one another without gaps.
// Rungs that tie states differently read the same alignment: tied_states() gives the tied states of
// a tree. Thread rule: values. Test: tests/legacy/training_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "legacy/hmm/alignment.h"
#include "legacy/hmm/state_tree.h"

namespace bivox {

struct StateRun {
  PhoneId phone = 0;
  int16_t state = 0;
  PhoneContext context;
  int32_t frames = 0;
};
using StateAlignment = std::vector<StateRun>;

/// The runs of a best path. `frames` is the length of the utterance.
StateAlignment to_state_alignment(const ViterbiAligner::Path& path, const AlignmentGraph& graph,
                                  const HmmSet& hmms, int frames);

/// Flat start: silence, the words' first pronunciations, silence, all states equally long. Empty
/// when the utterance is too short.
StateAlignment equal_alignment(std::span<const std::string> words, const Lexicon& lexicon,
                               const PhoneSet& phones, int states_per_hmm, int frames);

/// The tied state of every frame.
std::vector<int> tied_states(const StateAlignment& alignment, const StateTree& tree);

}  // namespace bivox
