// State alignments (models/state_alignment.h) made in training: from a best path, and the flat
// start.
//
// Thread rule: pure functions. Test: tests/legacy/training_test.cpp.
#pragma once

#include <span>
#include <string>

#include "legacy/hmm/alignment.h"
#include "models/state_alignment.h"

namespace bivox {

/// The runs of a best path. `frames` is the length of the utterance.
StateAlignment to_state_alignment(const ViterbiAligner::Path& path, const AlignmentGraph& graph,
                                  const HmmSet& hmms, int frames);

/// Flat start: silence, the words' first pronunciations, silence, all states equally long. Empty
/// when the utterance is too short.
StateAlignment equal_alignment(std::span<const std::string> words, const Lexicon& lexicon,
                               const PhoneSet& phones, int states_per_hmm, int frames);

}  // namespace bivox
