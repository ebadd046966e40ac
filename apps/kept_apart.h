// Which utterances of training data are kept apart to measure on: about every fiftieth, by a hash
// of its id, so that the choice does not hang on the order or the rest of the data.
//
// Thread rule: pure functions. Test: tests/apps/cli_train_voice_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace bivox {

/// The same everywhere; also the seed of what is random about an utterance.
uint64_t utterance_hash(std::string_view id);
bool is_kept_apart(std::string_view id);

}  // namespace bivox
