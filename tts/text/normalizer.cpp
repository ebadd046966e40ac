#include "tts/text/normalizer.h"

#include <algorithm>
#include <utility>

#include "tts/text/characters.h"
#include "tts/text/clean_text.h"
#include "tts/text/token_reader.h"
#include "tts/text/word_tables.h"

namespace bivox {

Normalizer::Normalizer(IsWord is_word, IsWord is_listed)
    : is_word_(std::move(is_word)), is_listed_(std::move(is_listed)) {}

std::vector<SpokenWord> Normalizer::normalize(const MarkedText& text,
                                              const SentenceRange& sentence) const {
  return TokenReader(tokenize(text, sentence), text, is_word_, is_listed_).run();
}

std::string Normalizer::words_of(std::string_view text) const {
  const MarkedText clean = clean_text(text);
  std::string words;
  for (const SentenceRange& sentence : split_sentences(clean.text)) {
    for (const SpokenWord& word : normalize(clean, sentence)) {
      if (!words.empty()) words += ' ';
      words += word.text;
    }
  }
  return words;
}

TokenReader::TokenReader(std::vector<Token> tokens, const MarkedText& text,
                         const Normalizer::IsWord& is_word, const Normalizer::IsWord& is_listed)
    : tokens_(std::move(tokens)), text_(text), is_word_(is_word), is_listed_(is_listed) {
  // Capitals alone, and at least one word among them that is not an acronym.
  size_t capitals = 0;
  size_t others = 0;
  size_t plain_words = 0;
  for (const Token& token : tokens_) {
    const bool lower = std::any_of(token.text.begin(), token.text.end(), is_lower);
    const auto letters = std::count_if(token.text.begin(), token.text.end(), is_upper);
    if (lower) ++others;
    if (!lower && letters >= 2) {
      ++capitals;
      if (this->is_word(token.lower)) ++plain_words;
    }
  }
  shouting_ = others == 0 && capitals >= 2 && plain_words >= 1;
}

std::vector<SpokenWord> TokenReader::run() {
  size_t i = 0;
  while (i < tokens_.size()) i += read(i);
  return std::move(words_);
}

size_t TokenReader::read(size_t i) {
  if (tokens_[i].atom >= 0) {
    const auto& atom = text_.atoms[static_cast<size_t>(tokens_[i].atom)];
    std::string words;
    for (const std::string& word : atom.words) words += (words.empty() ? "" : " ") + word;
    if (!atom.phones.empty()) {
      SpokenWord word{words, tokens_[i].begin, tokens_[i].end, tokens_[i].after, tokens_[i].atom};
      words_.push_back(std::move(word));
    } else {
      emit(words, i, i);
    }
    return 1;
  }
  if (is_listed_ && is_listed_(tokens_[i].lower)) {
    emit(tokens_[i].lower, i, i);
    return 1;
  }
  using Rule = size_t (TokenReader::*)(size_t);
  static constexpr Rule kRules[] = {
      &TokenReader::read_address_form, &TokenReader::read_date,
      &TokenReader::read_day_month,    &TokenReader::read_phone,
      &TokenReader::read_money,        &TokenReader::read_mixed_fraction,
      &TokenReader::read_time,         &TokenReader::read_quantity,
      &TokenReader::read_number,       &TokenReader::read_abbreviation,
      &TokenReader::read_roman,        &TokenReader::read_symbol,
      &TokenReader::read_name};
  for (const Rule rule : kRules) {
    if (const size_t used = (this->*rule)(i)) return used;
  }
  return 1;
}

void TokenReader::emit(std::string_view words, size_t first, size_t last) {
  size_t at = 0;
  while (at < words.size()) {
    const size_t end = std::min(words.find(' ', at), words.size());
    if (end > at) {
      SpokenWord word;
      word.text = words.substr(at, end - at);
      if (word.text.back() == ',') {
        word.text.pop_back();
        word.after = Punctuation::kComma;
      }
      word.begin = tokens_[first].begin;
      word.end = tokens_[last].end;
      words_.push_back(std::move(word));
    }
    at = end + 1;
  }
  // Without a reading the punctuation goes to the word before.
  if (!words_.empty()) words_.back().after = std::max(words_.back().after, tokens_[last].after);
}

std::string_view TokenReader::lower_before(size_t i, size_t n) const {
  const Token* found = before(i, n);
  return found != nullptr ? std::string_view(found->lower) : std::string_view();
}

std::string_view TokenReader::lower_after(size_t i, size_t n) const {
  const Token* found = next(i, n);
  return found != nullptr ? std::string_view(found->lower) : std::string_view();
}

bool TokenReader::is_word(std::string_view lower) const { return is_word_ && is_word_(lower); }

bool TokenReader::is_capitalized(const Token* token) const {
  return token != nullptr && !token->text.empty() && is_upper(token->text[0]);
}

}  // namespace bivox
