// What a model folder holds, for `bivox info`: its kind and files; of a network the number of
// parameters, the operations for a second of audio, the receptive field and the precision; of
// Gaussian mixtures their numbers.
//
// Operations are multiplications and additions, counted from the description: the same for every
// input. They are given for a second where the model's options say at what rate its network runs
// ("frame_rate_hz": frames of its first input), else for a frame.
// Errors: Error(kModel) for folders that are damaged. Test: tests/apps/model_folder_facts_test.cpp.
#pragma once

#include <filesystem>
#include <vector>

#include "models/acoustic_model.h"

namespace bivox {

std::vector<ModelFact> model_folder_facts(const std::filesystem::path& folder);

}  // namespace bivox
