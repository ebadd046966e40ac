// Which utterances of a data set are likely to be wrong: their labels, or their sound.
//
// Each utterance gets findings, each with a severity in points; utterances come out with the worst
// first. Three points are the least that is called suspicious, ten mean that the utterance is
// useless as it is.
//   suspicion = strongest finding + (sum of the others) / 10, or the misfit below three
// A finding that is common in the data set is a property of it rather than an error: a severity
// counts times 1 - share of the utterances with the same finding. Errors that need no comparison
// (unreadable, no text, no speech, a text that cannot be aligned) always count in full.
//
// Does the text fit? Likelihood ratios (text_fit.h) of the whole utterance and of its phones, each
// phone beside the data set's median for that phone, each speaker beside the data set:
//   z(x) = (x - m(speaker)) / (1.4826 MAD),  m(speaker) = (n m_speaker + 5 m) / (n + 5)
//   misfit = - ( z(ratio) + z(mean phone z) ) / 2
// A robust scale, so that errors do not hide behind the spread that they make. The speaker's median
// keeps accents and children from looking like wrong texts.
//
// Thread rule: pure functions. Sources: robust z-scores: Rousseeuw & Croux, JASA 88 (1993),
// section 1; the thresholds were set on training splits of LibriSpeech, speechocean762, LJSpeech
// and Kathleen. Test: tests/legacy/data_check_test.cpp; planted errors:
// tests/bench/data_check_planted.py.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "legacy/data_check/audio_facts.h"
#include "legacy/data_check/text_fit.h"

namespace bivox {

enum class FindingKind : uint8_t {
  kUnreadable,    ///< No sound could be read.
  kNoText,        ///< The text is empty.
  kSilent,        ///< No speech in the recording.
  kTextUnfit,     ///< The text cannot be aligned at all, or is too long for the audio.
  kMisfit,        ///< The text fits much worse than others do.
  kWordMisfit,    ///< One word of it does.
  kExtraSpeech,   ///< Speech that the text leaves out.
  kFast,          ///< Speaking rate far over the others'.
  kSlow,          ///< Far below.
  kClipped,       ///< The tops of the wave are cut.
  kCutStart,      ///< Speech at the very first sample: its beginning is probably lost.
  kCutEnd,        ///< The same at the end.
  kLowRate,       ///< Recorded at a lower rate than the model hears.
  kNarrowBand,    ///< The upper half of the spectrum is missing.
  kNoisy,         ///< Speech hardly over the noise.
  kQuiet,         ///< Very low level.
  kCopy,          ///< The same recording as another utterance, under another text or id.
  kRepeated,      ///< The same text by the same speaker in the same time.
  kUnknownWords,  ///< Words that the dictionary lacks.
};
inline constexpr int kNumFindingKinds = 19;

/// "clipped", "cut-start", ...: for options, tables and JSON.
std::string_view finding_name(FindingKind kind);
/// One sentence that says what it means, for people.
std::string_view finding_meaning(FindingKind kind);
std::optional<FindingKind> find_finding_kind(std::string_view name);

struct Finding {
  FindingKind kind = FindingKind::kUnreadable;
  double severity = 0.0;  ///< Points, before rarity is taken into account.
  std::string detail;     ///< Numbers, words, the other utterance: "word 3 \"TWELVE\" (z -7.1)".
};

/// What was measured on one utterance.
struct UtteranceFacts {
  std::string id;
  std::string speaker;  ///< Empty: unknown.
  std::string text;
  std::vector<std::string> words;    ///< As aligned.
  std::vector<std::string> unknown;  ///< Words that the dictionary lacks.
  std::string unreadable;            ///< Why there is no sound; empty: there is.
  AudioFacts audio;
  std::string unfit;           ///< Why the text could not be aligned.
  std::optional<TextFit> fit;  ///< Absent also without text.
};

struct WordFit {
  int word = 0;  ///< Index in UtteranceFacts::words.
  double start_s = 0.0;
  double end_s = 0.0;
  double z = 0.0;  ///< Mean over its phones; right words lie around 0, wrong ones below -4.
};

struct CheckedUtterance {
  size_t index = 0;  ///< In the facts given.
  double suspicion = 0.0;
  double misfit = 0.0;            ///< See above; 0 without a fit.
  double phones_per_s = 0.0;      ///< 0 without a fit.
  std::vector<Finding> findings;  ///< Strongest first.
  std::vector<WordFit> words;
};

struct DataCheckOptions {
  double frame_shift_s = 0.01;  ///< Of the fits.
  int model_rate_hz = 16000;    ///< What the model hears.
  double misfit = 4.0;          ///< Points.
  double word_misfit = 6.0;     ///< Points, for words of three phones and more.
  double extra_speech_s = 1.0;
  double rate_z = 4.0;           ///< Of the logarithm of phones a second.
  double clipped_share = 0.002;  ///< Of the loud samples, in flat runs.
  double crowd_share = 0.1;      ///< Of the loud samples, near the peak.
  double edge_db = -10.0;        ///< Level at an edge beside the speech level.
  double narrow_share = 0.7;     ///< Of half the model's rate.
  double noisy_db = 12.0;        ///< Speech level over noise level.
  double quiet_db = -45.0;       ///< Speech level, dB full scale.
  double silent_db = -60.0;
  double copy_distance_db = 1.0;
  double repeated_share = 0.01;  ///< Durations that count as the same.
};

/// All utterances, worst first; equals keep their order.
std::vector<CheckedUtterance> check_data(std::span<const UtteranceFacts> utterances,
                                         const DataCheckOptions& options = {});

/// How many utterances have each finding, by kind.
std::vector<int> count_findings(std::span<const CheckedUtterance> checked);

}  // namespace bivox
