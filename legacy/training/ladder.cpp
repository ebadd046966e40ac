#include "legacy/training/ladder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "legacy/gmm/fmllr.h"
#include "legacy/gmm/lda.h"
#include "legacy/gmm/mllt.h"
#include "legacy/hmm/tree_building.h"

namespace bivox {
namespace {

// Passes before which the transforms are estimated anew.
bool estimates_transform(int pass) { return pass == 2 || pass == 4 || pass == 6 || pass == 12; }

// The tied state of every frame; -1 in silence and noise, which transforms shall not model.
std::vector<int> speech_states(const StateAlignment& alignment, const StateTree& tree) {
  std::vector<int> states = tied_states(alignment, tree);
  size_t t = 0;
  for (const StateRun& run : alignment) {
    for (int i = 0; i < run.frames; ++i, ++t) {
      if (tree.phones().is_filler(run.phone)) states[t] = -1;
    }
  }
  return states;
}

// Not adapted. One function for all, because the same product written in two ways may be summed in
// two orders, and a continued training must see the same bits.
FeatureMatrix plain_features(const TrainingUtterance& utterance, FeatureForm form,
                             const FeatureMatrix& transform) {
  FeatureMatrix rows = expand_features(utterance.cepstra, form);
  if (transform.size() == 0) return rows;
  FeatureMatrix out = rows * transform.transpose();
  return out;
}

}  // namespace

Ladder::Ladder(const TrainingCorpus& corpus, const TrainingLexicon& lexicon, LadderOptions options,
               TrainingReport report)
    : corpus_(corpus),
      lexicon_(lexicon),
      options_(options),
      report_(std::move(report)),
      features_(corpus.utterances.size()) {
  if (options_.folder.empty()) return;
  std::filesystem::create_directories(options_.folder);
  const LadderOptions& o = options_;
  fingerprint_ =
      fmt::format("{} {}", corpus_fingerprint(corpus_),
                  fmt::join(std::vector<int>{o.mono_gaussians, o.tri_states, o.tri_gaussians,
                                             o.lda_states, o.lda_gaussians, o.lda_dims,
                                             o.sat_states, o.sat_gaussians, o.states_per_hmm},
                            " ")) +
      fmt::format(" {}", o.seed);
  passes_ = load_passes(options_.folder / "passes.tsv");
}

EmTrainingOptions Ladder::em_options(const char* rung, int gaussians) const {
  EmTrainingOptions options;
  options.rung = rung;
  options.target_gaussians = gaussians;
  options.threads = options_.threads;
  options.seed = options_.seed;
  options.communicator = options_.communicator;
  return options;
}

void Ladder::make_features(FeatureForm form, const FeatureMatrix& transform) {
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      features_[u] = plain_features(corpus_.utterances[u], form, transform);
    }
  });
}

StateTree Ladder::grow_tree(int states) const {
  const PhoneSet& phones = lexicon_.phones;
  const auto dims = static_cast<int>(features_.front().cols());
  std::vector<ContextStatistics> parts(kTrainingBlocks, ContextStatistics(phones, dims));
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      const float* row = features_[u].data();
      for (const StateRun& run : alignments_[u]) {
        for (int t = 0; t < run.frames; ++t, row += dims) {
          parts[static_cast<size_t>(block)].add(run.phone, run.state, run.context, row);
        }
      }
    }
  });
  for (int block = 1; block < kTrainingBlocks; ++block) {
    parts[0].add(parts[static_cast<size_t>(block)]);
  }
  TreeOptions options;
  options.max_states = states;
  return grow_state_tree(parts[0], phones, options_.states_per_hmm, options);
}

std::filesystem::path Ladder::state_path(const std::string& rung, const char* ending) const {
  return options_.folder / (rung + ending);
}

void Ladder::take(LadderState state) {
  if (state.alignments.size() != features_.size() ||
      (!state.speaker_transforms.empty() &&
       state.speaker_transforms.size() != corpus_.speakers.size())) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: rung {} holds alignments of {} utterances instead of {}",
                            options_.folder.string(), state.rung, state.alignments.size(),
                            features_.size()),
                "give another folder, or empty this one");
  }
  model_ = std::move(state.model);
  alignments_ = std::move(state.alignments);
  speaker_transforms_ = std::move(state.speaker_transforms);
  features_ready_ = false;
}

bool Ladder::restore_finished(const std::string& rung) {
  if (options_.folder.empty()) return false;
  auto state = load_ladder_state(state_path(rung, ".state"), lexicon_.phones, fingerprint_);
  if (!state) return false;
  take(std::move(*state));
  return true;
}

bool Ladder::restore_part(EmTrainingOptions& options) {
  if (options_.folder.empty()) return false;
  auto state = load_ladder_state(state_path(options.rung, ".part"), lexicon_.phones, fingerprint_);
  if (!state) return false;
  options.first_pass = state->next_pass;
  options.first_num_aligned = state->num_aligned;
  take(std::move(*state));
  ensure_features();
  return true;
}

void Ladder::save(const std::string& rung, const char* ending, int next_pass,
                  int num_aligned) const {
  if (options_.folder.empty() || !writes()) return;
  save_ladder_state(state_path(rung, ending),
                    {rung, next_pass, num_aligned, *model_, alignments_, speaker_transforms_},
                    fingerprint_);
}

void Ladder::ensure_features() {
  if (features_ready_) return;
  make_features(model_->form, model_->transform);
  if (!speaker_transforms_.empty()) {
    run_blocks(static_cast<int>(features_.size()), options_.threads, [&](int index) {
      const auto u = static_cast<size_t>(index);
      const auto speaker = static_cast<size_t>(corpus_.utterances[u].speaker);
      features_[u] = apply_affine(speaker_transforms_[speaker], features_[u]);
    });
  }
  features_ready_ = true;
}

TrainingReport Ladder::logging_report(const std::string& rung, int first_pass) {
  // A pass that is done again after a kill is not listed twice.
  std::erase_if(passes_, [&](const TrainingPass& pass) {
    return pass.rung == rung && pass.pass >= first_pass;
  });
  return [this](const TrainingPass& pass) {
    passes_.push_back(pass);
    if (!options_.folder.empty()) save_passes(options_.folder / "passes.tsv", passes_);
    if (report_) report_(pass);
  };
}

const GmmHmm& Ladder::train(const EmTrainingOptions& options,
                            const std::function<void(int pass)>& before) {
  PassHooks hooks;
  hooks.before = before;
  hooks.after = [&](int pass, int num_aligned) {
    const int done = pass + 1;
    if (done % options_.save_every == 0 && done < options.passes) {
      save(options.rung, ".part", done, num_aligned);
    }
  };
  EmTraining training(corpus_, lexicon_.lexicon, features_, options,
                      logging_report(options.rung, options.first_pass));
  training.run(*model_, alignments_, hooks);
  const int aligned = training.align(*model_, alignments_);
  save(options.rung, ".state", options.passes, aligned);
  if (!options_.folder.empty() && writes()) {
    std::filesystem::remove(state_path(options.rung, ".part"));
  }
  return *model_;
}

const GmmHmm& Ladder::train_mono() {
  if (restore_finished("mono")) return *model_;
  EmTrainingOptions options = em_options("mono", options_.mono_gaussians);
  options.passes = 30;
  options.realign_passes = {1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25};
  options.last_split_pass = 22;
  options.align_beam = 250.0F;
  if (!restore_part(options)) {
    make_features(FeatureForm::kDeltas, {});
    features_ready_ = true;
    alignments_.clear();
    for (size_t u = 0; u < features_.size(); ++u) {
      alignments_.push_back(equal_alignment(corpus_.utterances[u].words, lexicon_.lexicon,
                                            lexicon_.phones, options_.states_per_hmm,
                                            static_cast<int>(features_[u].rows())));
    }
    model_.emplace(StateTree(lexicon_.phones, options_.states_per_hmm), FeatureForm::kDeltas);
  }
  return train(options);
}

const GmmHmm& Ladder::train_tri() {
  if (restore_finished("tri")) return *model_;
  EmTrainingOptions options = em_options("tri", options_.tri_gaussians);
  if (!restore_part(options)) {
    BIVOX_CHECK(model_ && model_->form == FeatureForm::kDeltas);
    ensure_features();
    model_.emplace(grow_tree(options_.tri_states), FeatureForm::kDeltas);
  }
  return train(options);
}

FeatureMatrix Ladder::estimate_lda() const {
  const int spliced = training_front_end(FeatureForm::kSplice).dims();
  std::vector<LdaStatistics> parts(kTrainingBlocks,
                                   LdaStatistics(model_->tree.num_states(), spliced));
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      if (alignments_[u].empty()) continue;
      parts[static_cast<size_t>(block)].accumulate(
          expand_features(corpus_.utterances[u].cepstra, FeatureForm::kSplice),
          speech_states(alignments_[u], model_->tree));
    }
  });
  for (int block = 1; block < kTrainingBlocks; ++block) {
    parts[0].add(parts[static_cast<size_t>(block)]);
  }
  return parts[0].estimate(options_.lda_dims);
}

void Ladder::rotate_features() {
  std::vector<MlltStatistics> sums(kTrainingBlocks, MlltStatistics(options_.lda_dims));
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    // A quarter of the utterances tells 1,600 numbers well enough.
    for (size_t u = first; u < last; u += 4) {
      if (alignments_[u].empty()) continue;
      sums[static_cast<size_t>(block)].accumulate(model_->mixtures, features_[u],
                                                  speech_states(alignments_[u], model_->tree));
    }
  });
  for (int block = 1; block < kTrainingBlocks; ++block) {
    sums[0].add(sums[static_cast<size_t>(block)]);
  }
  const FeatureMatrix matrix = sums[0].estimate();
  model_->transform = matrix * model_->transform;
  make_features(FeatureForm::kSplice, model_->transform);
  model_->mixtures.transform_means({matrix.data(), static_cast<size_t>(matrix.size())});
}

const GmmHmm& Ladder::train_lda_mllt() {
  if (restore_finished("lda-mllt")) return *model_;
  EmTrainingOptions options = em_options("lda-mllt", options_.lda_gaussians);
  if (!restore_part(options)) {
    BIVOX_CHECK(model_.has_value());
    FeatureMatrix transform = estimate_lda();
    make_features(FeatureForm::kSplice, transform);
    features_ready_ = true;
    model_.emplace(grow_tree(options_.lda_states), FeatureForm::kSplice);
    model_->transform = std::move(transform);
  }
  return train(options, [this](int pass) {
    if (estimates_transform(pass)) rotate_features();
  });
}

void Ladder::adapt_speakers(const GmmHmm& model) {
  const auto speakers = corpus_.speakers.size();
  const int dims = model.mixtures.dims();
  std::vector<std::vector<size_t>> utterances(speakers);
  for (size_t u = 0; u < features_.size(); ++u) {
    utterances[static_cast<size_t>(corpus_.utterances[u].speaker)].push_back(u);
  }
  speaker_transforms_.resize(speakers);
  run_blocks(static_cast<int>(speakers), options_.threads, [&](int speaker) {
    const auto s = static_cast<size_t>(speaker);
    FmllrStatistics statistics(dims);
    for (const size_t u : utterances[s]) {
      if (alignments_[u].empty()) continue;
      const std::vector<int> states = speech_states(alignments_[u], model.tree);
      const FeatureMatrix plain =
          plain_features(corpus_.utterances[u], model.form, model.transform);
      statistics.accumulate(model.mixtures, features_[u], plain, states);
      if (statistics.frames() > 12000.0) break;  // two minutes of speech fix 1,640 numbers
    }
    speaker_transforms_[s] = statistics.estimate();
    for (const size_t u : utterances[s]) {
      const FeatureMatrix plain =
          plain_features(corpus_.utterances[u], model.form, model.transform);
      features_[u] = apply_affine(speaker_transforms_[s], plain);
    }
  });
}

const GmmHmm& Ladder::train_sat() {
  if (restore_finished("sat")) return *model_;
  EmTrainingOptions options = em_options("sat", options_.sat_gaussians);
  if (!restore_part(options)) {
    BIVOX_CHECK(model_ && model_->transform.size() > 0);
    ensure_features();
    adapt_speakers(*model_);
    GmmHmm sat(grow_tree(options_.sat_states), FeatureForm::kSplice);
    sat.transform = model_->transform;
    model_ = std::move(sat);
  }
  return train(options, [this](int pass) {
    if (estimates_transform(pass)) adapt_speakers(*model_);
  });
}

void Ladder::train_discriminatively(const std::string& rung,
                                    const std::vector<ConfusionLattice>& lattices) {
  DiscriminativeOptions options;
  options.rung = rung;
  options.passes = options_.bmmi_passes;
  options.posteriors.boost = options_.bmmi_boost;
  options.threads = options_.threads;
  options.communicator = options_.communicator;
  EmTrainingOptions resume;
  resume.rung = rung;
  if (restore_part(resume)) options.first_pass = resume.first_pass;
  ensure_features();
  int used = resume.first_num_aligned;
  bivox::train_discriminatively(
      lexicon_.lexicon, features_, alignments_, lattices, options,
      logging_report(rung, options.first_pass),
      [&](int pass, int num_used) {
        used = num_used;
        if (pass + 1 < options.passes) save(rung, ".part", pass + 1, used);
      },
      *model_);
  save(rung, ".state", options.passes, used);
  if (!options_.folder.empty() && writes()) {
    std::filesystem::remove(state_path(rung, ".part"));
  }
}

const GmmHmm& Ladder::train_bmmi(GmmHmm& first_pass) {
  BIVOX_CHECK(model_ && !speaker_transforms_.empty());
  const LadderState sat{"sat", 0, 0, *model_, alignments_, speaker_transforms_};
  std::vector<ConfusionLattice> lattices;
  const auto find_lattices = [&] {
    if (!lattices.empty()) return;
    take(sat);
    ensure_features();
    lattices = find_confusions(*model_, corpus_, lexicon_.lexicon, features_, {}, options_.threads,
                               options_.communicator);
  };
  // The words that adapted features confuse are those to tell apart for features as they are too.
  const std::string first_rung = "bmmi-first";
  if (!restore_finished(first_rung)) {
    find_lattices();
    LadderState first{first_rung, 0, 0, first_pass, alignments_, {}};
    take(std::move(first));
    train_discriminatively(first_rung, lattices);
  }
  first_pass = *model_;
  if (!restore_finished("bmmi")) {
    find_lattices();
    take(sat);
    train_discriminatively("bmmi", lattices);
  }
  return *model_;
}

}  // namespace bivox
