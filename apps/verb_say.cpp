// bivox say: how a text is read. What it shows is what the voice speaks.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "apps/interrupt.h"
#include "apps/model_finder.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/core/file_io.h"
#include "tts/text/text_front_end.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> text;
  std::string file;
  std::vector<std::string> lexicons;
  bool ssml = false;
  bool plain = false;
  bool show_normalized = false;
  bool show_phonemes = false;
  bool json = false;
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
  return fmt::format("{}", fmt::join(options.text, " "));
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

int say(const Options& options, Console& console) {
  if (options.ssml && options.plain) {
    throw Error(ErrorCode::kUsage, "--ssml and --plain exclude each other");
  }
  if (!options.show_normalized && !options.show_phonemes && !options.json) {
    throw Error(ErrorCode::kUsage, "what to show? no voice is installed",
                "use --show-normalized, --show-phonemes or --json");
  }
  const std::string text = text_of(options);
  PronouncerFiles files;
  files.dictionary = find_bundled_model("dict-en");
  files.g2p = find_bundled_model("g2p-en");
  for (const std::string& lexicon : options.lexicons) files.user_lexicons.emplace_back(lexicon);
  const TextFrontEnd front_end(Pronouncer::load(files));
  const TextForm form = options.ssml    ? TextForm::kSsml
                        : options.plain ? TextForm::kPlain
                                        : TextForm::kAuto;
  const MarkedText marked = front_end.mark(text, form);
  if (marked.skipped > 0) {
    console.warning(
        fmt::format("{} characters have no English reading and are skipped", marked.skipped));
  }
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
  if (said == 0) throw Error(ErrorCode::kInput, "the text has nothing to say");
  return 0;
}

}  // namespace

void add_say_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "say",
      "Show how a text is read: words (--show-normalized), phones (--show-phonemes) or both with\n"
      "their places in the text (--json), a line a sentence. Text is the argument, a file or\n"
      "standard input; what begins with <speak> is SSML. [[HH AH0 L OW1]] gives phones.",
      "  bivox say \"Dr. Smith paid $3.50 in 1908.\" --show-normalized\n"
      "  bivox say --file chapter.md --show-phonemes --lexicon names.dict\n"
      "  echo '<speak>One<break time=\"1s\"/>two</speak>' | bivox say --json",
      [=](Console& console) { return say(*options, console); });
  verb.add_option("TEXT", options->text, "Text, or SSML");
  verb.add_option("-f,--file", options->file, "Text file, or - for standard input");
  verb.add_option(
      "--lexicon", options->lexicons,
      "Pronunciations of your own, as in CMUdict: `word PHONE PHONE ...`; may be repeated");
  verb.add_flag("--ssml", options->ssml, "Read as SSML, whatever it begins with");
  verb.add_flag("--plain", options->plain, "Read as text, though it begins with <speak>");
  verb.add_flag("--show-normalized", options->show_normalized, "Print the words that are said");
  verb.add_flag("--show-phonemes", options->show_phonemes, "Print their phones with stress");
  verb.add_flag("--json", options->json, "Print words, phones and their source as JSON");
}

}  // namespace bivox
