// Private to the normalizer: tokens of one sentence, and the rules that read them.
//
// A token is what stands between blanks, without the punctuation around it (tokens.cpp). read()
// tries rules from the most specific to the least; each says how many tokens it has read, 0 for
// none. Rules for numbers are in number_rules.cpp, for names in name_rules.cpp.
// Thread rule: one object a call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tts/text/normalizer.h"

namespace bivox {

struct Token {
  std::string text;   ///< The core.
  std::string lower;  ///< The same, lower case.
  size_t begin = 0;
  size_t end = 0;
  int atom = -1;
  bool period = false;     ///< A period follows at once.
  bool opened = false;     ///< A bracket or quote stands before it.
  bool bracketed = false;  ///< "(" before and ")" after.
  Punctuation after = Punctuation::kNone;
};

std::vector<Token> tokenize(const MarkedText& text, const SentenceRange& sentence);

/// A number at the beginning of a text.
struct NumberText {
  bool negative = false;
  std::string whole;     ///< Digits without commas; may be empty (".5").
  std::string fraction;  ///< Digits after the point.
  bool commas = false;
  size_t length = 0;  ///< Characters of the text.

  bool is_integer() const { return fraction.empty(); }
  bool is_one() const { return whole == "1" && fraction.empty(); }
};
std::optional<NumberText> starts_with_number(std::string_view text);
std::string words_of(const NumberText& number);

class TokenReader {
 public:
  TokenReader(std::vector<Token> tokens, const MarkedText& text, const Normalizer::IsWord& is_word,
              const Normalizer::IsWord& is_listed);
  std::vector<SpokenWord> run();

 private:
  // A reading is words with blanks between them; a comma after a word asks for a small pause.
  void emit(std::string_view words, size_t first, size_t last);

  const Token* token(size_t i) const { return i < tokens_.size() ? &tokens_[i] : nullptr; }
  const Token* next(size_t i, size_t n = 1) const { return token(i + n); }
  const Token* before(size_t i, size_t n = 1) const { return i >= n ? &tokens_[i - n] : nullptr; }
  std::string_view lower_before(size_t i, size_t n = 1) const;
  std::string_view lower_after(size_t i, size_t n = 1) const;
  bool is_word(std::string_view lower) const;
  bool is_last(size_t i) const { return i + 1 == tokens_.size(); }
  bool is_capitalized(const Token* token) const;

  size_t read(size_t i);

  // Numbers: several tokens.
  size_t read_date(size_t i);
  size_t read_day_month(size_t i);
  size_t read_phone(size_t i);
  size_t read_money(size_t i);
  size_t read_mixed_fraction(size_t i);
  size_t read_quantity(size_t i);
  size_t read_time(size_t i);
  size_t read_number(size_t i);
  std::string plain_number(size_t i, std::string_view digits) const;
  bool counts_things(size_t i) const;
  bool is_year_context(size_t i) const;
  /// Whether the quantity of these tokens belongs to the noun after it: "a 5 kg bag".
  bool is_attributive(size_t first, size_t last) const;
  bool is_address(size_t i) const;
  /// Reads one token of digits and marks by its form alone; empty where it has none.
  std::string numeric_form(std::string_view text, size_t i) const;
  std::string range_form(std::string_view text, size_t i) const;
  std::string range_side(std::string_view side, size_t i) const;

  // Names.
  size_t read_symbol(size_t i);
  size_t read_address_form(size_t i);  // e-mail, URL, handle, path
  size_t read_abbreviation(size_t i);
  size_t read_roman(size_t i);
  size_t read_name(size_t i);
  std::string name_form(std::string_view text, size_t i, int depth = 0) const;
  std::string capitals_form(std::string_view text, size_t i) const;
  std::string mixed_form(std::string_view text) const;

  std::vector<Token> tokens_;
  const MarkedText& text_;
  const Normalizer::IsWord& is_word_;
  const Normalizer::IsWord& is_listed_;
  bool shouting_ = false;  // the sentence is in capitals
  std::vector<SpokenWord> words_;
};

/// "F B I" of "FBI"; digits as numbers in between ("M P three").
std::string spelled(std::string_view text);
/// An address of the net part by part: "example dot com".
std::string address_words(std::string_view text, const Normalizer::IsWord& is_word);

}  // namespace bivox
