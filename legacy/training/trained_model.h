// What a rung of the ladder gives, as the model that folders keep and recognizers read.
//
// Thread rule: pure functions. Test: tests/legacy/gmm_model_folder_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "legacy/gmm/gmm_model_folder.h"
#include "legacy/training/em_training.h"

namespace bivox {

/// `first_pass`: for features that are not adapted, of the rung "sat"; else null.
GmmModel make_gmm_model(const GmmHmm& trained, std::string rung,
                        std::shared_ptr<const GmmModel> first_pass = nullptr);

}  // namespace bivox
