#include "tts/text/sentences.h"

#include <algorithm>
#include <array>
#include <string>

#include "tts/text/characters.h"
#include "tts/text/marked_text.h"
#include "tts/text/word_tables.h"

namespace bivox {
namespace {

constexpr bool closes(char c) { return c == '"' || c == '\'' || c == ')' || c == ']' || c == '}'; }
constexpr bool ends(char c) { return c == '.' || c == '!' || c == '?'; }

bool has_reading(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == kAtomMark || c < 0 ||
           std::string_view("$%&@#+=").find(c) != std::string_view::npos;
  });
}

/// The words that open sentences so often that a period before them is a full stop.
bool is_opener(std::string_view word) {
  static constexpr std::array<std::string_view, 39> kOpeners = {
      "a",    "after", "all",   "also", "an",   "and", "as",      "at",   "but",  "by",
      "for",  "from",  "he",    "her",  "his",  "how", "however", "i",    "if",   "in",
      "it",   "its",   "my",    "no",   "on",   "our", "she",     "so",   "that", "the",
      "then", "there", "these", "they", "this", "we",  "what",    "when", "you"};
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return std::find(kOpeners.begin(), kOpeners.end(), lower) != kOpeners.end();
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<SentenceRange> run() {
    size_t at = 0;
    while (at < text_.size()) {
      if (text_[at] == '\n') {
        add(at, false, true);
        begin_ = ++at;
        continue;
      }
      if (ends(text_[at])) {
        size_t after = at;
        while (after < text_.size() && ends(text_[after])) ++after;
        const size_t marks = after - at;
        while (after < text_.size() && closes(text_[after])) ++after;
        if (is_end(at, marks, after)) {
          add(after, false, false);
          begin_ = after;
        }
        at = after;
        continue;
      }
      if (at - begin_ >= kMaxSentenceBytes) at = cut(at);
      ++at;
    }
    add(text_.size(), false, true);
    return std::move(sentences_);
  }

 private:
  void add(size_t end, bool continues, bool ends_paragraph) {
    size_t begin = begin_;
    while (begin < end && is_blank(text_[begin])) ++begin;
    while (end > begin && is_blank(text_[end - 1])) --end;
    if (begin < end && has_reading(text_.substr(begin, end - begin))) {
      sentences_.push_back({begin, end, continues, ends_paragraph});
    } else if (ends_paragraph && !sentences_.empty()) {
      sentences_.back().ends_paragraph = true;
    }
  }

  /// Cuts before `at` and returns where the next sentence begins.
  size_t cut(size_t at) {
    const std::string_view part = text_.substr(begin_, at - begin_);
    size_t end = std::string_view::npos;
    for (const std::string_view marks : {";:", ",", " "}) {
      const size_t found = part.find_last_of(marks);
      if (found != std::string_view::npos && found > kMaxSentenceBytes / 3) {
        end = begin_ + found + 1;
        break;
      }
    }
    if (end == std::string_view::npos) {
      end = at;
      // Not within a symbol of several bytes.
      while (end > begin_ + 1 && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) --end;
    }
    add(end, true, false);
    begin_ = end;
    return std::max(end, begin_);
  }

  std::string_view word_before(size_t at) const {
    size_t begin = at;
    // Names with periods in them ("U.S") are words here; longer ones are no abbreviation.
    while (begin > begin_ && at - begin < 20 && !is_blank(text_[begin - 1]) &&
           std::string_view("\"([{").find(text_[begin - 1]) == std::string_view::npos) {
      --begin;
    }
    return text_.substr(begin, at - begin);
  }

  std::string_view next_word(size_t at) const {
    while (at < text_.size() && !is_alnum(text_[at]) && text_[at] != '\n') ++at;
    size_t end = at;
    while (end < text_.size() && end - at < 30 && (is_alnum(text_[end]) || text_[end] == '\'')) {
      ++end;
    }
    return text_.substr(at, end - at);
  }

  bool is_end(size_t at, size_t marks, size_t after) const {
    if (after < text_.size() && !is_blank(text_[after])) return false;
    const std::string_view next = next_word(after);
    const bool closed = after > at + marks;
    const bool lower_next = !next.empty() && is_lower(next[0]);
    if (text_[at + marks - 1] != '.') return !(closed && lower_next);
    if (marks > 1) return !lower_next;
    const std::string_view word = word_before(at);
    if (word.empty()) return false;
    if (closed) return !lower_next;
    if (word.size() == 1 && is_upper(word[0])) return word == "I" && is_opener(next);
    switch (abbreviation_end(word)) {
      case AbbreviationEnd::kNotAbbreviation:
        if (lower_next && is_letter(word[0]) && find_unit(word) != nullptr) return false;
        break;
      case AbbreviationEnd::kNever:
        return false;
      case AbbreviationEnd::kBeforeCapital:
        return !lower_next && !(next.size() > 0 && is_digit(next[0])) && !is_time_zone(next);
      case AbbreviationEnd::kBeforeOpener:
        return next.empty() || (is_upper(next[0]) && is_opener(next));
      case AbbreviationEnd::kBeforeNumberNever:
        return next.empty() || !is_digit(next[0]);
    }
    return true;
  }

  std::string_view text_;
  size_t begin_ = 0;
  std::vector<SentenceRange> sentences_;
};

}  // namespace

std::vector<SentenceRange> split_sentences(std::string_view text) { return Splitter(text).run(); }

}  // namespace bivox
