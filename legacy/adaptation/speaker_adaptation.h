// Recognition in two passes: what the first one heard moves a speaker's features towards the model.
//
//   first pass (features as they are) -> words -> alignment -> fMLLR transform W = [A b]
//   second pass on  y = A T x + b,  T the model's own transform (LDA, MLLT)
//
// The words of the first pass are aligned with the features again, so that phones and states are
// those of the model; silence and words that the first pass was not sure of do not count. W is
// estimated twice: with the alignment by the model of the first pass, then with that of the adapted
// model. A speaker who said less than `least_seconds` is not adapted: the words of the first pass
// stand, for the model of the second one is made for features that are adapted.
//
// Thread rule: an AdaptableModel is immutable, shared by all; one SpeakerAdaptation per speaker.
// Errors: programmer errors only. Source: Gales 1998 (legacy/gmm/fmllr.h); the two estimations
// follow Kaldi's steps/decode_fmllr.sh. Test: tests/legacy/speaker_adaptation_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "asr/transcript/transcript.h"
#include "dsp/audio/audio_buffer.h"
#include "legacy/gmm/fmllr.h"
#include "legacy/gmm/gmm_model_folder.h"
#include "legacy/hmm/alignment.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

/// What adaptation needs of a model, made once.
class AdaptableModel {
 public:
  explicit AdaptableModel(std::shared_ptr<const GmmModel> model);

  const GmmModel& model() const { return *model_; }
  /// The model itself without adaptation; its HMMs are those of the second pass.
  const std::shared_ptr<const GmmAcousticModel>& target() const { return target_; }
  /// The model of the first pass.
  const std::shared_ptr<const GmmAcousticModel>& first() const { return first_; }
  /// Mixtures for rows that are already transformed.
  const std::shared_ptr<const GmmSet>& plain_gmms() const { return plain_gmms_; }

  /// The model for a speaker of the transform `affine` [dims x dims + 1].
  std::shared_ptr<const AcousticModel> adapted(const FeatureMatrix& affine) const;

 private:
  std::shared_ptr<const GmmModel> model_;
  std::shared_ptr<const GmmAcousticModel> target_;
  std::shared_ptr<const GmmAcousticModel> first_;
  std::shared_ptr<const GmmSet> plain_gmms_;
};

struct SpeakerAdaptationOptions {
  float min_confidence = 0.5F;  ///< Of words that count.
  double least_seconds = 10.0;  ///< Of speech that counts.
  double most_seconds = 300.0;  ///< Of speech; more changes nothing.
  int iterations = 2;
  FmllrOptions fmllr;
  AlignmentOptions alignment = {.beam = 150.0F, .silence_penalty = -1.0F};
};

class SpeakerAdaptation {
 public:
  /// `lexicon` is that of the first pass and must outlive the object.
  SpeakerAdaptation(std::shared_ptr<const AdaptableModel> model, const Lexicon& lexicon,
                    const SpeakerAdaptationOptions& options = {});

  /// A recording of the speaker and what the first pass made of it.
  void add(AudioView audio, const Transcript& heard);
  /// Of speech that counts.
  double seconds() const;
  /// The transform; nothing when there was too little speech.
  std::optional<FeatureMatrix> estimate() const;

 private:
  struct Segment {
    FeatureMatrix rows;              // of the front end
    std::vector<std::string> words;  // as in the lexicon
    std::vector<bool> counts;        // [frames]
  };

  void accumulate(const Segment& segment, const FeatureMatrix& so_far, bool is_first,
                  FmllrStatistics& statistics) const;

  std::shared_ptr<const AdaptableModel> model_;
  const Lexicon& lexicon_;
  SpeakerAdaptationOptions options_;
  std::vector<Segment> segments_;
  int64_t counted_frames_ = 0;
};

}  // namespace bivox
