// Audio in, transcript out: voice activity, front end, acoustic scores and search in one object.
//
//   audio -> segments of speech -> features `[frames x dims]` -> scores -> search -> Transcript
//
// Each segment is decoded by itself, so memory is bounded by the longest segment and silence, noise
// and tones give an empty transcript; what stays below -80 dB of full scale is never decoded. With
// `segment` off the whole input is one segment.
//
// Streaming: begin(), accept() any number of samples at a time, finish(); transcribe() is a loop
// over these. The transcript does not depend on the chunking (tested). Thread rule: acoustic model
// and network are shared; one Recognizer per stream. Errors: Error(kInput) for audio at another
// rate than the model's. Test: tests/legacy/recognizer_test.cpp (with a real model).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "asr/search/decoder.h"
#include "asr/search/rescoring.h"
#include "asr/search/search_network.h"
#include "asr/transcript/transcript.h"
#include "dsp/analysis/voice_activity.h"
#include "dsp/audio/audio_buffer.h"
#include "dsp/features/front_end.h"
#include "models/acoustic_model.h"
#include "models/lm/grammar.h"

namespace bivox {

struct RecognizerOptions {
  DecoderOptions search;
  bool segment = true;  ///< Voice activity detection.
  /// A recording no longer than this is one segment in any case: detection needs more of a short
  /// word to be sure of it than recognition does.
  double whole_below_s = 0.0;
  VoiceActivityOptions voice_activity;
  /// Voices that say nothing (crying, barking, singing birds) pass voice activity detection and
  /// come out as a doubtful word now and then. A segment is dropped in which fewer words a second
  /// are expected to be right, sum of confidences / seconds, and one that silence or noise of the
  /// model explain nearly as well: log odds a second, scores times posterior_scale. Only without
  /// grammar and with `segment`.
  double least_words_per_s = 0.25;
  double least_odds_per_s = 1.0;
  int nbest = 0;  ///< Length of each segment's n-best list.
  /// Second pass over each segment's lattice (asr/search/rescoring.h); null: one pass.
  std::shared_ptr<const Rescorer> rescorer;
  /// What the network was made from, if it was (grammar_network.h): segments then carry its tags,
  /// and what is no sentence of it goes to Transcript::rejected, as what is taken for no speech
  /// does.
  std::shared_ptr<const Grammar> grammar;
};

/// Search options with the weights and beam that suit an acoustic model.
DecoderOptions decoder_options_for(const AcousticModel& model);

class Recognizer {
 public:
  /// `network` must have been built from the HMMs of `model`.
  Recognizer(std::shared_ptr<const AcousticModel> model,
             std::shared_ptr<const SearchNetwork> network, const RecognizerOptions& options);

  int sample_rate_hz() const { return model_->front_end().sample_rate_hz; }

  /// Starts a recording; `source` names it in the transcript.
  void begin(std::string source);
  /// The next samples. Segments that end in them are decoded now.
  void accept(AudioView audio);
  /// Ends the recording.
  Transcript finish();

  /// begin(), accept() and finish() over a whole recording.
  Transcript transcribe(AudioView audio, std::string source);

  /// Segments decoded since begin(), for reading while a recording goes on.
  const std::vector<TranscriptSegment>& segments() const { return transcript_.segments; }

  /// What the search did since construction.
  const Decoder::Counts& counts() const { return counts_; }
  /// The stream's scores, for what they count.
  const AcousticScores& scores() const { return *scores_; }

 private:
  void decode_ready_segments();
  /// Whether what came until now is short enough to be one segment.
  bool is_short() const;
  void decode(double start_s, double end_s);
  /// Settles whether a decoded segment is part of the transcript; with a grammar, what it means.
  void keep(TranscriptSegment segment);

  std::shared_ptr<const AcousticModel> model_;
  std::shared_ptr<const SearchNetwork> network_;
  RecognizerOptions options_;
  VoiceActivity voice_activity_;
  FrontEnd front_end_;
  std::unique_ptr<AcousticScores> scores_;
  Decoder decoder_;
  Decoder::Counts counts_;

  Transcript transcript_;
  std::vector<float> held_;  // audio not yet decoded or dropped
  size_t held_from_ = 0;     // its first sample, counted from the start of the recording
};

}  // namespace bivox
