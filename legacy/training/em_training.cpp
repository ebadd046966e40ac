#include "legacy/training/em_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "dsp/core/check.h"
#include "legacy/gmm/gmm_scores.h"
#include "models/topology.h"

namespace bivox {
namespace {

constexpr float kUnlikely = -std::numeric_limits<float>::infinity();

// Models of continuous mixtures want more language model than the semi-continuous one that the
// defaults suit; chosen on librispeech/dev-clean and dev-other with en-small.
ScoreScale trained_score_scale() {
  ScoreScale scale;
  scale.language_weight = 11.0F;
  scale.word_penalty = -8.0F;
  scale.beam = 190.0F;
  return scale;
}

}  // namespace

GlobalStatistics global_statistics(const std::vector<FeatureMatrix>& features) {
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(features.front().cols());
  Eigen::RowVectorXd square = sum;
  double frames = 0.0;
  for (const FeatureMatrix& rows : features) {
    sum += rows.colwise().sum().cast<double>();
    square += rows.array().square().matrix().colwise().sum().cast<double>();
    frames += static_cast<double>(rows.rows());
  }
  GlobalStatistics out;
  for (Eigen::Index d = 0; d < sum.size(); ++d) {
    const double mean = sum[d] / frames;
    out.mean.push_back(static_cast<float>(mean));
    out.variance.push_back(static_cast<float>(square[d] / frames - mean * mean));
  }
  return out;
}

GmmHmm::GmmHmm(StateTree state_tree, FeatureForm feature_form)
    : tree(std::move(state_tree)), form(feature_form) {
  const TopologyOptions topology{tree.states_per_hmm(), 0.6F, 0.0F};
  const std::vector<float> one = left_to_right_transitions(topology);
  for (int p = 0; p < tree.phones().size(); ++p) {
    transitions.insert(transitions.end(), one.begin(), one.end());
  }
}

std::shared_ptr<const GmmAcousticModel> GmmHmm::acoustic_model(std::string origin) const {
  const PhoneSet& phones = tree.phones();
  return std::make_shared<GmmAcousticModel>(
      GmmAcousticModel::Parts{training_front_end(form),
                              hmms(),
                              std::make_shared<const GmmSet>(mixtures.to_parameters(transform)),
                              {FillerWord{"<sil>", phones.silence()}},
                              trained_score_scale(),
                              GmmScoresOptions{},
                              std::move(origin)});
}

EmTraining::EmTraining(const TrainingCorpus& corpus, const Lexicon& lexicon,
                       std::vector<FeatureMatrix>& features, EmTrainingOptions options,
                       TrainingReport report)
    : corpus_(corpus),
      lexicon_(lexicon),
      features_(features),
      options_(std::move(options)),
      report_(std::move(report)) {
  BIVOX_CHECK(features_.size() == corpus_.utterances.size());
}

int EmTraining::align(const GmmHmm& model, std::vector<StateAlignment>& alignments) const {
  const HmmSet hmms = model.hmms();
  const auto gmms = std::make_shared<const GmmSet>(model.mixtures.to_parameters());
  const std::vector<FillerWord> fillers = {{"<sil>", hmms.phones().silence()}};
  AlignmentOptions options;
  options.beam = options_.align_beam;
  options.silence_penalty = options_.silence_penalty;
  std::vector<int> aligned(kTrainingBlocks, 0);
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    if (!is_mine(block)) return;
    GmmScores scores(gmms);
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      const AlignmentGraph graph(hmms, lexicon_, fillers, corpus_.utterances[u].words);
      const auto path = best_state_path(hmms, graph, options, features_[u], scores);
      if (!path) continue;
      alignments[u] = to_state_alignment(*path, graph, hmms, static_cast<int>(features_[u].rows()));
      ++aligned[static_cast<size_t>(block)];
    }
  });
  int total = 0;
  for (const int count : aligned) total += count;
  share(alignments, total);
  return total;
}

void EmTraining::share(std::vector<StateAlignment>& alignments, int& aligned) const {
  if (ranks() == 1) return;
  constexpr size_t kColumns = 6;
  // Numbers below 2^24 are exact as floats; of every utterance all ranks but one add zeros.
  std::vector<float> counts(alignments.size() + 1, 0.0F);
  const auto for_each_block = [&](const auto& use) {
    for (int block = 0; block < kTrainingBlocks; ++block) {
      const auto [first, last] = block_range(block, alignments.size());
      for (size_t u = first; u < last; ++u) use(u, is_mine(block));
    }
  };
  for_each_block([&](size_t u, bool mine) {
    if (mine) counts[u] = static_cast<float>(alignments[u].size());
  });
  counts.back() = static_cast<float>(aligned);
  options_.communicator->sum(std::span<float>(counts));
  aligned = static_cast<int>(counts.back());
  size_t total = 0;
  for (size_t u = 0; u < alignments.size(); ++u) total += static_cast<size_t>(counts[u]);
  std::vector<float> runs(total * kColumns, 0.0F);
  size_t at = 0;
  for_each_block([&](size_t u, bool mine) {
    float* to = runs.data() + at;
    at += static_cast<size_t>(counts[u]) * kColumns;
    if (!mine) return;
    for (const StateRun& run : alignments[u]) {
      *to++ = static_cast<float>(run.phone);
      *to++ = static_cast<float>(run.state);
      *to++ = static_cast<float>(run.context.position);
      *to++ = static_cast<float>(run.context.left);
      *to++ = static_cast<float>(run.context.right);
      *to++ = static_cast<float>(run.frames);
    }
  });
  options_.communicator->sum(std::span<float>(runs));
  at = 0;
  for_each_block([&](size_t u, bool mine) {
    const float* from = runs.data() + at;
    const auto count = static_cast<size_t>(counts[u]);
    at += count * kColumns;
    if (mine) return;
    alignments[u].clear();
    for (size_t i = 0; i < count; ++i, from += kColumns) {
      alignments[u].push_back({static_cast<PhoneId>(from[0]),
                               static_cast<int16_t>(from[1]),
                               {static_cast<WordPosition>(static_cast<int>(from[2])),
                                static_cast<PhoneId>(from[3]), static_cast<PhoneId>(from[4])},
                               static_cast<int32_t>(from[5])});
    }
  });
}

void EmTraining::update_transitions(GmmHmm& model,
                                    const std::vector<StateAlignment>& alignments) const {
  const int states = model.tree.states_per_hmm();
  const auto num_phones = static_cast<size_t>(model.tree.phones().size());
  std::vector<double> frames(num_phones * static_cast<size_t>(states), 1.0);
  std::vector<double> leaves(frames.size(), 0.5);
  for (const StateAlignment& alignment : alignments) {
    for (const StateRun& run : alignment) {
      const size_t at = static_cast<size_t>(run.phone) * static_cast<size_t>(states) +
                        static_cast<size_t>(run.state);
      frames[at] += run.frames;
      leaves[at] += 1.0;
    }
  }
  for (size_t at = 0; at < frames.size(); ++at) {
    const double leave = std::clamp(leaves[at] / frames[at], 0.01, 0.99);
    const size_t state = at % static_cast<size_t>(states);
    float* row = model.transitions.data() + (at - state) * static_cast<size_t>(states + 1) +
                 state * static_cast<size_t>(states + 1);
    std::fill_n(row, states + 1, kUnlikely);
    row[state] = static_cast<float>(std::log(1.0 - leave));
    row[state + 1] = static_cast<float>(std::log(leave));
  }
}

void EmTraining::run(GmmHmm& model, std::vector<StateAlignment>& alignments,
                     const PassHooks& hooks) {
  GlobalStatistics global = global_statistics(features_);
  if (model.mixtures.num_states() != model.tree.num_states()) {
    model.mixtures = MixtureModel(model.tree.num_states(), global.mean, global.variance);
  }
  int aligned = options_.first_pass > 0
                    ? options_.first_num_aligned
                    : static_cast<int>(std::ranges::count_if(
                          alignments, [](const StateAlignment& a) { return !a.empty(); }));
  const int first_gaussians = model.tree.num_states();
  for (int pass = options_.first_pass; pass < options_.passes; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    if (hooks.before) {
      hooks.before(pass);
      global = global_statistics(features_);
    }
    if (std::ranges::find(options_.realign_passes, pass) != options_.realign_passes.end()) {
      aligned = align(model, alignments);
    }
    std::vector<EmStatistics> parts(kTrainingBlocks, EmStatistics(model.mixtures));
    run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
      if (!is_mine(block)) return;
      EmStatistics& part = parts[static_cast<size_t>(block)];
      const auto [first, last] = block_range(block, features_.size());
      for (size_t u = first; u < last; ++u) {
        const std::vector<int> states = tied_states(alignments[u], model.tree);
        for (size_t t = 0; t < states.size(); ++t) {
          part.accumulate(states[t],
                          features_[u].data() + static_cast<Eigen::Index>(t) * features_[u].cols());
        }
      }
    });
    for (int block = 0; block < kTrainingBlocks; ++block) {
      EmStatistics& part = parts[static_cast<size_t>(block)];
      if (options_.communicator != nullptr) part.sum_over_ranks(*options_.communicator);
      if (block > 0) parts[0].add(part);
    }
    const EmStatistics& total = parts[0];
    total.update(model.mixtures, global.variance);
    update_transitions(model, alignments);
    if (report_ && rank() == 0) {
      TrainingPass line;
      line.rung = options_.rung;
      line.pass = pass;
      line.log_likelihood_per_frame = total.log_likelihood() / std::max(1.0, total.frames());
      line.num_states = model.mixtures.num_states();
      line.num_gaussians = model.mixtures.num_gaussians();
      line.num_aligned = aligned;
      line.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      report_(line);
    }
    if (pass < options_.last_split_pass && options_.target_gaussians > first_gaussians) {
      const double share = static_cast<double>(pass + 1) / options_.last_split_pass;
      const int target =
          first_gaussians + static_cast<int>(share * (options_.target_gaussians - first_gaussians));
      model.mixtures.split(target, total.occupancy(), options_.split_power,
                           options_.min_frames_per_density,
                           options_.seed + static_cast<uint64_t>(pass));
    }
    if (hooks.after) hooks.after(pass, aligned);
  }
}

}  // namespace bivox
