#include "tts/prosody/aligned_speech.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "dsp/core/check.h"
#include "tts/prosody/acoustic_networks.h"

namespace bivox {
namespace {

constexpr double kLeastPause_s = 0.03;  // at a break of the text
constexpr double kClearPause_s = 0.08;  // a break of its own
constexpr double kSilenceBefore_s = 0.1;
constexpr double kSilenceAfter_s = 0.25;
constexpr double kLoudRms = 0.08;  // of voiced frames

bool is_plosive(SpeechPhoneId phone) {
  const std::string_view name = kSpeechPhones[phone];
  return name == "P" || name == "T" || name == "K" || name == "B" || name == "D" || name == "G" ||
         name == "CH" || name == "JH";
}

}  // namespace

std::optional<AlignedSpeech> align_speech(Utterance utterance, std::span<const PhoneTime> times,
                                          const VocoderFeatureOptions& features,
                                          const FeatureMatrix& rows, double first_s,
                                          double last_s) {
  BIVOX_CHECK(times.size() == utterance.phones.size());
  if (times.empty()) return std::nullopt;
  const double frames_a_second = static_cast<double>(features.sample_rate_hz) / features.hop;
  const auto frame_of = [&](double s) {
    return static_cast<int>(std::lround(s * frames_a_second));
  };
  const auto num_frames = [&](double s) { return std::max(1, frame_of(s)); };

  // Frames of each phone.
  std::vector<int> begin;
  std::vector<int> end;
  int last = 0;
  for (const PhoneTime& time : times) {
    begin.push_back(std::max(last, frame_of(time.start_s)));
    end.push_back(std::min(frame_of(time.end_s), static_cast<int>(rows.rows())));
    if (end.back() <= begin.back()) return std::nullopt;
    last = end.back();
  }

  // Silences between phones: what is no pause goes to a neighbour.
  for (size_t p = 0; p + 1 < times.size(); ++p) {
    const int gap = begin[p + 1] - end[p];
    const auto word = static_cast<size_t>(utterance.phones[p].word);
    const bool word_ends = utterance.phones[p + 1].word != utterance.phones[p].word;
    UtteranceWord& before = utterance.words[word];
    const bool asked = word_ends && before.break_after != BreakStrength::kNone;
    if (word_ends && gap >= num_frames(asked ? kLeastPause_s : kClearPause_s)) {
      if (!asked) {
        before.break_after = BreakStrength::kMinor;
        before.after = Punctuation::kNone;
      }
      continue;
    }
    if (word_ends) before.break_after = BreakStrength::kNone;
    if (is_plosive(utterance.phones[p + 1].phone.phone)) {
      begin[p + 1] = end[p];
    } else {
      end[p] = begin[p + 1];
    }
  }
  utterance.words.back().break_after =
      std::max(utterance.words.back().break_after, BreakStrength::kMinor);

  // The silences around the sentence; each has a frame at least, taken from a phone if need be.
  int first_frame = std::max({0, frame_of(first_s), begin.front() - num_frames(kSilenceBefore_s)});
  int last_frame = std::min(
      {static_cast<int>(rows.rows()), frame_of(last_s), end.back() + num_frames(kSilenceAfter_s)});
  if (first_frame >= begin.front()) first_frame = begin.front()++;
  if (last_frame <= end.back()) last_frame = end.back()--;
  if (begin.front() >= end.front() || begin.back() >= end.back()) return std::nullopt;

  AlignedSpeech speech;
  speech.contexts = phone_contexts(utterance);
  size_t phone = 0;
  int at = first_frame;
  for (const PlacedPhone& context : speech.contexts) {
    int until = 0;
    if (context.word >= 0) {
      until = end[phone++];
    } else {
      until = phone < begin.size() ? begin[phone] : last_frame;
    }
    if (until <= at) return std::nullopt;
    speech.durations.push_back(until - at);
    at = until;
  }
  BIVOX_CHECK(phone == times.size());
  speech.rows = rows.middleRows(first_frame, last_frame - first_frame);
  if (speech.rows.rows() % kFramesPerStep != 0) {
    speech.rows.conservativeResize(speech.rows.rows() + 1, Eigen::NoChange);
    speech.rows.row(speech.rows.rows() - 1) = speech.rows.row(speech.rows.rows() - 2).eval();
    ++speech.durations.back();
  }
  return speech;
}

void normalize_loudness(const VocoderFeatureOptions& features, FeatureMatrix& rows) {
  double sum = 0.0;
  int voiced = 0;
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    if (rows(t, features.voicing_column()) < 0.5F) continue;
    const float energy = rows.row(t).head(features.num_mel).array().exp().sum();
    sum += std::log(static_cast<double>(energy));
    ++voiced;
  }
  if (voiced == 0) return;
  // The sum of mel powers is half of a DFT's, by Parseval fft_size / 2 rms^2 sum window^2.
  const double window_energy = 0.375 * features.window;
  const double target = std::log(0.5 * features.fft_size * window_energy * kLoudRms * kLoudRms);
  const auto shift = static_cast<float>(target - sum / voiced);
  auto mel = rows.leftCols(features.num_mel);
  mel = (mel.array() + shift).max(std::log(features.log_floor)).matrix();
}

}  // namespace bivox
