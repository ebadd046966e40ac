#include "legacy/training/discriminative_training.h"

#include <algorithm>
#include <chrono>

#include "dsp/core/check.h"
#include "legacy/training/blocks.h"

namespace bivox {
namespace {

// What the utterances of a block add up to.
struct Sums {
  explicit Sums(const MixtureModel& model)
      : numerator(model), denominator(model), likelihood(model) {}

  void add(const Sums& other) {
    numerator.add(other.numerator);
    denominator.add(other.denominator);
    likelihood.add(other.likelihood);
    objective += other.objective;
    frames += other.frames;
    used += other.used;
  }
  void sum_over_ranks(Communicator& communicator) {
    numerator.sum_over_ranks(communicator);
    denominator.sum_over_ranks(communicator);
    likelihood.sum_over_ranks(communicator);
    if (communicator.ranks() == 1) return;
    double totals[3] = {objective, frames, used};
    communicator.sum(std::span<double>(totals));
    objective = totals[0];
    frames = totals[1];
    used = totals[2];
  }

  EmStatistics numerator;
  EmStatistics denominator;
  EmStatistics likelihood;
  double objective = 0.0;
  double frames = 0.0;
  double used = 0.0;  // utterances
};

void accumulate(const LatticePosteriors& posteriors, const std::vector<int>& said,
                const FeatureMatrix& features, float min_weight, Sums& sums) {
  for (size_t t = 0; t < said.size(); ++t) {
    const float* row = features.row(static_cast<Eigen::Index>(t)).data();
    sums.likelihood.accumulate(said[t], row);
    float heard = 0.0F;
    for (const StateWeight& entry : posteriors.frames[t]) {
      if (entry.state == said[t]) heard = entry.weight;
    }
    if (heard < min_weight) continue;
    if (1.0F - heard > min_weight) sums.numerator.accumulate(said[t], row, 1.0F - heard);
    for (const StateWeight& entry : posteriors.frames[t]) {
      if (entry.state == said[t] || entry.weight < min_weight) continue;
      sums.denominator.accumulate(entry.state, row, entry.weight);
    }
  }
}

}  // namespace

void train_discriminatively(const Lexicon& lexicon, const std::vector<FeatureMatrix>& features,
                            const std::vector<StateAlignment>& alignments,
                            const std::vector<ConfusionLattice>& lattices,
                            const DiscriminativeOptions& options, const TrainingReport& report,
                            const std::function<void(int pass, int used)>& after, GmmHmm& model) {
  BIVOX_CHECK(features.size() == alignments.size() && features.size() == lattices.size());
  const int rank = options.communicator ? options.communicator->rank() : 0;
  const int ranks = options.communicator ? options.communicator->ranks() : 1;
  const std::vector<float> variance = global_statistics(features).variance;
  const HmmSet hmms = model.hmms();
  for (int pass = options.first_pass; pass < options.passes; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    const auto gmms = std::make_shared<const GmmSet>(model.mixtures.to_parameters());
    std::vector<Sums> parts(kTrainingBlocks, Sums(model.mixtures));
    run_blocks(kTrainingBlocks, options.threads, [&](int block) {
      if (block % ranks != rank) return;
      Sums& sums = parts[static_cast<size_t>(block)];
      LatticeAligner aligner(hmms, lexicon, gmms, options.posteriors);
      const auto [first, last] = block_range(block, features.size());
      for (size_t u = first; u < last; ++u) {
        if (alignments[u].empty() || lattices[u].arcs.empty()) continue;
        const LatticePosteriors posteriors =
            aligner.posteriors(lattices[u], features[u], alignments[u]);
        if (posteriors.frames.empty()) continue;
        sums.objective += posteriors.log_reference - posteriors.log_total;
        sums.frames += static_cast<double>(features[u].rows());
        sums.used += 1.0;
        accumulate(posteriors, tied_states(alignments[u], model.tree), features[u],
                   options.min_weight, sums);
      }
    });
    for (int block = 0; block < kTrainingBlocks; ++block) {
      Sums& part = parts[static_cast<size_t>(block)];
      if (options.communicator != nullptr) part.sum_over_ranks(*options.communicator);
      if (block > 0) parts[0].add(part);
    }
    const Sums& total = parts[0];
    update_extended_baum_welch(total.numerator, total.denominator, total.likelihood, variance,
                               options.update, model.mixtures);
    const int used = static_cast<int>(total.used);
    if (report && rank == 0) {
      TrainingPass line;
      line.rung = options.rung;
      line.pass = pass;
      line.log_likelihood_per_frame = total.objective / std::max(1.0, total.frames);
      line.num_states = model.mixtures.num_states();
      line.num_gaussians = model.mixtures.num_gaussians();
      line.num_aligned = used;
      line.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      report(line);
    }
    if (after) after(pass, used);
  }
}

}  // namespace bivox
