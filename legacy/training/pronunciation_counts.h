// How often every pronunciation of a word was chosen by forced alignment of the training speech.
//
// Thread rule: pure function. Test: tests/legacy/training_test.cpp.
#pragma once

#include <vector>

#include "legacy/training/corpus.h"
#include "models/state_alignment.h"

namespace bivox {

/// [words][pronunciations of the word] of `lexicon`, for pronunciation_probabilities().
/// `alignments` [utterances] of the corpus; those that are empty do not count.
std::vector<std::vector<double>> count_pronunciations(const TrainingCorpus& corpus,
                                                      const std::vector<StateAlignment>& alignments,
                                                      const Lexicon& lexicon, PhoneId silence);

}  // namespace bivox
