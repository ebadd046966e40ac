#include "legacy/adaptation/speaker_adaptation.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/features/front_end.h"
#include "legacy/gmm/gmm_scores.h"
#include "legacy/training/state_alignment.h"

namespace bivox {
namespace {

// Rows go through an affine transform before they are scored.
class AffineScores : public AcousticScores {
 public:
  /// `affine` [dims x columns of the rows + 1].
  AffineScores(std::shared_ptr<const GmmSet> gmms, std::shared_ptr<const FeatureMatrix> affine)
      : scores_(std::move(gmms)), affine_(std::move(affine)) {}

  void reset() override { scores_.reset(); }
  void accept(const FeatureView& features) override {
    scores_.accept(apply_affine(*affine_, features));
  }
  void finish() override { scores_.finish(); }
  int frames_ready() const override { return scores_.frames_ready(); }
  void score(int frame, std::span<const StateId> active, std::span<float> out) override {
    scores_.score(frame, active, out);
  }
  int num_states() const override { return scores_.num_states(); }
  uint64_t multiply_adds() const override { return scores_.multiply_adds(); }

 private:
  GmmScores scores_;
  std::shared_ptr<const FeatureMatrix> affine_;
};

class AdaptedModel : public AcousticModel {
 public:
  AdaptedModel(std::shared_ptr<const GmmAcousticModel> base, std::shared_ptr<const GmmSet> gmms,
               FeatureMatrix affine)
      : base_(std::move(base)),
        gmms_(std::move(gmms)),
        affine_(std::make_shared<const FeatureMatrix>(std::move(affine))) {}

  const FrontEndOptions& front_end() const override { return base_->front_end(); }
  const HmmSet& hmms() const override { return base_->hmms(); }
  const std::vector<FillerWord>& fillers() const override { return base_->fillers(); }
  ScoreScale score_scale() const override { return base_->score_scale(); }
  std::unique_ptr<AcousticScores> make_scores() const override {
    return std::make_unique<AffineScores>(gmms_, affine_);
  }
  int64_t num_parameters() const override { return base_->num_parameters(); }
  std::vector<ModelFact> facts() const override { return base_->facts(); }

 private:
  std::shared_ptr<const GmmAcousticModel> base_;
  std::shared_ptr<const GmmSet> gmms_;
  std::shared_ptr<const FeatureMatrix> affine_;
};

}  // namespace

AdaptableModel::AdaptableModel(std::shared_ptr<const GmmModel> model)
    : model_(std::move(model)),
      target_(model_->acoustic_model(model_->rung)),
      first_(model_->first_pass ? model_->first_pass->acoustic_model(model_->first_pass->rung)
                                : target_),
      plain_gmms_(std::make_shared<const GmmSet>(model_->mixtures.to_parameters())) {}

std::shared_ptr<const AcousticModel> AdaptableModel::adapted(const FeatureMatrix& affine) const {
  const Eigen::Index dims = model_->mixtures.dims();
  BIVOX_CHECK(affine.rows() == dims && affine.cols() == dims + 1);
  if (model_->transform.size() == 0) {
    return std::make_shared<AdaptedModel>(target_, plain_gmms_, affine);
  }
  FeatureMatrix whole(dims, model_->transform.cols() + 1);
  whole.leftCols(model_->transform.cols()) = affine.leftCols(dims) * model_->transform;
  whole.rightCols(1) = affine.rightCols(1);
  return std::make_shared<AdaptedModel>(target_, plain_gmms_, std::move(whole));
}

SpeakerAdaptation::SpeakerAdaptation(std::shared_ptr<const AdaptableModel> model,
                                     const Lexicon& lexicon,
                                     const SpeakerAdaptationOptions& options)
    : model_(std::move(model)), lexicon_(lexicon), options_(options) {}

double SpeakerAdaptation::seconds() const {
  return static_cast<double>(counted_frames_) * model_->target()->front_end().frame_shift_s;
}

void SpeakerAdaptation::add(AudioView audio, const Transcript& heard) {
  const FrontEndOptions& front_end = model_->target()->front_end();
  const double rate = audio.sample_rate_hz;
  for (const TranscriptSegment& from : heard.segments) {
    if (seconds() >= options_.most_seconds) return;
    const size_t begin =
        std::min(audio.samples.size(), static_cast<size_t>(std::lround(from.start_s * rate)));
    const size_t end = std::clamp(static_cast<size_t>(std::lround(from.end_s * rate)), begin,
                                  audio.samples.size());
    Segment segment;
    // The features of the recognizer, which takes a segment for an utterance.
    segment.rows = compute_features(front_end, audio.part(begin, end - begin));
    segment.counts.assign(static_cast<size_t>(segment.rows.rows()), false);
    bool known = !from.words.empty();
    int64_t counted = 0;
    for (const TranscriptWord& word : from.words) {
      known = known && lexicon_.find(word.name).has_value();
      segment.words.push_back(word.name);
      if (word.confidence < options_.min_confidence) continue;
      for (size_t t = 0; t < segment.counts.size(); ++t) {
        const double time = from.start_s + (static_cast<double>(t) + 0.5) * front_end.frame_shift_s;
        if (time >= word.start_s && time < word.end_s && !segment.counts[t]) {
          segment.counts[t] = true;
          ++counted;
        }
      }
    }
    if (!known || counted == 0) continue;
    counted_frames_ += counted;
    segments_.push_back(std::move(segment));
  }
}

void SpeakerAdaptation::accumulate(const Segment& segment, const FeatureMatrix& so_far,
                                   bool is_first, FmllrStatistics& statistics) const {
  const GmmModel& model = model_->model();
  const FeatureMatrix plain = model.transform.size() > 0
                                  ? FeatureMatrix(segment.rows * model.transform.transpose())
                                  : segment.rows;
  const FeatureMatrix adapted = apply_affine(so_far, plain);
  const GmmAcousticModel& aligner = is_first ? *model_->first() : *model_->target();
  const HmmSet& hmms = aligner.hmms();
  const AlignmentGraph graph(hmms, lexicon_, aligner.fillers(), segment.words);
  std::optional<ViterbiAligner::Path> path;
  if (is_first) {
    const auto scores = aligner.make_scores();
    path = best_state_path(hmms, graph, options_.alignment, segment.rows, *scores);
  } else {
    GmmScores scores(model_->plain_gmms());
    path = best_state_path(hmms, graph, options_.alignment, adapted, scores);
  }
  if (!path) return;
  const StateAlignment runs =
      to_state_alignment(*path, graph, hmms, static_cast<int>(segment.rows.rows()));
  std::vector<int> states = tied_states(runs, model.hmm.tree);
  size_t t = 0;
  for (const StateRun& run : runs) {
    const bool is_silence = hmms.phones().is_filler(run.phone);
    for (int i = 0; i < run.frames; ++i, ++t) {
      if (is_silence || !segment.counts[t]) states[t] = -1;
    }
  }
  statistics.accumulate(model.mixtures, adapted, plain, states);
}

std::optional<FeatureMatrix> SpeakerAdaptation::estimate() const {
  const int dims = model_->model().mixtures.dims();
  FeatureMatrix transform = FeatureMatrix::Identity(dims, dims + 1);
  for (int iteration = 0; iteration < options_.iterations; ++iteration) {
    FmllrStatistics statistics(dims);
    for (const Segment& segment : segments_) {
      accumulate(segment, transform, iteration == 0, statistics);
    }
    const double frame_shift_s = model_->target()->front_end().frame_shift_s;
    if (statistics.frames() * frame_shift_s < options_.least_seconds) return std::nullopt;
    transform = statistics.estimate(options_.fmllr);
  }
  return transform;
}

}  // namespace bivox
