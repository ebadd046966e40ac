#include <algorithm>
#include <array>

#include "tts/text/characters.h"
#include "tts/text/token_reader.h"

namespace bivox {
namespace {

constexpr std::string_view kOpening = "\"'([{<*_";
constexpr std::string_view kClosing = ".,;:!?\"')]}>*_";

bool is_clipped_word(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kClipped = {
      "'em", "'tis", "'twas", "'til", "'cause", "'round", "'bout", "'n", "'n'"};
  std::string lower(text.substr(0, 8));
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  while (!lower.empty() && kClosing.find(lower.back()) != std::string_view::npos) lower.pop_back();
  return std::find(kClipped.begin(), kClipped.end(), lower) != kClipped.end();
}

Punctuation stronger(Punctuation a, Punctuation b) { return std::max(a, b); }

/// What the marks after a word ask for.
Punctuation punctuation_of(std::string_view marks, bool last) {
  Punctuation result = Punctuation::kNone;
  size_t periods = 0;
  for (const char c : marks) {
    switch (c) {
      case '.':
        ++periods;
        break;
      case ',':
        result = stronger(result, Punctuation::kComma);
        break;
      case ')':
      case ']':
        result = stronger(result, Punctuation::kParenthesis);
        break;
      case ';':
        result = stronger(result, Punctuation::kSemicolon);
        break;
      case ':':
        result = stronger(result, Punctuation::kColon);
        break;
      case '!':
        result = stronger(result, Punctuation::kExclamation);
        break;
      case '?':
        result = stronger(result, Punctuation::kQuestion);
        break;
      default:
        break;
    }
  }
  if (periods >= 2) result = stronger(result, Punctuation::kEllipsis);
  if (periods == 1 && last) result = stronger(result, Punctuation::kPeriod);
  return result;
}

class Tokenizer {
 public:
  Tokenizer(const MarkedText& text, const SentenceRange& sentence)
      : text_(std::string_view(text.text).substr(0, sentence.end)), at_(sentence.begin) {
    const auto first = std::lower_bound(
        text.atoms.begin(), text.atoms.end(), text.source[at_],
        [](const TextAtom& atom, size_t source) { return atom.source_begin < source; });
    atom_ = static_cast<int>(first - text.atoms.begin());
  }

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
        continue;
      }
      size_t end = at_;
      while (end < text_.size() && !is_blank(text_[end])) ++end;
      if (!is_face(text_.substr(at_, end - at_))) chunk(at_, end);
      at_ = end;
    }
    return std::move(tokens_);
  }

 private:
  void pause(Punctuation punctuation) {
    if (!tokens_.empty()) tokens_.back().after = stronger(tokens_.back().after, punctuation);
  }

  /// ":D", "<3": signs with a letter or digit in them that is not said.
  static bool is_face(std::string_view chunk) {
    static constexpr std::array<std::string_view, 16> kFaces = {
        ":D", ";D", "=D",  ":-D", ":P", ":p", ";P", ":-P",
        ":O", ":o", ":-O", ":3",  "xD", "<3", ":S", ":X"};
    return std::find(kFaces.begin(), kFaces.end(), chunk) != kFaces.end();
  }

  static bool is_address(std::string_view chunk) {
    return chunk.find("://") != std::string_view::npos || chunk.starts_with("www.") ||
           chunk.find('@') != std::string_view::npos;
  }

  /// Whether the comma at `i` is that of "1,234".
  static bool groups_digits(std::string_view chunk, size_t i) {
    if (!is_digit(chunk[i - 1])) return false;
    size_t end = i + 1;
    while (end < chunk.size() && is_digit(chunk[end])) ++end;
    return end - i - 1 == 3;
  }

  /// Where a chunk falls into two: the length of the first part and that of the mark.
  static std::pair<size_t, size_t> fault(std::string_view chunk) {
    for (size_t i = 1; i + 1 < chunk.size(); ++i) {
      const char c = chunk[i];
      const char left = chunk[i - 1];
      const char right = chunk[i + 1];
      if (c == '-' && right == '-') {
        size_t end = i;
        while (end < chunk.size() && chunk[end] == '-') ++end;
        if (end < chunk.size()) return {i, end - i};
      }
      if (c == '.' && right == '.') {
        size_t end = i;
        while (end < chunk.size() && chunk[end] == '.') ++end;
        if (end < chunk.size() && is_alnum(chunk[end])) return {i, end - i};
      }
      const bool letters = is_letter(left) && is_letter(right);
      if (letters && (c == ';' || c == '!' || c == '?' || c == ':')) return {i, 1};
      if (c == ',' && (is_alnum(right) || is_alnum(left)) && !groups_digits(chunk, i))
        return {i, 1};
      if ((c == '(' || c == ')' || c == '[' || c == ']') && is_alnum(right)) return {i, 1};
      if (c == '"' && is_alnum(right) && is_alnum(left)) return {i, 1};
      if (c == '|') return {i, 1};
      // "end.Next": the blank was forgotten.
      if (c == '.' && is_lower(left) && i >= 2 && is_lower(chunk[i - 2]) && is_upper(right) &&
          i + 2 < chunk.size() && is_lower(chunk[i + 2])) {
        return {i, 1};
      }
    }
    return {chunk.size(), 0};
  }

  void chunk(size_t begin, size_t end) {
    while (begin < end) {
      if (text_[begin] == kAtomMark) {
        Token token;
        token.begin = begin;
        token.end = begin + 1;
        token.atom = atom_++;
        tokens_.push_back(std::move(token));
        ++begin;
        size_t closing = begin;
        while (closing < end && kClosing.find(text_[closing]) != std::string_view::npos) ++closing;
        if (closing > begin) {
          pause(punctuation_of(text_.substr(begin, closing - begin), closing == text_.size()));
        }
        begin = closing;
        continue;
      }
      const std::string_view rest = text_.substr(begin, end - begin);
      const size_t atom = std::min(rest.find(kAtomMark), rest.size());
      size_t length = atom;
      size_t mark = 0;
      if (!is_address(rest.substr(0, atom))) {
        const auto [first, marks] = fault(rest.substr(0, atom));
        length = first;
        mark = marks;
      }
      part(begin,
           begin + length +
               (mark > 0 && rest[length] != '-' && rest[length] != '(' && rest[length] != '[' ? mark
                                                                                              : 0));
      if (mark > 0 && rest[length] == '-') pause(Punctuation::kDash);
      if (mark > 0 && (rest[length] == '(' || rest[length] == '[')) {
        pause(Punctuation::kParenthesis);
      }
      if (mark > 0 && rest[length] == '.' && mark == 1) pause(Punctuation::kPeriod);
      begin += length + mark;
    }
  }

  void part(size_t begin, size_t end) {
    const size_t first = begin;
    bool bracket = false;
    bool opened = false;
    while (begin < end && kOpening.find(text_[begin]) != std::string_view::npos) {
      const std::string_view rest = text_.substr(begin, end - begin);
      if (text_[begin] == '\'' &&
          (is_clipped_word(rest) || (rest.size() >= 3 && is_digit(rest[1]) && is_digit(rest[2])))) {
        break;
      }
      if (rest.size() == 1 && (rest[0] == '<' || rest[0] == '*')) break;
      if (rest.size() > 1 && rest[0] == '<' && is_digit(rest[1])) break;  // <5
      if (text_[begin] == '(' || text_[begin] == '[') {
        bracket = true;
        pause(Punctuation::kParenthesis);
      }
      opened = true;
      if (text_[begin] == '"') ++quotes_;
      ++begin;
    }
    size_t core_end = end;
    while (core_end > begin && kClosing.find(text_[core_end - 1]) != std::string_view::npos) {
      if (core_end - begin == 1 && (text_[begin] == '>' || text_[begin] == '*')) break;
      // 6" is a length where no quotation is open.
      const bool inches = text_[core_end - 1] == '"' && core_end - begin >= 2 &&
                          is_digit(text_[core_end - 2]) && quotes_ % 2 == 0;
      const bool feet = text_[core_end - 1] == '\'' && core_end - begin >= 2 &&
                        is_digit(text_[core_end - 2]) && !opened;
      if (inches || feet) break;
      --core_end;
    }
    const std::string_view marks = text_.substr(core_end, end - core_end);
    quotes_ += static_cast<int>(std::count(marks.begin(), marks.end(), '"'));
    std::string_view core = text_.substr(begin, core_end - begin);
    if (!core.empty() && core.find_first_not_of("-.") == std::string_view::npos) {
      if (core == "-" && first + 1 == end) return lone_hyphen(begin);
      pause(core[0] == '-' ? Punctuation::kDash : Punctuation::kEllipsis);
      core = {};
    }
    if (core.starts_with("...")) {
      pause(Punctuation::kEllipsis);
      while (core.starts_with(".")) {
        core.remove_prefix(1);
        ++begin;
      }
    }
    while (core.size() >= 2 && core[0] == '-' && !is_digit(core[1]) && core[1] >= 0 &&
           core[1] != '$' && core[1] != '.') {
      if (is_letter(core[1])) pause(Punctuation::kComma);
      core.remove_prefix(1);
      ++begin;
    }
    while (core.size() >= 2 && core.back() == '-') core.remove_suffix(1);
    const bool last = end == text_.size();
    if (core.empty()) {
      pause(punctuation_of(marks, last));
      return;
    }
    Token token;
    token.text = core;
    token.lower = core;
    std::transform(token.lower.begin(), token.lower.end(), token.lower.begin(), to_lower);
    token.begin = begin;
    token.end = begin + core.size();
    token.period = marks.starts_with('.') && !marks.starts_with("..");
    token.opened = opened;
    token.bracketed = bracket && marks.find(')') != std::string_view::npos;
    token.after = punctuation_of(marks, last);
    tokens_.push_back(std::move(token));
  }

  /// " - " is a dash between words and a minus between numbers.
  void lone_hyphen(size_t at) {
    const size_t next = at + 2;
    const bool number_after = next < text_.size() && is_digit(text_[next]);
    const bool number_before = !tokens_.empty() && !tokens_.back().text.empty() &&
                               is_digit(tokens_.back().text.back()) &&
                               tokens_.back().after == Punctuation::kNone;
    if (!number_after || !number_before) return pause(Punctuation::kDash);
    Token token;
    token.text = token.lower = "-";
    token.begin = at;
    token.end = at + 1;
    tokens_.push_back(std::move(token));
  }

  std::string_view text_;
  size_t at_;
  int atom_ = 0;
  int quotes_ = 0;  // double quotes passed so far
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(const MarkedText& text, const SentenceRange& sentence) {
  return Tokenizer(text, sentence).run();
}

}  // namespace bivox
