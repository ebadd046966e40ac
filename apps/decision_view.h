// One decision of a network looked into, beside the mixtures' view of the same moment.
//
// The moment is the frame in the middle half of a recording whose best state the network is surest
// of. Shown: the features around it; the gradient of the decision with respect to them (saliency,
// models/nn/saliency.h, SmoothGrad); and the states that each model likes best there.
// Errors: those of the model folder. Thread rule: a function. Test:
// tests/apps/compare_claims_test.cpp.
#pragma once

#include <filesystem>

#include "asr/convnet/convnet_model.h"
#include "asr/evaluation/report.h"
#include "dsp/audio/audio_buffer.h"
#include "models/acoustic_model.h"

namespace bivox {

/// `folder` is the network's, as it is run without its plan. `mixtures` may be null.
void add_decision_view(const ConvNetModel& model, const std::filesystem::path& folder,
                       const AcousticModel* mixtures, AudioView audio, ReportSection& section);

/// Names such as "AH 2": a phone that the state is of, and its place in the HMM, from 1.
std::vector<std::string> state_names(const HmmSet& hmms);

}  // namespace bivox
