// Acoustic models of any kind by their folder: the one place that knows both paradigms.
//
//   a model folder of kind "convnet"   asr/convnet/convnet_model.h
//   a model folder of kind "gmm-hmm"   legacy/gmm/gmm_model_folder.h; the model for features that
//                                      are not adapted
//   a folder of CMU Sphinx             legacy/gmm/sphinx_model.h
//
// Errors: Error(kModel) for a model folder of another kind, and those of the loaders. Thread rule:
// free functions. Test: tests/apps/cli_train_convnet_test.cpp.
#pragma once

#include <filesystem>
#include <memory>

#include "models/acoustic_model.h"

namespace bivox {

std::shared_ptr<const AcousticModel> load_acoustic_model(const std::filesystem::path& folder);

/// Whether the folder is one that load_acoustic_model() knows, by its kind or its mdef.
bool is_acoustic_model(const std::filesystem::path& folder);

}  // namespace bivox
