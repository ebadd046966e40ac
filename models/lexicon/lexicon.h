// Words and how they are pronounced.
//
// Reads the CMUdict form: one `word phone phone ...` a line, alternates as `word(2)`, comments from
// `;;;` at the start of a line or ` #` within, stress digits on vowels. When the phone set has no
// stressed phones (`AH0` unknown but `AH` known) the digit is dropped. Several pronunciations of
// one word that become equal are kept once.
//
// Index types, 0-based and dense: WordIndex in order of first appearance; pronunciations in order
// of the file. All phones lie in one array and all words are found through one open-addressing
// table, because a dictionary of 135,000 entries is read at every start of the program. Errors:
// Error(kModel) with the path, the line number and the reason. Thread rule: immutable after
// loading, but for add(); share freely. Source of the form: the CMU Pronouncing Dictionary, cmudict
// 0.7b. Test: tests/models/lexicon_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/phone_set.h"

namespace bivox {

using WordIndex = int32_t;

class Lexicon {
 public:
  Lexicon() = default;

  /// Reads `path` with the phones of `phones`. A phone that is unknown even without its stress is
  /// an Error that names line, word and phone.
  static Lexicon load(const std::filesystem::path& path, const PhoneSet& phones);
  /// The same from text in memory; `name` stands for the path in errors.
  static Lexicon parse(std::string_view text, const PhoneSet& phones, std::string_view name);
  /// Reads a dictionary of which the phones are not known before; every phone is added to `phones`.
  static Lexicon load_open(const std::filesystem::path& path, PhoneSet& phones);
  static Lexicon parse_open(std::string_view text, PhoneSet& phones, std::string_view name);

  /// Adds a pronunciation (a new word if it is not there yet; nothing if the word has it already).
  /// An empty word or an empty pronunciation is an Error.
  WordIndex add(std::string_view word, std::span<const PhoneId> phones);

  std::optional<WordIndex> find(std::string_view word) const;
  const std::string& word(WordIndex word) const { return words_[static_cast<size_t>(word)]; }
  int num_words() const { return static_cast<int>(words_.size()); }
  int num_pronunciations() const { return static_cast<int>(pronunciations_.size()); }
  /// Pronunciations of a word: count, and the phones of the i-th.
  int num_pronunciations(WordIndex word) const { return chains_[static_cast<size_t>(word)].count; }
  std::span<const PhoneId> pronunciation(WordIndex word, int i) const;
  /// Natural log of how likely the i-th is among those of the word, the likeliest being 0; 0 for
  /// all until set (pronunciation_probabilities.h).
  float log_prob(WordIndex word, int i) const;
  void set_log_prob(WordIndex word, int i, float log_prob);

 private:
  // A pronunciation is a range of phones_; those of one word are chained in order of the file.
  struct Pronunciation {
    uint32_t first;
    uint32_t length;
    int32_t next;
    float log_prob;
  };
  struct Chain {
    int32_t first;
    int32_t last;
    int32_t count;
  };

  template <class PhoneOf>
  static Lexicon parse_lines(std::string_view text, std::string_view name, PhoneOf&& phone_of);
  /// Index in pronunciations_ of the i-th of a word.
  size_t place(WordIndex word, int i) const;
  /// The slot of `word` in table_: its place, or the empty one where it would go.
  size_t slot(std::string_view word) const;
  void grow_table();

  std::vector<std::string> words_;
  std::vector<Chain> chains_;
  std::vector<Pronunciation> pronunciations_;
  std::vector<PhoneId> phones_;
  std::vector<WordIndex> table_;  // open addressing, power of two, -1 is empty
};

}  // namespace bivox
