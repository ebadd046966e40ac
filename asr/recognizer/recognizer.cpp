#include "asr/recognizer/recognizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>
#include <utility>

#include "asr/search/nbest.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// -80 dB of full scale: what stays below is no sound, and normalised features of it mean nothing.
constexpr float kInaudible = 1e-4F;

bool is_audible(AudioView audio) {
  return std::ranges::any_of(audio.samples,
                             [](float sample) { return std::abs(sample) > kInaudible; });
}

bool says_something(const TranscriptSegment& segment, const RecognizerOptions& options) {
  double expected = 0.0;
  for (const TranscriptWord& word : segment.words) expected += word.confidence;
  return expected >= options.least_words_per_s * (segment.end_s - segment.start_s);
}

// Scores that pass through on their way to the search; on the way, what they would come to if all
// of it were silence or noise: the sum over frames of the best state of any filler.
class SilenceBeside : public AcousticScores {
 public:
  SilenceBeside(AcousticScores& scores, const AcousticModel& model) : scores_(scores) {
    const HmmSet& hmms = model.hmms();
    const PhoneId silence = hmms.phones().silence();
    for (const FillerWord& filler : model.fillers()) {
      const HmmId hmm = hmms.hmm(WordPosition::kSingle, filler.phone, silence, silence);
      for (const StateId state : hmms.states(hmm)) states_.push_back(state);
    }
  }

  double log_score() const { return log_score_; }

  void reset() override { scores_.reset(); }
  void accept(const FeatureView& features) override { scores_.accept(features); }
  void finish() override { scores_.finish(); }
  int frames_ready() const override { return scores_.frames_ready(); }
  int num_states() const override { return scores_.num_states(); }
  void score(int frame, std::span<const StateId> active, std::span<float> out) override {
    scores_.score(frame, active, out);
    if (states_.empty()) return;
    float best = -std::numeric_limits<float>::infinity();
    for (const StateId state : states_) best = std::max(best, out[static_cast<size_t>(state)]);
    log_score_ += best;
  }

 private:
  AcousticScores& scores_;
  std::vector<StateId> states_;
  double log_score_ = 0.0;
};

}  // namespace

DecoderOptions decoder_options_for(const AcousticModel& model) {
  const ScoreScale scale = model.score_scale();
  DecoderOptions options;
  options.language_weight = scale.language_weight;
  options.word_penalty = scale.word_penalty;
  options.silence_penalty = scale.silence_penalty;
  options.filler_penalty = scale.filler_penalty;
  options.beam = scale.beam;
  options.word_beam = scale.word_beam;
  options.leaf_beam = scale.leaf_beam;
  options.posterior_scale = scale.posterior_scale;
  options.calibration = {scale.confidence_slope, scale.confidence_offset};
  return options;
}

Recognizer::Recognizer(std::shared_ptr<const AcousticModel> model,
                       std::shared_ptr<const SearchNetwork> network,
                       const RecognizerOptions& options)
    : model_(std::move(model)),
      network_(std::move(network)),
      options_(options),
      voice_activity_(model_->front_end().sample_rate_hz, options.voice_activity),
      front_end_(model_->front_end()),
      scores_(model_->make_scores()),
      decoder_(network_, options.search, options.rescorer) {}

void Recognizer::begin(std::string source) {
  transcript_ = {};
  transcript_.source = std::move(source);
  held_.clear();
  held_from_ = 0;
  voice_activity_.reset();
}

void Recognizer::accept(AudioView audio) {
  if (audio.sample_rate_hz != sample_rate_hz()) {
    throw Error(ErrorCode::kInput,
                fmt::format("audio at {} Hz, the model expects {} Hz", audio.sample_rate_hz,
                            sample_rate_hz()),
                "resample it first (read_audio does so by itself)");
  }
  held_.insert(held_.end(), audio.samples.begin(), audio.samples.end());
  if (!options_.segment) return;
  voice_activity_.accept(audio.samples);
  if (!is_short()) decode_ready_segments();
}

bool Recognizer::is_short() const {
  return static_cast<double>(held_from_ + held_.size()) <=
         options_.whole_below_s * sample_rate_hz();
}

Transcript Recognizer::finish() {
  const double rate = sample_rate_hz();
  transcript_.duration_s = static_cast<double>(held_from_ + held_.size()) / rate;
  if (options_.segment && !is_short()) {
    voice_activity_.finish();
    decode_ready_segments();
  } else {
    decode(0.0, transcript_.duration_s);
  }
  held_.clear();
  return std::exchange(transcript_, {});
}

Transcript Recognizer::transcribe(AudioView audio, std::string source) {
  begin(std::move(source));
  // In pieces, so that segments are decoded, and their audio dropped, on the way.
  const size_t piece = static_cast<size_t>(sample_rate_hz());
  for (size_t at = 0; at < audio.samples.size(); at += piece) {
    accept(audio.part(at, std::min(piece, audio.samples.size() - at)));
  }
  return finish();
}

void Recognizer::decode_ready_segments() {
  while (const std::optional<SpeechSegment> segment = voice_activity_.pop()) {
    decode(segment->start_s, segment->end_s);
  }
  // Keep what a later segment may still need; move the rest out only when that pays.
  const size_t needed_from =
      static_cast<size_t>(std::max(0.0, voice_activity_.undecided_from_s()) * sample_rate_hz());
  if (needed_from > held_from_ && needed_from - held_from_ > held_.size() / 2) {
    const size_t drop = std::min(needed_from - held_from_, held_.size());
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(drop));
    held_from_ += drop;
  }
}

void Recognizer::decode(double start_s, double end_s) {
  const double rate = sample_rate_hz();
  const size_t held_end = held_from_ + held_.size();
  const size_t begin =
      std::clamp(static_cast<size_t>(std::lround(start_s * rate)), held_from_, held_end);
  const size_t end = std::clamp(static_cast<size_t>(std::lround(end_s * rate)), begin, held_end);
  if (begin == end) return;
  const AudioView audio = {{held_.data() + (begin - held_from_), end - begin}, sample_rate_hz()};
  if (!is_audible(audio)) return;

  front_end_.reset();
  front_end_.accept(audio);
  front_end_.finish();
  scores_->reset();
  scores_->accept(front_end_.pop());
  scores_->finish();
  SilenceBeside scores(*scores_, *model_);
  const DecoderResult result = decoder_.decode(scores);
  const Decoder::Counts counts = decoder_.counts();
  counts_.frames += counts.frames;
  counts_.tokens += counts.tokens;
  counts_.word_ends += counts.word_ends;

  TranscriptSegment segment;
  segment.start_s = static_cast<double>(begin) / rate;
  segment.end_s = static_cast<double>(end) / rate;
  segment.log_score = result.log_score;
  // Frames count from the start of the segment; the last may reach past its end.
  const auto time = [&](int frame) {
    return std::min(segment.end_s, segment.start_s + frame * model_->frame_shift_s());
  };
  for (const DecodedWord& word : result.words) {
    TranscriptWord out;
    out.name = network_->text(word.word);
    out.start_s = time(word.start_frame);
    out.end_s = time(word.end_frame);
    out.confidence = word.confidence;
    segment.words.push_back(std::move(out));
  }
  for (const NbestEntry& entry : nbest(*network_, result.lattice, options_.nbest)) {
    Hypothesis hypothesis;
    for (const TreeWord word : entry.words) {
      if (!hypothesis.text.empty()) hypothesis.text += ' ';
      hypothesis.text += network_->text(word);
    }
    hypothesis.log_score = entry.log_score;
    segment.nbest.push_back(std::move(hypothesis));
  }
  // Log odds of what was heard against silence and noise, at the scale of posteriors.
  const double odds =
      model_->score_scale().posterior_scale * (result.log_score - scores.log_score());
  const bool rejects = options_.segment && options_.grammar == nullptr && !segment.words.empty();
  if (rejects && odds < options_.least_odds_per_s * (segment.end_s - segment.start_s)) {
    transcript_.rejected.push_back({segment.start_s, segment.end_s});
    return;
  }
  keep(std::move(segment));
}

void Recognizer::keep(TranscriptSegment segment) {
  if (segment.words.empty()) return;
  if (options_.grammar != nullptr) {
    std::vector<std::string> words;
    for (const TranscriptWord& word : segment.words) words.push_back(word.name);
    std::optional<GrammarParse> parse = options_.grammar->accept(words);
    if (!parse) {
      transcript_.rejected.push_back({segment.start_s, segment.end_s});
      return;
    }
    segment.tags = std::move(parse->tags);
    std::erase_if(segment.nbest, [&](const Hypothesis& hypothesis) {
      std::istringstream text(hypothesis.text);
      const std::vector<std::string> split{std::istream_iterator<std::string>(text), {}};
      return !options_.grammar->accept(split);
    });
  }
  if (options_.grammar == nullptr && options_.segment && !says_something(segment, options_)) {
    transcript_.rejected.push_back({segment.start_s, segment.end_s});
    return;
  }
  transcript_.segments.push_back(std::move(segment));
}

}  // namespace bivox
