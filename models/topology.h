// Left-to-right topologies: the transition matrix that training starts from.
//
//   a[i][i] = stay, a[i][i+1] = 1 - stay - skip, a[i][i+2] = skip (where there is such a state)
//
// as natural log probabilities `[states x states + 1]`, row-major; the last column leaves the HMM.
// Thread rule: pure function. Source: Rabiner, Proc. IEEE 77(2), 1989, section IV.B.
// Test: tests/models/state_tree_test.cpp.
#pragma once

#include <vector>

namespace bivox {

struct TopologyOptions {
  int states = 3;
  float stay = 0.5F;  ///< Probability of staying in a state for another frame.
  float skip = 0.0F;  ///< Probability of leaving out the next state; none skips out of the HMM.
};

/// Throws Error(kUsage) for probabilities that leave nothing for the next state.
std::vector<float> left_to_right_transitions(const TopologyOptions& options = {});

}  // namespace bivox
