#include "apps/voice_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "apps/interrupt.h"
#include "apps/kept_apart.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "dsp/features/front_end.h"
#include "legacy/hmm/alignment.h"
#include "legacy/training/blocks.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTimesFile = "times.txt";
constexpr const char* kTimesMagic = "bivox-phone-times 1";
constexpr double kMillisecond_s = 1e-3;
constexpr float kSilencePenalty = -2.0F;  // natural log

using Times = std::vector<PhoneTime>;

// The phones of one word as the aligner's dictionary spells it: "R_EH_D".
std::string aligner_word(const Utterance& utterance, const UtteranceWord& word) {
  std::string name;
  for (int i = 0; i < word.num_phones; ++i) {
    const auto phone = utterance.phones[static_cast<size_t>(word.first_phone + i)].phone.phone;
    name += (i > 0 ? "_" : "") + std::string(kSpeechPhones[phone]);
  }
  return name;
}

void add_word(const Utterance& utterance, const UtteranceWord& word, const PhoneSet& phones,
              Lexicon& lexicon) {
  std::vector<PhoneId> ids;
  for (int i = 0; i < word.num_phones; ++i) {
    const auto phone = utterance.phones[static_cast<size_t>(word.first_phone + i)].phone.phone;
    const std::optional<PhoneId> id = phones.find(kSpeechPhones[phone]);
    if (!id) {
      throw Error(ErrorCode::kModel,
                  fmt::format("the aligner has no phone {}", kSpeechPhones[phone]),
                  "name a model for English with --gmm");
    }
    ids.push_back(*id);
  }
  lexicon.add(aligner_word(utterance, word), ids);
}

void write_times(const fs::path& path, const std::string& description,
                 std::span<const UtteranceText> recordings, std::span<const Times> times) {
  AtomicFile file(path);
  file.stream() << kTimesMagic << '\n' << description << '\n';
  for (size_t u = 0; u < recordings.size(); ++u) {
    file.stream() << recordings[u].id << '\t';
    for (const PhoneTime& time : times[u]) {
      file.stream() << std::lround(time.start_s / kMillisecond_s) << ' '
                    << std::lround(time.end_s / kMillisecond_s) << ' ';
    }
    file.stream() << '\n';
  }
  file.commit();
}

// Nothing where the file is of other data, or damaged: then times are found anew.
std::optional<std::vector<Times>> read_times(const fs::path& path, const std::string& description,
                                             std::span<const UtteranceText> recordings) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  std::istringstream lines(read_file(path));
  std::string line;
  if (!std::getline(lines, line) || line != kTimesMagic) return std::nullopt;
  if (!std::getline(lines, line) || line != description) return std::nullopt;
  std::vector<Times> all;
  while (std::getline(lines, line)) {
    if (all.size() == recordings.size()) return std::nullopt;
    const size_t tab = line.find('\t');
    if (tab == std::string::npos || line.substr(0, tab) != recordings[all.size()].id) {
      return std::nullopt;
    }
    std::istringstream numbers(line.substr(tab + 1));
    Times times;
    long start = 0;
    long end = 0;
    while (numbers >> start >> end) {
      times.push_back(
          {static_cast<double>(start) * kMillisecond_s, static_cast<double>(end) * kMillisecond_s});
    }
    all.push_back(std::move(times));
  }
  if (all.size() != recordings.size()) return std::nullopt;
  return all;
}

// Texts all in capitals have words in them, nothing to be spelled.
std::string readable(std::string text) {
  const auto is_lower = [](unsigned char c) { return std::islower(c) != 0; };
  if (std::none_of(text.begin(), text.end(), is_lower)) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

std::string why_not_aligned() { return "its text does not fit its audio"; }

// Recordings on their way; several threads do blocks of them.
class Preparation {
 public:
  Preparation(std::span<const UtteranceText> recordings, const TextFrontEnd& front_end,
              const AcousticModel& aligner, const VoiceDataOptions& options, Console& console)
      : recordings_(recordings),
        aligner_(aligner),
        options_(options),
        console_(console),
        sentences_(recordings.size()),
        times(recordings.size()),
        speech(recordings.size()),
        faults(recordings.size()) {
    const PhoneSet& phones = aligner.hmms().phones();
    for (size_t u = 0; u < recordings.size(); ++u) {
      sentences_[u] = front_end.utterances(readable(recordings[u].text), TextForm::kPlain);
      std::erase_if(sentences_[u], [](const Utterance& s) { return s.phones.empty(); });
      for (const Utterance& sentence : sentences_[u]) {
        for (const UtteranceWord& word : sentence.words) {
          if (word.num_phones > 0) add_word(sentence, word, phones, lexicon_);
        }
      }
    }
    for (const FillerWord& filler : aligner.fillers()) {
      if (filler.phone == phones.silence()) fillers_.push_back(filler);
    }
  }

  void run(bool with_alignment) {
    run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
      const auto [first, last] = block_range(block, recordings_.size());
      const std::unique_ptr<AcousticScores> scores = aligner_.make_scores();
      for (size_t u = first; u < last; ++u) {
        try {
          prepare(u, with_alignment, *scores);
        } catch (const Error& error) {
          faults[u] = error.message();
        }
        console_.progress(++done_, recordings_.size(), "aligning");
        if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted");
      }
    });
    console_.progress(0, 0, "");
  }

 private:
  void prepare(size_t u, bool with_alignment, AcousticScores& scores) {
    if (sentences_[u].empty()) {
      faults[u] = "no text";
      return;
    }
    if (!with_alignment && times[u].empty()) {
      faults[u] = why_not_aligned();
      return;
    }
    const AudioBuffer audio = read_audio(recordings_[u].audio, options_.features.sample_rate_hz);
    if (with_alignment) times[u] = align(u, scores);
    FeatureMatrix rows = vocoder_features(options_.features, audio);
    normalize_loudness(options_.features, rows);
    add_sentences(u, rows, audio.duration_s());
    if (speech[u].empty()) faults[u] = why_not_aligned();
  }

  Times align(size_t u, AcousticScores& scores) const {
    std::vector<std::string> words;
    size_t phones = 0;
    for (const Utterance& sentence : sentences_[u]) {
      for (const UtteranceWord& word : sentence.words) {
        if (word.num_phones > 0) words.push_back(aligner_word(sentence, word));
      }
      phones += sentence.phones.size();
    }
    const FrontEndOptions& front_end = aligner_.front_end();
    const AudioBuffer audio = read_audio(recordings_[u].audio, front_end.sample_rate_hz);
    AlignmentOptions alignment;
    alignment.frame_shift_s = aligner_.frame_shift_s();
    alignment.silence_penalty = kSilencePenalty;
    alignment.window_lead_s = window_lead_s(aligner_);
    const Aligner aligner(aligner_.hmms(), lexicon_, fillers_, alignment);
    const Alignment found =
        aligner.align(words, compute_features(front_end, audio), scores, audio.duration_s());
    Times result;
    for (const TranscriptWord& word : found.words) {
      for (const TimedPhone& phone : word.phones) {
        result.push_back({phone.start_s, phone.end_s});
      }
    }
    return result.size() == phones ? result : Times();
  }

  // Sentences of a recording part in the middle of the silence between them.
  void add_sentences(size_t u, const FeatureMatrix& rows, double duration_s) {
    size_t first = 0;
    double begin_s = 0.0;
    for (const Utterance& sentence : sentences_[u]) {
      const size_t count = sentence.phones.size();
      if (first + count > times[u].size()) return;
      const std::span<const PhoneTime> own = std::span(times[u]).subspan(first, count);
      first += count;
      const double end_s =
          first < times[u].size() ? 0.5 * (own.back().end_s + times[u][first].start_s) : duration_s;
      std::optional<AlignedSpeech> made =
          align_speech(sentence, own, options_.features, rows, begin_s, end_s);
      if (made) speech[u].push_back(std::move(*made));
      begin_s = end_s;
    }
  }

  std::span<const UtteranceText> recordings_;
  const AcousticModel& aligner_;
  const VoiceDataOptions& options_;
  Console& console_;
  Lexicon lexicon_;
  std::vector<FillerWord> fillers_;
  std::vector<std::vector<Utterance>> sentences_;
  std::atomic<size_t> done_ = 0;

 public:
  // By recording.
  std::vector<Times> times;
  std::vector<std::vector<AlignedSpeech>> speech;
  std::vector<std::string> faults;
};

// Speakers of several sources are called source/speaker; the speaker is enough where it is unique.
void drop_sources(std::vector<std::string>& speakers) {
  std::vector<std::string> names;
  for (const std::string& speaker : speakers)
    names.push_back(speaker.substr(speaker.rfind('/') + 1));
  if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) speakers = names;
}

}  // namespace

VoiceData make_voice_data(std::span<const UtteranceText> recordings, const TextFrontEnd& front_end,
                          const AcousticModel& aligner, const VoiceDataOptions& options,
                          Console& console) {
  std::error_code failure;
  fs::create_directories(options.folder, failure);
  if (failure) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: cannot be made: {}", options.folder.string(), failure.message()));
  }
  Preparation work(recordings, front_end, aligner, options, console);
  const fs::path path = options.folder / kTimesFile;
  auto kept = read_times(path, options.description, recordings);
  if (kept) work.times = std::move(*kept);
  work.run(!kept);
  if (!kept) write_times(path, options.description, recordings, work.times);

  VoiceData data;
  const double frame_s =
      static_cast<double>(options.features.hop) / options.features.sample_rate_hz;
  for (size_t u = 0; u < recordings.size(); ++u) {
    if (!work.faults[u].empty()) {
      data.left_out.push_back(fmt::format("{}: {}", recordings[u].id, work.faults[u]));
      continue;
    }
    const std::string name = recordings[u].speaker.empty() ? "speaker" : recordings[u].speaker;
    auto found = std::find(data.speakers.begin(), data.speakers.end(), name);
    if (found == data.speakers.end()) found = data.speakers.insert(found, name);
    const auto speaker = static_cast<int>(found - data.speakers.begin());
    for (AlignedSpeech& speech : work.speech[u]) {
      speech.speaker = speaker;
      data.speech_s += frame_s * static_cast<double>(speech.rows.rows());
      (is_kept_apart(recordings[u].id) ? data.dev : data.train).push_back(std::move(speech));
    }
  }
  drop_sources(data.speakers);
  if (data.train.empty()) {
    throw Error(ErrorCode::kInput, "no sentence to train on",
                data.left_out.empty() ? "name data with texts" : data.left_out.front());
  }
  return data;
}

}  // namespace bivox
