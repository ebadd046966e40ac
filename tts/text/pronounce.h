// Words to phones with stress.
//
// In this order: phones given in the text; the user's lexicons; letters to spell; heteronyms by
// context (heteronyms.h); the dictionary; forms derived from a word of the dictionary ('s, s, ed,
// ing, ly); the grapheme-to-phoneme model, which guesses. After that the sentence decides: "the" is
// DH IY0 before a vowel, "a", "an", "of" and "to" are weak, and of several letters in a row the
// last carries the main stress.
//
// A user's lexicon has the form of CMUdict (models/lexicon/lexicon.h); case does not matter, the
// first pronunciation counts, and vowels without stress get it on the first. A word that it lists
// is read as one, whatever the rules say (SQL S IY1 K W AH0 L). Errors: Error(kModel) of the
// loaders; Error(kInput) for a word whose pronunciation has no vowel. Thread rule: immutable after
// loading; share freely. Test: tests/tts/text/pronounce_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/g2p.h"
#include "models/lexicon/lexicon.h"
#include "tts/text/marked_text.h"
#include "tts/text/normalizer.h"
#include "tts/text/speech_phones.h"

namespace bivox {

/// Where a pronunciation comes from.
enum class PhoneSource : uint8_t {
  kGiven,
  kUserLexicon,
  kLetters,
  kHeteronym,
  kDictionary,
  kDerived,
  kGuessed,
  kNone,  ///< Nothing could be read.
};

struct ReadWord {
  std::vector<StressedPhone> phones;
  PhoneSource source = PhoneSource::kNone;
};

struct PronouncerFiles {
  /// A model folder of kind "dictionary", or a dictionary itself, as it is or compressed.
  std::filesystem::path dictionary;
  std::filesystem::path g2p;  ///< May be empty: unknown words are then spelled.
  std::vector<std::filesystem::path> user_lexicons;  ///< The first that has a word counts.
};

class Pronouncer {
 public:
  static std::shared_ptr<const Pronouncer> load(const PronouncerFiles& files);
  /// From texts in memory; `g2p` may be null.
  static std::shared_ptr<const Pronouncer> parse(std::string_view dictionary,
                                                 std::string_view user_lexicon = "",
                                                 std::shared_ptr<const G2pModel> g2p = nullptr);

  /// The words of one sentence. `text` holds the atoms that words refer to.
  std::vector<ReadWord> pronounce(std::span<const SpokenWord> words, const MarkedText& text) const;
  /// One word as it stands alone.
  ReadWord pronounce_word(std::string_view word) const;

  /// Whether a lower-case word is said as one: the user lists it, or the dictionary has it and does
  /// not spell it ("fbi").
  bool is_word(std::string_view lower) const;
  /// Whether the user lists it.
  bool is_listed(std::string_view lower) const;

 private:
  Pronouncer() = default;
  void add_user_lexicon(const Lexicon& lexicon, const PhoneSet& phones, std::string_view name);
  std::vector<StressedPhone> entry(const Lexicon& lexicon, const PhoneSet& phones,
                                   std::string_view word) const;
  std::vector<StressedPhone> known(std::string_view word) const;
  std::vector<StressedPhone> derived(std::string_view word) const;
  std::vector<StressedPhone> guessed(std::string_view word) const;

  PhoneSet phones_;
  Lexicon dictionary_;
  PhoneSet user_phones_;
  Lexicon user_;
  std::shared_ptr<const G2pModel> g2p_;
};

/// "EH1 F" for 'F'; empty for what is no letter.
std::vector<StressedPhone> letter_phones(char letter);
/// The phones of a word and its plural or possessive s.
std::vector<StressedPhone> with_s(std::vector<StressedPhone> phones);

}  // namespace bivox
