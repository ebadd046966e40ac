// How well a text fits its audio: the log-likelihood ratio of the forced alignment against what the
// audio itself prefers.
//
//   ratio(frames) = 1/|frames| sum_t ( log p(x_t | aligned state) - log p(x_t | free state) )
//
// The aligned state is that of the best path through the text's graph; the free state that of the
// best path through a loop of all phones, in which the i-th state of a phone scores as its best
// context does. Noise, channel and an unclear voice lower both alike, so the ratio tells wrong
// words from bad recordings; raw likelihoods do not. Frames count that are speech on either path:
// words spread over silence are suspicious, and so is speech taken for silence.
//
// Units: natural log a frame; frames; seconds. Ratios are about 0 down to -2 where the text is
// right, lower where it is not.
// Memory: about 700 bytes a frame (10 minutes: 42 MB) beside the alignment's own.
// Errors: those of Aligner: Error(kInput) when a word is unknown, the audio too short for the text
// or no beam keeps a path. Thread rule: immutable; one set of scores a thread.
// Source: Witt & Young, "Phone-level pronunciation scoring and assessment", Speech Communication 30
// (2000), equation 3. Test: tests/legacy/text_fit_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dsp/features/feature_matrix.h"
#include "legacy/hmm/alignment.h"
#include "models/acoustic_model.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

struct PhoneFit {
  PhoneId phone = 0;
  int word = 0;  ///< Index of the word in the text.
  int first_frame = 0;
  int frames = 0;
  double ratio = 0.0;  ///< Mean over its frames.
};

struct TextFit {
  int num_frames = 0;
  int speech_frames = 0;  ///< Speech on either path.
  int missed_frames = 0;  ///< Speech on the free path, silence or noise in the alignment.
  double ratio = 0.0;     ///< Mean over the speech frames; 0 without any.
  std::vector<PhoneFit> phones;
};

struct TextFitOptions {
  AlignmentOptions alignment;
  float phone_penalty = -3.0F;  ///< Natural log, for every phone of the free path.
};

class TextFitter {
 public:
  /// The references must outlive the fitter.
  TextFitter(const HmmSet& hmms, const Lexicon& lexicon, std::span<const FillerWord> fillers,
             const TextFitOptions& options = {});

  /// `words` spelt as in the lexicon, at least one; `features` `[frames x dims]`.
  TextFit fit(std::span<const std::string> words, const FeatureView& features,
              AcousticScores& scores) const;

 private:
  struct FreePath {
    std::vector<float> score;    // [frame]: of the state on the path
    std::vector<PhoneId> phone;  // [frame]
  };
  /// Scores of all frames again: those of `aligned` states into `aligned_scores`, and the free
  /// path.
  FreePath free_path(const FeatureView& features, AcousticScores& scores,
                     std::span<const StateId> aligned, std::vector<float>& aligned_scores) const;

  const HmmSet& hmms_;
  const Lexicon& lexicon_;
  std::vector<FillerWord> fillers_;
  TextFitOptions options_;
  std::vector<std::vector<StateId>> members_;  // [phone * states_per_hmm + state]
};

}  // namespace bivox
