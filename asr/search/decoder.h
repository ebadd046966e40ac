// The one decoder of Bivox: time-synchronous token passing over the prefix tree.
//
// It looks for the word sequence W, with pronunciations and times, that maximises
//
//   sum_t log p(x_t | s_t) + log P(transitions) + sum_w [ language_weight log P(w | h) +
//   word_penalty + pronunciation_weight log P(pronunciation | w) ]
//
// over frames t; natural logs; acoustic scores come through AcousticScores and are not scaled.
// Fillers cost silence_penalty or filler_penalty instead of a language model score.
//
// A token is a (tree node, language model context) with the scores of the HMM's states; tokens of
// the same pair recombine (Viterbi). What is dropped: tokens more than `beam` below the best one of
// the frame (language model look-ahead included in the comparison), tokens beyond the best
// max_active, word ends more than `word_beam` below the best word end of the frame or beyond the
// best max_word_ends. Word ends are kept with all their predecessors, which makes the lattice.
//
// Streaming: begin(); advance() as scores become ready; finish(). decode() is a loop over these.
// Memory: tokens are bounded by max_active; the trace of word ends is collected whenever it has
// doubled, so what grows with time is only what can still become the result. Thread rule: one
// Decoder per stream; the network is shared. Source: Ney & Ortmanns 1999, "Dynamic programming
// search for continuous speech recognition". Test: tests/asr/search/decoder_test.cpp (against
// exhaustive search on small tasks).
#pragma once

#include <memory>
#include <vector>

#include "asr/search/lattice.h"
#include "asr/search/search_network.h"
#include "models/acoustic_scores.h"

namespace bivox {

class Rescorer;

/// Maps lattice posteriors to confidence (minimum_bayes_risk.h).
struct Calibration {
  float slope = 1.0F;
  float offset = 0.0F;
};

/// Scores and beams are natural logs of the unscaled objective above. Defaults suit GMM scores.
struct DecoderOptions {
  float language_weight = 9.0F;
  float word_penalty = -10.0F;
  float pronunciation_weight = 9.0F;
  float silence_penalty = -3.0F;
  float filler_penalty = -20.0F;
  float beam = 130.0F;
  float word_beam = 65.0F;
  /// For entering a last phone, which fans out over all right contexts.
  float leaf_beam = 90.0F;
  int max_active = 10000;
  int max_word_ends = 100;
  /// Scale of path scores when posteriors are computed (minimum_bayes_risk.h).
  float posterior_scale = 0.055F;
  Calibration calibration = {0.58F, -0.20F};
  /// Words with the fewest expected errors instead of the best path's.
  bool minimum_bayes_risk = true;
};

/// A word of the best path; frames are [start_frame, end_frame).
struct DecodedWord {
  TreeWord word = 0;
  int start_frame = 0;
  int end_frame = 0;
  float confidence = 1.0F;
};

struct DecoderResult {
  std::vector<DecodedWord> words;  ///< Without fillers.
  double log_score = 0.0;          ///< The objective of the best path, with log P(</s> | h).
  int num_frames = 0;
  /// False when no word ended on the last frame, or none that may end a sentence of the grammar:
  /// the result then ends with the last whole word.
  bool complete = false;
  Lattice lattice;
};

class Decoder {
 public:
  /// Throws Error(kUsage) on options that make no sense. With a rescorer (rescoring.h) finish()
  /// gives the lattice, the words and the score of the second pass; partial() is of the first.
  Decoder(std::shared_ptr<const SearchNetwork> network, const DecoderOptions& options,
          std::shared_ptr<const Rescorer> rescorer = nullptr);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Starts an utterance; what an unfinished one held is forgotten.
  void begin();
  /// Consumes the frames that are ready. `scores` must be the same object from begin() to finish().
  void advance(AcousticScores& scores);
  /// Ends the utterance.
  DecoderResult finish();
  /// begin(), advance(), finish() over scores that are complete.
  DecoderResult decode(AcousticScores& scores);

  /// The best words so far; the last ones may still change. Confidence is not filled in.
  std::vector<DecodedWord> partial() const;

  /// Sums over the frames since begin(), for tuning.
  struct Counts {
    uint64_t frames = 0;
    uint64_t tokens = 0;     ///< HMM instances evaluated.
    uint64_t word_ends = 0;  ///< Word ends kept.
  };
  Counts counts() const;
  const SearchNetwork& network() const { return *network_; }
  const DecoderOptions& options() const { return options_; }

 private:
  class Core;
  template <int kStates>
  class TypedCore;

  std::shared_ptr<const SearchNetwork> network_;
  DecoderOptions options_;
  std::shared_ptr<const Rescorer> rescorer_;
  std::unique_ptr<Core> core_;
};

}  // namespace bivox
