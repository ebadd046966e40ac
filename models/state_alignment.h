// Which HMM state every frame of an utterance belongs to, independent of how states are tied.
//
// A run is a stay in one state of one phone in its context; runs follow one another without gaps.
// What ties states differently reads the same alignment: tied_states() gives the tied states of a
// tree, one a frame. It is how one model teaches the next: a rung of the ladder the next rung, the
// Gaussian mixtures the ConvNet. Thread rule: values. Test: tests/legacy/training_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "models/state_tree.h"

namespace bivox {

struct StateRun {
  PhoneId phone = 0;
  int16_t state = 0;
  PhoneContext context;
  int32_t frames = 0;
};
using StateAlignment = std::vector<StateRun>;

/// The tied state of every frame.
std::vector<int> tied_states(const StateAlignment& alignment, const StateTree& tree);

}  // namespace bivox
