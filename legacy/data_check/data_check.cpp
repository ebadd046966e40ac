#include "legacy/data_check/data_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "models/lexicon/text_normalization.h"

namespace bivox {
namespace {

struct KindFacts {
  const char* name;
  const char* meaning;
  bool absolute;  // counts in full, however common
};

constexpr std::array<KindFacts, kNumFindingKinds> kKinds = {{
    {"unreadable", "No sound could be read from the file.", true},
    {"no-text", "The text is empty.", true},
    {"silent", "There is no speech in the recording.", true},
    {"text-unfit", "The text cannot be aligned with the audio at all.", true},
    {"misfit", "The text fits much worse than others do: probably another one was said.", false},
    {"word-misfit", "One word fits much worse than words do: it may be wrong or missing.", false},
    {"extra-speech", "More is said than is written.", false},
    {"fast", "Far more phones a second than in other utterances.", false},
    {"slow", "Far fewer phones a second than in other utterances.", false},
    {"clipped", "The tops of the wave are cut.", false},
    {"cut-start", "Speech at the very first sample: its beginning is probably lost.", false},
    {"cut-end", "Speech at the very last sample: its end is probably lost.", false},
    {"low-rate", "Recorded at a lower sampling rate than the model hears.", false},
    {"narrow-band", "The upper part of the spectrum is missing.", false},
    {"noisy", "Speech is hardly louder than the noise.", false},
    {"quiet", "The level is very low.", false},
    {"copy", "The same recording stands under another id.", false},
    {"repeated", "The same speaker says the same text in the same time.", false},
    {"unknown-words", "Words that the dictionary lacks; pronounced by their letters.", false},
}};

constexpr double kSpeakerPrior = 5.0;  // utterances of the whole set that stand in for a speaker's
constexpr double kMadToSigma = 1.4826;
constexpr double kSmallestSigma = 0.05;
constexpr double kMostNegativeZ = -6.0;  // of a phone: one hopeless phone is not the whole text
constexpr double kMostPositiveZ = 3.0;
constexpr int kFewPhones = 20;  // a phone seen less often is judged like all phones
constexpr double kHopeless = 10.0;
constexpr double kSuspicious = 3.0;
constexpr size_t kPhonesOfWord = 3;
constexpr double kLargestZ = 30.0;
constexpr double kLoudestNoiseDb = -20.0;  // at an edge, beside the noise level: not speech

const KindFacts& facts_of(FindingKind kind) { return kKinds[static_cast<size_t>(kind)]; }

struct Robust {
  double median = 0.0;
  double sigma = 1.0;
  double z(double x) const { return std::clamp((x - median) / sigma, -kLargestZ, kLargestZ); }
};

double median_of(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

Robust robust(std::vector<double> values) {
  Robust scale;
  scale.median = median_of(values);
  for (double& value : values) value = std::abs(value - scale.median);
  scale.sigma = std::max(kSmallestSigma, kMadToSigma * median_of(std::move(values)));
  return scale;
}

/// z of every value that is there, each beside its speaker: the formula of the header.
std::vector<double> speaker_z(std::span<const UtteranceFacts> utterances,
                              std::span<const std::optional<double>> values) {
  std::vector<double> all;
  std::unordered_map<std::string, std::vector<double>> of_speaker;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    all.push_back(*values[i]);
    if (!utterances[i].speaker.empty()) of_speaker[utterances[i].speaker].push_back(*values[i]);
  }
  const double middle = median_of(all);
  std::unordered_map<std::string, double> centre;
  for (const auto& [speaker, own] : of_speaker) {
    const auto n = static_cast<double>(own.size());
    centre[speaker] = (n * median_of(own) + kSpeakerPrior * middle) / (n + kSpeakerPrior);
  }
  std::vector<double> centred(values.size(), 0.0);
  std::vector<double> spread;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    const auto found = centre.find(utterances[i].speaker);
    centred[i] = *values[i] - (found == centre.end() ? middle : found->second);
    spread.push_back(centred[i]);
  }
  const Robust scale = robust(std::move(spread));
  for (size_t i = 0; i < values.size(); ++i) {
    centred[i] = values[i] ? scale.z(centred[i]) : 0.0;
  }
  return centred;
}

class Checker {
 public:
  Checker(std::span<const UtteranceFacts> utterances, const DataCheckOptions& options)
      : utterances_(utterances), options_(options), checked_(utterances.size()) {}

  std::vector<CheckedUtterance> run() {
    for (size_t i = 0; i < checked_.size(); ++i) checked_[i].index = i;
    judge_phones();
    judge_fits();
    judge_rates();
    for (size_t i = 0; i < checked_.size(); ++i) {
      judge_text(i);
      judge_sound(i);
    }
    find_copied();
    find_repeated();
    rank();
    return std::move(checked_);
  }

 private:
  void add(size_t i, FindingKind kind, double severity, std::string detail) {
    checked_[i].findings.push_back({kind, severity, std::move(detail)});
  }
  double seconds(int frame) const { return frame * options_.frame_shift_s; }

  // z of every phone beside its kind; means over words and utterances.
  void judge_phones() {
    std::map<PhoneId, std::vector<double>> ratios;
    std::vector<double> all;
    for (const UtteranceFacts& utterance : utterances_) {
      if (!utterance.fit) continue;
      for (const PhoneFit& phone : utterance.fit->phones) {
        ratios[phone.phone].push_back(phone.ratio);
        all.push_back(phone.ratio);
      }
    }
    const Robust any = robust(std::move(all));
    std::map<PhoneId, Robust> scales;
    for (auto& [phone, own] : ratios) {
      scales[phone] = own.size() < kFewPhones ? any : robust(std::move(own));
    }
    phone_z_.resize(utterances_.size());
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].fit || utterances_[i].fit->phones.empty()) continue;
      const std::vector<PhoneFit>& phones = utterances_[i].fit->phones;
      std::vector<WordFit>& words = checked_[i].words;
      double sum = 0.0;
      size_t of_word = 0;
      for (const PhoneFit& phone : phones) {
        const double z =
            std::clamp(scales[phone.phone].z(phone.ratio), kMostNegativeZ, kMostPositiveZ);
        sum += z;
        if (words.empty() || words.back().word != phone.word) {
          words.push_back({phone.word, seconds(phone.first_frame), 0.0, 0.0});
          of_word = 0;
        }
        WordFit& word = words.back();
        word.end_s = seconds(phone.first_frame + phone.frames);
        word.z = (word.z * static_cast<double>(of_word) + z) / static_cast<double>(of_word + 1);
        ++of_word;
      }
      phone_z_[i] = sum / static_cast<double>(phones.size());
    }
  }

  void judge_fits() {
    std::vector<std::optional<double>> ratios(utterances_.size());
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (utterances_[i].fit) ratios[i] = utterances_[i].fit->ratio;
    }
    const std::vector<double> whole = speaker_z(utterances_, ratios);
    const std::vector<double> phones = speaker_z(utterances_, phone_z_);
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].fit) continue;
      const double misfit = -(whole[i] + phones[i]) / 2.0;
      checked_[i].misfit = misfit;
      if (misfit >= options_.misfit) {
        add(i, FindingKind::kMisfit, misfit, fmt::format("{:.1f} points", misfit));
      }
    }
  }

  void judge_rates() {
    std::vector<std::optional<double>> rates(utterances_.size());
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].fit) continue;
      const std::vector<PhoneFit>& phones = utterances_[i].fit->phones;
      int frames = 0;
      for (const PhoneFit& phone : phones) frames += phone.frames;
      if (frames == 0) continue;
      checked_[i].phones_per_s = static_cast<double>(phones.size()) / seconds(frames);
      // The rate of a single word says little.
      if (phones.size() >= 8) rates[i] = std::log(checked_[i].phones_per_s);
    }
    const std::vector<double> z = speaker_z(utterances_, rates);
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (std::abs(z[i]) < options_.rate_z) continue;
      add(i, z[i] > 0.0 ? FindingKind::kFast : FindingKind::kSlow,
          std::min(std::abs(z[i]), kHopeless) - 1.0,
          fmt::format("{:.1f} phones a second (z {:+.1f})", checked_[i].phones_per_s, z[i]));
    }
  }

  void judge_text(size_t i) {
    const UtteranceFacts& utterance = utterances_[i];
    if (utterance.words.empty() && utterance.unknown.empty()) {
      add(i, FindingKind::kNoText, kHopeless, "");
    }
    if (!utterance.unknown.empty()) {
      std::string names;
      for (const std::string& word : utterance.unknown) names += (names.empty() ? "" : " ") + word;
      add(i, FindingKind::kUnknownWords,
          std::min(2.0, 0.5 + 0.25 * static_cast<double>(utterance.unknown.size())),
          std::move(names));
    }
    if (!utterance.unfit.empty()) add(i, FindingKind::kTextUnfit, kHopeless, utterance.unfit);
    if (!utterance.fit) return;
    const double extra_s = seconds(utterance.fit->missed_frames);
    const double share = utterance.fit->missed_frames /
                         static_cast<double>(std::max(1, utterance.fit->speech_frames));
    if (extra_s >= options_.extra_speech_s && share >= 0.2) {
      add(i, FindingKind::kExtraSpeech, kSuspicious + 5.0 * share,
          fmt::format("{:.1f} s, {:.0f} % of the speech", extra_s, 100.0 * share));
    }
    // The worst word, where it stands out of a text that fits by and large.
    const std::vector<WordFit>& words = checked_[i].words;
    std::vector<size_t> phones_of(utterance.words.size(), 0);
    for (const PhoneFit& phone : utterance.fit->phones) {
      ++phones_of[static_cast<size_t>(phone.word)];
    }
    double worst = 0.0;
    std::string detail;
    for (const WordFit& word : words) {
      const size_t count = phones_of[static_cast<size_t>(word.word)];
      if (count < kPhonesOfWord) continue;
      // A mean of many phones is surer than one of three.
      const double points = -word.z * std::sqrt(static_cast<double>(count) / kPhonesOfWord);
      if (points > worst) {
        worst = points;
        detail = fmt::format("\"{}\" at {:.2f} s ({:.1f} points)",
                             utterance.words[static_cast<size_t>(word.word)], word.start_s, points);
      }
    }
    if (worst >= options_.word_misfit) {
      add(i, FindingKind::kWordMisfit, worst - options_.word_misfit + 2.0, std::move(detail));
    }
  }

  void judge_sound(size_t i) {
    const UtteranceFacts& utterance = utterances_[i];
    if (!utterance.unreadable.empty()) {
      add(i, FindingKind::kUnreadable, kHopeless + 5.0, utterance.unreadable);
      return;
    }
    const AudioFacts& audio = utterance.audio;
    // Voice activity misses some single words: a text that fits proves them.
    const bool heard = utterance.fit && checked_[i].misfit < kSuspicious;
    if (audio.speech_level_db < options_.silent_db || (audio.speech_s <= 0.0 && !heard)) {
      add(i, FindingKind::kSilent, kHopeless,
          fmt::format("level {:.0f} dB, {:.1f} s of speech", audio.speech_level_db,
                      audio.speech_s));
      return;
    }
    if (audio.clipped_share >= options_.clipped_share ||
        audio.crowd_share >= options_.crowd_share) {
      add(i, FindingKind::kClipped,
          std::min(8.0, kSuspicious + 20.0 * std::max(audio.clipped_share, audio.crowd_share)),
          fmt::format("{:.1f} % of the loud samples flat, {:.1f} % near the peak of {:.2f}",
                      100.0 * audio.clipped_share, 100.0 * audio.crowd_share, audio.peak));
    }
    const auto edge = [&](double level_db, FindingKind kind) {
      const double relative_db = level_db - audio.speech_level_db;
      if (relative_db < options_.edge_db || level_db < audio.noise_level_db - kLoudestNoiseDb)
        return;
      add(i, kind, 4.0 + (relative_db - options_.edge_db) / 5.0,
          fmt::format("{:+.0f} dB beside the speech level", relative_db));
    };
    edge(audio.first_level_db, FindingKind::kCutStart);
    edge(audio.last_level_db, FindingKind::kCutEnd);
    const double half_rate_hz = options_.model_rate_hz / 2.0;
    if (audio.sample_rate_hz < options_.model_rate_hz) {
      add(i, FindingKind::kLowRate, 4.0,
          fmt::format("{} Hz, the model hears {} Hz", audio.sample_rate_hz,
                      options_.model_rate_hz));
    } else if (audio.bandwidth_hz < options_.narrow_share * half_rate_hz) {
      add(i, FindingKind::kNarrowBand, 4.0,
          fmt::format("{:.0f} Hz at a rate of {} Hz", audio.bandwidth_hz, audio.sample_rate_hz));
    }
    const double over_noise_db = audio.speech_level_db - audio.noise_level_db;
    if (over_noise_db < options_.noisy_db) {
      add(i, FindingKind::kNoisy, 3.5 + (options_.noisy_db - over_noise_db) / 4.0,
          fmt::format("speech {:.0f} dB over the noise", over_noise_db));
    }
    if (audio.speech_level_db < options_.quiet_db) {
      add(i, FindingKind::kQuiet, kSuspicious,
          fmt::format("speech at {:.0f} dB full scale", audio.speech_level_db));
    }
  }

  void find_copied() {
    std::vector<AudioFacts> audio;
    std::vector<size_t> index;
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].unreadable.empty()) continue;
      audio.push_back(utterances_[i].audio);
      index.push_back(i);
    }
    const std::vector<int> copies = find_copies(audio, options_.copy_distance_db);
    for (size_t a = 0; a < copies.size(); ++a) {
      if (copies[a] < 0) continue;
      const size_t copy = index[a];
      const size_t original = index[static_cast<size_t>(copies[a])];
      const bool same_text =
          normalize_text(utterances_[copy].text) == normalize_text(utterances_[original].text);
      for (const auto& [one, other] : {std::pair(copy, original), std::pair(original, copy)}) {
        const auto known = [](const Finding& f) { return f.kind == FindingKind::kCopy; };
        if (std::ranges::any_of(checked_[one].findings, known)) continue;
        // With two texts at least one is wrong.
        add(one, FindingKind::kCopy, same_text ? 5.0 : 8.0,
            fmt::format("of {}{}", utterances_[other].id, same_text ? "" : ", with another text"));
      }
    }
  }

  void find_repeated() {
    std::unordered_map<std::string, std::vector<size_t>> of_text;
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].unreadable.empty() || utterances_[i].words.empty()) continue;
      of_text[utterances_[i].speaker + '\n' + normalize_text(utterances_[i].text)].push_back(i);
    }
    for (size_t i = 0; i < utterances_.size(); ++i) {
      if (!utterances_[i].unreadable.empty() || utterances_[i].words.empty()) continue;
      const auto& same =
          of_text[utterances_[i].speaker + '\n' + normalize_text(utterances_[i].text)];
      for (const size_t other : same) {
        const double duration_s = utterances_[i].audio.duration_s;
        if (other == i || std::abs(utterances_[other].audio.duration_s - duration_s) >
                              options_.repeated_share * duration_s) {
          continue;
        }
        add(i, FindingKind::kRepeated, 2.0, fmt::format("of {}", utterances_[other].id));
        break;
      }
    }
  }

  void rank() {
    const std::vector<int> counts = count_findings(checked_);
    const auto total = static_cast<double>(std::max<size_t>(1, checked_.size()));
    for (CheckedUtterance& checked : checked_) {
      const auto points = [&](const Finding& finding) {
        const double share = counts[static_cast<size_t>(finding.kind)] / total;
        return finding.severity * (facts_of(finding.kind).absolute ? 1.0 : 1.0 - share);
      };
      std::ranges::stable_sort(checked.findings, std::ranges::greater(), points);
      double others = 0.0;
      for (size_t f = 1; f < checked.findings.size(); ++f) others += points(checked.findings[f]);
      const double strongest = checked.findings.empty() ? 0.0 : points(checked.findings[0]);
      checked.suspicion = std::max(strongest, checked.misfit) + others / 10.0;
    }
    std::ranges::stable_sort(checked_, std::ranges::greater(), &CheckedUtterance::suspicion);
  }

  std::span<const UtteranceFacts> utterances_;
  const DataCheckOptions& options_;
  std::vector<CheckedUtterance> checked_;
  std::vector<std::optional<double>> phone_z_;  // [utterance]: mean over its phones
};

}  // namespace

std::string_view finding_name(FindingKind kind) { return facts_of(kind).name; }

std::string_view finding_meaning(FindingKind kind) { return facts_of(kind).meaning; }

std::optional<FindingKind> find_finding_kind(std::string_view name) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (name == kKinds[i].name) return static_cast<FindingKind>(i);
  }
  return std::nullopt;
}

std::vector<CheckedUtterance> check_data(std::span<const UtteranceFacts> utterances,
                                         const DataCheckOptions& options) {
  return Checker(utterances, options).run();
}

std::vector<int> count_findings(std::span<const CheckedUtterance> checked) {
  std::vector<int> counts(kNumFindingKinds, 0);
  for (const CheckedUtterance& one : checked) {
    for (const Finding& finding : one.findings) ++counts[static_cast<size_t>(finding.kind)];
  }
  return counts;
}

}  // namespace bivox
