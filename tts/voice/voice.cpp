#include "tts/voice/voice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Silence before the first and after the last sentence:
// players and recognizers that start late lose nothing of the first sound.
constexpr int kEdgeFrames = 15;
constexpr Eigen::Index kBlockFrames = 10;  // handed to the sink at once: 100 ms

// The level that all voices have, -22 dB of full scale, and what it is measured on.
constexpr double kVoicedRms = 0.08;
constexpr const char* kLevelText =
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow.";

// ln of the power that the rows of a voice have to be multiplied with.
float level_shift(const VoiceAcoustics& acoustics, const TextFrontEnd& front_end) {
  const VocoderFeatureOptions& features = acoustics.features();
  double sum = 0.0;
  int voiced = 0;
  for (const Utterance& utterance : front_end.utterances(kLevelText, TextForm::kPlain)) {
    const FeatureMatrix rows = acoustics.speak(utterance).rows;
    for (Eigen::Index t = 0; t < rows.rows(); ++t) {
      if (rows(t, features.voicing_column()) < 0.5F) continue;
      sum += static_cast<double>(rows.row(t).head(features.num_mel).array().exp().sum());
      ++voiced;
    }
  }
  if (voiced == 0 || !(sum > 0.0) || !std::isfinite(sum)) return 0.0F;
  // The sum of mel powers is half of a DFT's, by Parseval fft_size / 2 rms^2 sum window^2.
  const double window_energy = 0.375 * features.window;
  const double wanted = 0.5 * features.fft_size * window_energy * kVoicedRms * kVoicedRms;
  return static_cast<float>(std::log(wanted * voiced / sum));
}

// Of sentences with words; those without one are left out of everything.
TimedSentence timed(const Utterance& utterance, const SpokenSentence& spoken, double start_s,
                    double frame_s) {
  TimedSentence sentence;
  sentence.source_begin = utterance.source_begin;
  sentence.source_end = utterance.source_end;
  sentence.start_s = start_s;
  sentence.end_s = start_s + static_cast<double>(spoken.rows.rows()) * frame_s;
  for (const UtteranceWord& word : utterance.words) {
    sentence.words.push_back({word.text, word.source_begin, word.source_end, 0.0, 0.0, {}});
  }
  for (const SpokenPhone& phone : spoken.phones) {
    if (phone.word < 0) continue;
    TimedWord& word = sentence.words[static_cast<size_t>(phone.word)];
    const double start = start_s + phone.first_frame * frame_s;
    word.phones.push_back({phone.phone, start, start + phone.frames * frame_s});
  }
  double reached = start_s;
  for (TimedWord& word : sentence.words) {
    word.start_s = word.phones.empty() ? reached : word.phones.front().start_s;
    word.end_s = word.phones.empty() ? reached : word.phones.back().end_s;
    reached = word.end_s;
  }
  for (const UtteranceMark& mark : utterance.marks) {
    const auto word = static_cast<size_t>(mark.word);
    sentence.marks.push_back(
        {mark.name, word < sentence.words.size() ? sentence.words[word].start_s : sentence.end_s});
  }
  return sentence;
}

}  // namespace

Voice::Voice(std::string name, std::shared_ptr<const VoiceAcoustics> acoustics,
             std::shared_ptr<const Vocoder> vocoder, std::shared_ptr<const Pronouncer> pronouncer)
    : name_(std::move(name)),
      acoustics_(std::move(acoustics)),
      vocoder_(std::move(vocoder)),
      front_end_(std::move(pronouncer)) {
  if (!(acoustics_->features() == vocoder_->features())) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: acoustic model and vocoder have different features", name_));
  }
  level_shift_ = level_shift(*acoustics_, front_end_);
}

std::shared_ptr<const Voice> Voice::load(const std::filesystem::path& folder,
                                         std::shared_ptr<const Pronouncer> pronouncer,
                                         const VocoderOptions& vocoder) {
  const std::string name = ModelFolder::open(folder, kVoiceKind).name();
  return std::make_shared<Voice>(name, VoiceAcoustics::load(folder), Vocoder::load(folder, vocoder),
                                 std::move(pronouncer));
}

SpeechSummary Voice::speak(std::string_view text, const VoiceOptions& options,
                           const VoiceSink& sink) const {
  options.speaking.validate();
  const VocoderMode mode = options.mode.value_or(
      vocoder_->has(VocoderMode::kParallel) ? VocoderMode::kParallel : VocoderMode::kSourceFilter);
  VocoderStream stream(vocoder_, {.mode = mode, .seed = options.seed});
  const double frame_s =
      static_cast<double>(vocoder_->features().hop) / vocoder_->features().sample_rate_hz;
  const MarkedText marked = front_end_.mark(text, options.form);
  SpeechSummary summary;
  summary.skipped = marked.skipped;
  std::vector<float> block;
  const auto hand_over = [&] {
    summary.samples += static_cast<int64_t>(block.size());
    summary.complete = block.empty() || !sink.audio || sink.audio(block);
    block.clear();
    return summary.complete;
  };
  int64_t frames = 0;
  FeatureMatrix edge;  // the last row
  const auto hold = [&](const FeatureView& row) {
    for (int t = 0; t < kEdgeFrames; ++t) stream.accept(row, block);
    frames += kEdgeFrames;
  };
  for (const SentenceRange& range : split_sentences(marked.text)) {
    const Utterance utterance = front_end_.analyze(marked, range);
    if (utterance.phones.empty()) continue;
    SpokenSentence spoken = acoustics_->speak(utterance, options.speaking);
    auto mel = spoken.rows.leftCols(vocoder_->features().num_mel);
    mel = (mel.array() + level_shift_).matrix();
    if (summary.sentences++ == 0) hold(spoken.rows.topRows(1));
    if (sink.sentence) {
      sink.sentence(timed(utterance, spoken, static_cast<double>(frames) * frame_s, frame_s));
    }
    for (Eigen::Index t = 0; t < spoken.rows.rows(); t += kBlockFrames) {
      const Eigen::Index count = std::min(kBlockFrames, spoken.rows.rows() - t);
      stream.accept(spoken.rows.middleRows(t, count), block);
      if (!hand_over()) return summary;
    }
    frames += spoken.rows.rows();
    edge = spoken.rows.bottomRows(1);
  }
  if (edge.rows() > 0) hold(edge);
  stream.finish(block);
  hand_over();
  return summary;
}

AudioBuffer Voice::speak(std::string_view text, const VoiceOptions& options) const {
  AudioBuffer audio;
  audio.sample_rate_hz = sample_rate_hz();
  VoiceSink sink;
  sink.audio = [&audio](std::span<const float> samples) {
    audio.samples.insert(audio.samples.end(), samples.begin(), samples.end());
    return true;
  };
  speak(text, options, sink);
  return audio;
}

}  // namespace bivox
