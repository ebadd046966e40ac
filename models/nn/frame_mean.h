// Mean over the real frames of each utterance: one row for a whole word, sentence or recording.
//
//   y[b, 0, c] = sum over t < lengths[b] of x[b, t, c] / lengths[b]
//
// x [batch x time x channels], y [batch x 1 x channels]; an utterance without frames gives 0. Of
// logits it is the decision of all frames together (geometric mean of their odds).
// Thread rule: that of the tape. Test: tests/models/nn/frame_mean_test.cpp (finite differences).
#pragma once

#include <span>

#include "models/nn/tape.h"

namespace bivox {

Var mean_frames(Var x, std::span<const int> lengths);

}  // namespace bivox
