// An acoustic model as the rest of the program sees it: which features it wants, which HMMs it is
// made of, and a maker of per-stream scores. `legacy` and `asr/convnet` each implement it; `apps`
// picks one.
//
// Thread rule: immutable, shared by threads; each stream takes its own make_scores() object, which
// keeps the model's parameters alive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dsp/features/front_end.h"
#include "models/acoustic_scores.h"
#include "models/hmm_set.h"

namespace bivox {

/// A word that is no word: pronounced by one filler phone and never written into transcripts.
struct FillerWord {
  std::string name;  ///< e.g. "<sil>" or "[NOISE]"
  PhoneId phone = 0;
};

/// What the acoustic scores are worth beside the language model; tuned on dev data, kept with the
/// model.
struct ScoreScale {
  float language_weight = 9.0F;    ///< lm_weight of the search objective.
  float word_penalty = -10.0F;     ///< Natural log, added for every word.
  float silence_penalty = -3.0F;   ///< Natural log, for entering silence.
  float filler_penalty = -20.0F;   ///< Natural log, for entering any other filler.
  float beam = 130.0F;             ///< Natural-log units of the unscaled objective.
  float word_beam = 65.0F;         ///< As beam, at the ends of words.
  float leaf_beam = 90.0F;         ///< As beam, for entering the last phone of a word.
  float posterior_scale = 0.055F;  ///< Of path scores when posteriors are computed.
  /// Confidence = logistic(slope * logit(posterior) + offset); see asr/search.
  float confidence_slope = 0.58F;
  float confidence_offset = -0.20F;
};

/// A line of `bivox info`.
struct ModelFact {
  std::string name;
  std::string value;
};

class AcousticModel {
 public:
  virtual ~AcousticModel() = default;
  virtual const FrontEndOptions& front_end() const = 0;
  /// Seconds from one frame of the scores to the next: a network may give fewer than it gets.
  virtual double frame_shift_s() const { return front_end().frame_shift_s; }
  virtual const HmmSet& hmms() const = 0;
  virtual const std::vector<FillerWord>& fillers() const = 0;
  virtual ScoreScale score_scale() const = 0;
  virtual std::unique_ptr<AcousticScores> make_scores() const = 0;
  /// Numbers that were learnt; 0: not counted.
  virtual int64_t num_parameters() const { return 0; }
  /// Kind, sizes and origin, for people.
  virtual std::vector<ModelFact> facts() const = 0;
};

}  // namespace bivox
