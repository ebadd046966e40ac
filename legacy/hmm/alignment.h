// Forced alignment: when was each word, phone and state of a known text spoken?
//
//   best path = argmax over paths through the text's graph of
//     sum_t log p(x_t | state) + sum log p(transition) + sum of filler penalties
//
// found by time-synchronous Viterbi with a beam; when the beam loses every complete path, alignment
// starts again with a wider one. The acoustic scores may come from either paradigm.
//
// Frame t spans [t, t + 1) * frame_shift_s + window_lead_s, but for the first and the last, which
// reach to the ends of the audio; the times of words, phones and states are monotone and inside [0,
// duration_s]. Log-likelihoods are natural. Memory: back-pointers are garbage-collected, so it
// grows with the length of the best path alone (24 bytes a state); 10 minutes of speech stay far
// below 200 MB. Errors: Error(kInput) for an unknown word (named), for audio too short for the
// text, and for a text that does not fit the audio at any beam. Thread rule: an Aligner is
// immutable; one set of scores per thread. Source: Viterbi, IEEE Trans. Information Theory 13(2),
// 1967; Rabiner, Proc. IEEE 77(2), 1989, section III.B. Test: tests/legacy/alignment_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "asr/transcript/transcript.h"
#include "dsp/features/feature_matrix.h"
#include "legacy/hmm/alignment_graph.h"
#include "legacy/hmm/viterbi.h"
#include "models/acoustic_model.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

struct AlignmentOptions {
  double frame_shift_s = 0.01;
  /// Added to the boundaries: a frame is heard through a window that is longer than its span and
  /// begins with it. window_lead_s() gives it.
  double window_lead_s = 0.0;
  float beam = 300.0F;                ///< Natural log; widened four times and then given up.
  float silence_penalty = -5.3F;      ///< Natural log, for entering silence between words.
  float noise_penalty = -18.4F;       ///< Natural log, for entering any other filler.
  float pronunciation_weight = 9.0F;  ///< Of the log probability of a pronunciation.
  bool fillers_between = true;        ///< Allow fillers around and between words.
  bool include_fillers = false;       ///< Put fillers into the result too, by their names.
};

struct Alignment {
  std::vector<TranscriptWord> words;  ///< With phones and states.
  std::vector<double> word_scores;    ///< Log-likelihood of each word divided by its frames.
  double log_likelihood = 0.0;        ///< Of the whole path.
  int num_frames = 0;
};

/// Half a frame. By the middles of the windows it would be 7.5 ms, and beside a synthesizer's own
/// times the boundaries of three models came 7, 7 and 3 ms early (tests/bench/boundary_peer.py). 0
/// for models whose scores come less often than the front end's frames: they hear in ways of their
/// own.
double window_lead_s(const AcousticModel& model);

/// The best state path through the graph of a text; for training, which has no use for times.
/// Nothing when no beam keeps a complete path.
std::optional<ViterbiAligner::Path> best_state_path(const HmmSet& hmms, const AlignmentGraph& graph,
                                                    const AlignmentOptions& options,
                                                    const FeatureView& features,
                                                    AcousticScores& scores);

class Aligner {
 public:
  /// The references must outlive the aligner.
  Aligner(const HmmSet& hmms, const Lexicon& lexicon, std::span<const FillerWord> fillers,
          const AlignmentOptions& options = {});

  /// Aligns `words`, spelt as in the lexicon, with `features` `[frames x dims]`. `scores` is reset
  /// and fed piece by piece. `duration_s` bounds the times; 0 stands for frames * frame_shift_s.
  Alignment align(std::span<const std::string> words, const FeatureView& features,
                  AcousticScores& scores, double duration_s = 0.0) const;

 private:
  const HmmSet& hmms_;
  const Lexicon& lexicon_;
  std::vector<FillerWord> fillers_;
  AlignmentOptions options_;
};

}  // namespace bivox
