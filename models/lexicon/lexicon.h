// Words and how they are pronounced.
//
// Reads the CMUdict form: one `word phone phone ...` a line, alternates as `word(2)`, comments from
// `;;;` at the start of a line or ` #` within, stress digits on vowels. When the phone set has no stressed phones (`AH0` unknown but `AH` known)
// the digit is dropped. Several pronunciations of one word that become equal are kept once.
//
// Index types, 0-based and dense: WordIndex in order of first appearance; pronunciations in order of
// the file. Errors: Error(kModel) with the path, the line number and the reason.
// Thread rule: immutable after loading, but for add(); share freely.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/lexicon/phone_set.h"

namespace bivox {

using WordIndex = int32_t;

class Lexicon {
 public:
  Lexicon() = default;

  /// Reads `path` with the phones of `phones`. A phone that is unknown even without its stress is an
  /// Error that names line, word and phone.
  static Lexicon load(const std::filesystem::path& path, const PhoneSet& phones);
  /// The same from text in memory; `name` stands for the path in errors.
  static Lexicon parse(std::string_view text, const PhoneSet& phones, std::string_view name);
  /// Reads a dictionary of which the phones are not known before; every phone is added to `phones`.
  static Lexicon load_open(const std::filesystem::path& path, PhoneSet& phones);

  /// Adds a pronunciation (a new word if it is not there yet). Empty pronunciations are an Error.
  WordIndex add(std::string_view word, std::span<const PhoneId> phones);

  std::optional<WordIndex> find(std::string_view word) const;
  const std::string& word(WordIndex word) const;
  int num_words() const;
  int num_pronunciations() const;
  /// Pronunciations of a word: count, and the phones of the i-th.
  int num_pronunciations(WordIndex word) const;
  std::span<const PhoneId> pronunciation(WordIndex word, int i) const;
};

}  // namespace bivox
