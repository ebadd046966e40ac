// bivox say: speech from text, and how a text is read.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "apps/interrupt.h"
#include "apps/model_finder.h"
#include "apps/program.h"
#include "apps/speech_output.h"
#include "apps/verbs.h"
#include "apps/voice_finder.h"
#include "dsp/core/file_io.h"
#include "tts/text/text_front_end.h"
#include "tts/voice/voice.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> text;  // one at most, which may be empty
  std::vector<std::string> more;
  std::string file;
  std::vector<std::string> lexicons;
  bool ssml = false;
  bool plain = false;
  bool show_normalized = false;
  bool show_phonemes = false;
  bool json = false;
  std::string output;
  std::string voice = kDefaultVoice;
  std::string speaker;
  std::string mode;
  std::string times;
  VoiceOptions how;

  bool shows() const { return show_normalized || show_phonemes || json; }
};

std::string text_of(const Options& options) {
  if (!options.text.empty() && !options.file.empty()) {
    throw Error(ErrorCode::kUsage, "a text and --file are both given", "give one of them");
  }
  if (options.file == "-" || (options.text.empty() && options.file.empty())) {
    std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    if (std::cin.bad()) throw Error(ErrorCode::kInput, "standard input cannot be read");
    return text;
  }
  if (!options.file.empty()) return read_file(options.file);
  std::string text = options.text.front();
  for (const std::string& words : options.more) text += ' ' + words;
  return text;
}

std::string_view name_of(PhoneSource source) {
  switch (source) {
    case PhoneSource::kGiven:
      return "given";
    case PhoneSource::kUserLexicon:
      return "lexicon";
    case PhoneSource::kLetters:
      return "letters";
    case PhoneSource::kHeteronym:
      return "context";
    case PhoneSource::kDictionary:
      return "dictionary";
    case PhoneSource::kDerived:
      return "derived";
    case PhoneSource::kGuessed:
      return "guessed";
    case PhoneSource::kNone:
      return "none";
  }
  return "none";
}

/// One object a sentence, offsets in bytes of the input.
nlohmann::ordered_json json_of(const Utterance& utterance) {
  auto words = nlohmann::ordered_json::array();
  for (const UtteranceWord& word : utterance.words) {
    auto phones = nlohmann::ordered_json::array();
    for (int i = 0; i < word.num_phones; ++i) {
      phones.push_back(
          phone_name(utterance.phones[static_cast<size_t>(word.first_phone + i)].phone));
    }
    words.push_back({{"word", word.text},
                     {"phones", std::move(phones)},
                     {"source", name_of(word.phone_source)},
                     {"begin", word.source_begin},
                     {"end", word.source_end}});
  }
  return {{"begin", utterance.source_begin},
          {"end", utterance.source_end},
          {"words", std::move(words)}};
}

std::shared_ptr<const Pronouncer> pronouncer_of(const Options& options) {
  PronouncerFiles files;
  files.dictionary = find_bundled_model("dict-en");
  files.g2p = find_bundled_model("g2p-en");
  for (const std::string& lexicon : options.lexicons) files.user_lexicons.emplace_back(lexicon);
  return Pronouncer::load(files);
}

void warn_of_skipped(size_t skipped, Console& console) {
  if (skipped == 0) return;
  console.warning(fmt::format("{} characters have no English reading and are skipped", skipped));
}

[[noreturn]] void fail_without_words() {
  throw Error(ErrorCode::kInput, "the text has nothing to say");
}

// How the text is read, a line a sentence; nothing sounds.
int show(const Options& options, const std::string& text, Console& console) {
  const TextFrontEnd front_end(pronouncer_of(options));
  const MarkedText marked = front_end.mark(text, options.how.form);
  warn_of_skipped(marked.skipped, console);
  size_t said = 0;
  for (const SentenceRange& sentence : split_sentences(marked.text)) {
    const Utterance utterance = front_end.analyze(marked, sentence);
    if (utterance.words.empty()) continue;
    ++said;
    if (options.show_normalized) std::cout << display_words(utterance) << '\n';
    if (options.show_phonemes) std::cout << display_phones(utterance) << '\n';
    if (options.json) {
      std::cout << json_of(utterance).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                << '\n';
    }
    if (interrupted()) return kInterruptedExitCode;
  }
  if (said == 0) fail_without_words();
  return 0;
}

/// When it is said; seconds from the first sample, offsets in bytes of the input.
nlohmann::ordered_json json_of(const TimedSentence& sentence) {
  const auto rounded = [](double s) { return std::round(s * 1e4) / 1e4; };
  auto words = nlohmann::ordered_json::array();
  for (const TimedWord& word : sentence.words) {
    auto phones = nlohmann::ordered_json::array();
    for (const TimedPhone& phone : word.phones) {
      phones.push_back({{"phone", phone_name(phone.phone)},
                        {"start_s", rounded(phone.start_s)},
                        {"end_s", rounded(phone.end_s)}});
    }
    words.push_back({{"word", word.text},
                     {"begin", word.source_begin},
                     {"end", word.source_end},
                     {"start_s", rounded(word.start_s)},
                     {"end_s", rounded(word.end_s)},
                     {"phones", std::move(phones)}});
  }
  auto marks = nlohmann::ordered_json::array();
  for (const TimedMark& mark : sentence.marks) {
    marks.push_back({{"mark", mark.name}, {"time_s", rounded(mark.time_s)}});
  }
  return {{"begin", sentence.source_begin},
          {"end", sentence.source_end},
          {"start_s", rounded(sentence.start_s)},
          {"end_s", rounded(sentence.end_s)},
          {"words", std::move(words)},
          {"marks", std::move(marks)}};
}

int speaker_of(const Voice& voice, const std::string& name) {
  const auto& names = voice.speakers();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error(ErrorCode::kUsage, fmt::format("the voice has no speaker \"{}\"", name),
                fmt::format("it has {}", fmt::join(names, ", ")));
  }
  return static_cast<int>(found - names.begin());
}

int speak(const Options& options, const std::string& text, Console& console) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  const std::filesystem::path folder = find_voice(options.voice);
  const auto voice = Voice::load(folder, pronouncer_of(options));
  VoiceOptions how = options.how;
  if (!options.speaker.empty()) how.speaking.speaker = speaker_of(*voice, options.speaker);
  if (!options.mode.empty()) how.mode = vocoder_mode_of(options.mode);
  const auto loaded = Clock::now();
  const double loading_s = seconds_since(begin);
  // Opened with the first sound: a text without words leaves no file.
  std::unique_ptr<SpeechOutput> output;
  auto sentences = nlohmann::ordered_json::array();
  std::optional<double> first_s;
  VoiceSink sink;
  sink.audio = [&](std::span<const float> samples) {
    if (!first_s) first_s = seconds_since(loaded);
    if (output == nullptr) output = open_speech_output(options.output, voice->sample_rate_hz());
    output->write(samples);
    return !interrupted();
  };
  if (!options.times.empty()) {
    sink.sentence = [&](const TimedSentence& sentence) { sentences.push_back(json_of(sentence)); };
  }
  const SpeechSummary summary = voice->speak(text, how, sink);
  warn_of_skipped(summary.skipped, console);
  if (!summary.complete) return kInterruptedExitCode;
  if (summary.sentences == 0) fail_without_words();
  const double took_s = seconds_since(loaded);
  output->finish();
  const double sound_s = static_cast<double>(summary.samples) / voice->sample_rate_hz();
  if (!options.times.empty()) {
    const nlohmann::ordered_json times = {{"sample_rate_hz", voice->sample_rate_hz()},
                                          {"seconds", sound_s},
                                          {"sentences", std::move(sentences)}};
    AtomicFile file(options.times);
    file.stream() << times.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    file.commit();
  }
  console.detail(fmt::format(
      "bivox: {:.2f} s of sound in {:.3f} s ({:.4f} of real time), first audio after {:.0f} ms; "
      "loading took {:.0f} ms",
      sound_s, took_s, took_s / sound_s, 1e3 * first_s.value_or(0.0), 1e3 * loading_s));
  return 0;
}

int say(Options options, Console& console) {
  if (options.ssml && options.plain) {
    throw Error(ErrorCode::kUsage, "--ssml and --plain exclude each other");
  }
  options.how.form = options.ssml    ? TextForm::kSsml
                     : options.plain ? TextForm::kPlain
                                     : TextForm::kAuto;
  if (options.shows() && !options.output.empty()) {
    throw Error(ErrorCode::kUsage, "-o speaks, --show-normalized, --show-phonemes and --json show",
                "give one of them");
  }
  const std::string text = text_of(options);
  return options.shows() ? show(options, text, console) : speak(options, text, console);
}

}  // namespace

void add_say_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "say",
      "Speak a text: the argument, a file or standard input; what begins with <speak> is SSML, "
      "and\n"
      "[[HH AH0 L OW1]] gives phones. Speech goes to a file, to standard output as raw 16-bit "
      "mono\n"
      "(-o -), or to the loudspeaker. --show-normalized, --show-phonemes and --json print how the\n"
      "text is read instead, a line a sentence; they need no voice.",
      "  bivox say \"Good morning.\" -o morning.wav\n"
      "  bivox say --file chapter.txt --rate 1.2 --times chapter.json -o chapter.opus\n"
      "  bivox say \"Hear yourself.\" -o - | bivox transcribe - --rate 16000\n"
      "  bivox say \"Dr. Smith paid $3.50 in 1908.\" --show-normalized",
      [=](Console& console) { return say(*options, console); });
  // Two options, as CLI11 takes the values of one that has several for lists: "[[HH AY1]]".
  verb.add_option("TEXT", options->text, "Text, or SSML")->expected(1)->allow_extra_args(false);
  verb.add_option("MORE", options->more, "Further words of it");
  verb.add_option("-f,--file", options->file, "Text file, or - for standard input");
  verb.add_option(
      "--lexicon", options->lexicons,
      "Pronunciations of your own, as in CMUdict: `word PHONE PHONE ...`; may be repeated");
  verb.add_option(
      "-o,--output", options->output,
      "File to write, .wav, .flac, .opus ..., or - for raw samples on standard output;\n"
      "without it the loudspeaker");
  verb.add_option("--voice", options->voice, "Name of an installed voice, or its folder");
  verb.add_option("--speaker", options->speaker,
                  "One of the voice's speakers (default: the first)");
  verb.add_option("--mode", options->mode,
                  "parallel (a WaveNet on all samples at once; the default), autoregressive (a\n"
                  "WaveNet sample by sample) or source-filter (no network)")
      ->check(CLI::IsMember({"parallel", "autoregressive", "source-filter"}));
  SpeakingOptions& speaking = options->how.speaking;
  verb.add_option("--rate", speaking.rate, "Speed: 2 is twice as fast")
      ->check(CLI::Range(0.25, 4.0));
  verb.add_option("--pitch", speaking.pitch_semitones, "Shift of the pitch, semitones")
      ->check(CLI::Range(-24.0, 24.0));
  verb.add_option("--melody", speaking.pitch_range, "Range of the melody; 0: monotone")
      ->check(CLI::Range(0.0, 3.0));
  verb.add_option("--seed", options->how.seed, "The same seed gives the same sound");
  verb.add_option("--times", options->times, "JSON file to write: when words and phones are said");
  verb.add_flag("--ssml", options->ssml, "Read as SSML, whatever it begins with");
  verb.add_flag("--plain", options->plain, "Read as text, though it begins with <speak>");
  verb.add_flag("--show-normalized", options->show_normalized, "Print the words that are said");
  verb.add_flag("--show-phonemes", options->show_phonemes, "Print their phones with stress");
  verb.add_flag("--json", options->json, "Print words, phones and their source as JSON");
}

}  // namespace bivox
