// Boosted maximum mutual information: mixtures that tell what was said from what else could have
// been heard, instead of ones that explain it best.
//
//   F = sum_u log  p(x_u | said)^scale P(said) / sum over the lattice of p(x_u | w)^scale P(w)
//   e^(boost errors(w))
//
// A pass: weights of states from alignments (numerator) and lattices (denominator), of which what
// is common cancels frame by frame; then one extended Baum-Welch step (legacy/gmm/ebw_update.h).
// Frames whose true state the lattice does not hold are left out of both. Alignments, lattices,
// trees and transitions stay. TrainingPass::log_likelihood_per_frame is F over the frames, but for
// P(said), which never changes.
//
// Utterances are dealt to blocks and summed in their order, as in em_training.h, so that the result
// depends on neither threads nor ranks. Thread rule: one call per training run. Source: Povey et
// al., "Boosted MMI for model and feature-space discriminative training", ICASSP 2008. Test:
// tests/legacy/training_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "legacy/gmm/ebw_update.h"
#include "legacy/training/confusion_lattice.h"
#include "legacy/training/lattice_posteriors.h"

namespace bivox {

struct DiscriminativeOptions {
  std::string rung;
  int passes = 4;
  int first_pass = 0;  ///< To go on after the passes before it.
  LatticePosteriorOptions posteriors;
  EbwOptions update;
  float min_weight = 1e-4F;  ///< Of a state in a frame; less is nothing.
  int threads = 2;
  Communicator* communicator = nullptr;
};

/// Trains model.mixtures. `lattices` and `alignments` [utterances]; utterances that lack one of
/// them do not count. `features` as the mixtures see them. `after`: see PassHooks.
void train_discriminatively(const Lexicon& lexicon, const std::vector<FeatureMatrix>& features,
                            const std::vector<StateAlignment>& alignments,
                            const std::vector<ConfusionLattice>& lattices,
                            const DiscriminativeOptions& options, const TrainingReport& report,
                            const std::function<void(int pass, int used)>& after, GmmHmm& model);

}  // namespace bivox
