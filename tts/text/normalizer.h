// Sentences to the words that a careful reader would say (US English).
//
//   "Dr. Smith paid $3.50 on 12/25/1908."  ->
//   doctor smith paid three dollars and fifty cents on december twenty fifth nineteen oh eight
//
// Words are lower case; what is spelled is one upper-case letter a word ("F B I"), with a plural or
// possessive as "D's". Each word knows the bytes it was read from and the punctuation after it, so
// that "1908" makes three words over the same bytes. Numbers are in number_words.h, facts in
// word_tables.h; the rules are those of tests/data/tts/normalization.tsv, which says what is meant
// by each. A reading depends on at most a few neighbouring tokens, so time is linear.
//
// Thread rule: immutable; share freely. Test: tests/tts/text/normalizer_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tts/text/marked_text.h"
#include "tts/text/sentences.h"

namespace bivox {

enum class Punctuation : uint8_t {
  kNone,
  kComma,
  kParenthesis,
  kDash,
  kSemicolon,
  kColon,
  kEllipsis,
  kPeriod,
  kExclamation,
  kQuestion,
};

struct SpokenWord {
  std::string text;
  size_t begin = 0;  ///< Bytes of MarkedText::text; several words of one token share them.
  size_t end = 0;
  Punctuation after = Punctuation::kNone;
  int atom = -1;  ///< Index into MarkedText::atoms, if it was given.
};

class Normalizer {
 public:
  using IsWord = std::function<bool(std::string_view)>;
  /// `is_word`: whether a lower-case word is read as one, which decides whether capitals are
  /// spelled. `is_listed`: whether the user gave it a pronunciation, which goes before every rule.
  explicit Normalizer(IsWord is_word, IsWord is_listed = nullptr);

  std::vector<SpokenWord> normalize(const MarkedText& text, const SentenceRange& sentence) const;
  /// All sentences of a plain text, as words with blanks between them: for display and for tests.
  std::string words_of(std::string_view text) const;

 private:
  IsWord is_word_;
  IsWord is_listed_;
};

}  // namespace bivox
