// Checkpoints: a TrainingState in one file, from which a stopped training goes on exactly.
//
// The file is safetensors: tensors as F32, values as its JSON metadata. It is written beside the
// target, synchronized with the disk and renamed, so at every moment - kill -9 and loss of power
// included - the name holds a whole checkpoint: the new one or the one before it.
// Errors: Error(kModel) for a file that is no checkpoint; Error(kRuntime) when writing fails.
// Thread rule: pure functions on files. Test: tests/models/nn/checkpoint_test.cpp (a training
// killed at random moments ends with the losses of an uninterrupted one, bit for bit).
#pragma once

#include <filesystem>

#include "models/nn/training_state.h"

namespace bivox {

void save_checkpoint(const std::filesystem::path& path, const TrainingState& state);
TrainingState load_checkpoint(const std::filesystem::path& path);

}  // namespace bivox
