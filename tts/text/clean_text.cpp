#include "tts/text/clean_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "dsp/core/error.h"
#include "tts/text/characters.h"

namespace bivox {
namespace {

// How far a link, a tag or phones may reach: keeps the time linear, whatever is opened and never
// closed.
constexpr size_t kMaxMarkup = 400;
constexpr int kMaxNesting = 4;

constexpr std::array<std::string_view, 24> kConsonants = {
    "B",  "CH", "D", "DH", "F",  "G", "HH", "JH", "K", "L", "M", "N",
    "NG", "P",  "R", "S",  "SH", "T", "TH", "V",  "W", "Y", "Z", "ZH"};
constexpr std::array<std::string_view, 15> kVowels = {
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"};

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// `plain` stands for `length` bytes at `source`.
void put(std::string_view plain, size_t source, MarkedText& to, size_t length = 1) {
  to.text += plain;
  to.source.resize(to.text.size(), static_cast<uint32_t>(source));
  to.source_end.resize(to.text.size(), static_cast<uint32_t>(source + length));
}

std::vector<std::string> split_blanks(std::string_view text) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_blank(text[at])) ++at;
    const size_t begin = at;
    while (at < text.size() && !is_blank(text[at])) ++at;
    if (at > begin) parts.emplace_back(text.substr(begin, at - begin));
  }
  return parts;
}

bool starts_with_any_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

class Cleaner {
 public:
  Cleaner(std::string_view input, const CleanTextOptions& options)
      : input_(input), options_(options) {}

  MarkedText run() {
    size_t begin = 0;
    while (begin < input_.size()) {
      const size_t newline = std::min(input_.find('\n', begin), input_.size());
      size_t end = newline;
      if (end > begin && input_[end - 1] == '\r') --end;
      line(begin, end);
      begin = newline + 1;
    }
    out_.source.push_back(static_cast<uint32_t>(input_.size()));
    return std::move(out_);
  }

 private:
  void end_paragraph(size_t source) {
    if (!out_.text.empty() && out_.text.back() != '\n') put("\n", source, out_);
  }

  void line(size_t begin, size_t end) {
    size_t at = begin;
    while (at < end && is_blank(input_[at])) ++at;
    if (at == end) return end_paragraph(begin);
    if (!options_.markdown) {
      inline_text(at, end, 0);
      put(" ", end, out_);
      return;
    }
    std::string_view rest = input_.substr(at, end - at);
    if (rest.starts_with("```") || rest.starts_with("~~~") || is_rule(rest)) {
      return end_paragraph(begin);
    }
    while (at < end && input_[at] == '>') {
      ++at;
      while (at < end && is_blank(input_[at])) ++at;
    }
    rest = input_.substr(at, end - at);
    bool own_paragraph = false;
    size_t hashes = 0;
    while (hashes < rest.size() && rest[hashes] == '#') ++hashes;
    if (hashes >= 1 && hashes <= 6 && hashes < rest.size() && is_blank(rest[hashes])) {
      own_paragraph = true;
      at += hashes;
      while (at < end && is_blank(input_[at])) ++at;
      while (end > at && (input_[end - 1] == '#' || is_blank(input_[end - 1]))) --end;
    } else if (rest.size() >= 2 &&
               is_one_of(rest.substr(0, 1), std::array<std::string_view, 3>{"-", "*", "+"}) &&
               is_blank(rest[1])) {
      // A line that continues an item has no mark and goes on in its paragraph.
      end_paragraph(at);
      at += 2;
      if (rest.size() >= 5 && rest[2] == '[' && rest[4] == ']') at += 3;
    } else if (rest.starts_with("|")) {
      return table_row(at, end);
    } else {
      const size_t number = std::min(rest.find_first_not_of("0123456789"), rest.size());
      if (number >= 1 && number <= 3 && number + 1 < rest.size() &&
          (rest[number] == '.' || rest[number] == ')') && is_blank(rest[number + 1])) {
        end_paragraph(at);
        for (size_t i = 0; i < number; ++i) put(rest.substr(i, 1), at + i, out_);
        put(": ", at + number, out_);
        at += number + 1;
      }
    }
    if (own_paragraph) end_paragraph(at);
    inline_text(at, end, 0);
    put(" ", end, out_);
    if (own_paragraph) end_paragraph(end);
  }

  /// A horizontal rule, the underline of a heading, the second row of a table.
  static bool is_rule(std::string_view line) {
    return line.size() >= 3 && line.find_first_not_of("-=*_ |:+\t") == std::string_view::npos &&
           line.find_first_of("-=*_") != std::string_view::npos;
  }

  void table_row(size_t begin, size_t end) {
    size_t at = begin;
    bool first = true;
    while (at < end) {
      const size_t bar = std::min(input_.find('|', at), end);
      size_t cell_end = bar;
      while (at < cell_end && is_blank(input_[at])) ++at;
      while (cell_end > at && is_blank(input_[cell_end - 1])) --cell_end;
      if (cell_end > at) {
        if (!first) put(", ", at, out_);
        inline_text(at, cell_end, 0);
        first = false;
      }
      at = bar + 1;
    }
    end_paragraph(end);
  }

  /// Whether a run of marks at [at, at + length) opens or closes emphasis.
  bool is_emphasis(size_t at, size_t length, size_t begin, size_t end) const {
    const bool blank_before = at == begin || !is_alnum(input_[at - 1]);
    const bool blank_after = at + length == end || !is_alnum(input_[at + length]);
    const bool space_before = at == begin || is_blank(input_[at - 1]);
    const bool space_after = at + length == end || is_blank(input_[at + length]);
    if (space_before && space_after) return false;
    return blank_before || blank_after;
  }

  void inline_text(size_t begin, size_t end, int depth) {
    size_t at = begin;
    while (at < end) {
      const char c = input_[at];
      size_t used = 0;
      if (c == '[' && options_.inline_phones) used = phones(at, end);
      if (used == 0 && options_.markdown) used = markup(at, begin, end, depth);
      if (used == 0) {
        used = std::min(input_.find_first_of("[*_`~!\\<&", at + 1), end) - at;
        append_characters(input_.substr(at, used), at, out_);
      }
      at += used;
    }
  }

  /// [[HH AH0 L OW1]]: the bytes used, or 0.
  size_t phones(size_t at, size_t end) {
    const std::string_view rest = input_.substr(at, std::min(end - at, kMaxMarkup));
    if (!rest.starts_with("[[")) return 0;
    const size_t close = rest.find("]]");
    if (close == std::string_view::npos) return 0;
    std::vector<std::string> list = split_blanks(rest.substr(2, close - 2));
    if (!are_phones(list)) return 0;
    TextAtom atom;
    atom.words.emplace_back(rest.substr(0, close + 2));
    atom.phones = std::move(list);
    atom.source_begin = at;
    atom.source_end = at + close + 2;
    put(" ", at, out_);
    put({&kAtomMark, 1}, at, out_);
    out_.atoms.push_back(std::move(atom));
    // What follows at once (a comma, "'s") stays with it.
    return close + 2;
  }

  size_t markup(size_t at, size_t begin, size_t end, int depth) {
    const std::string_view rest = input_.substr(at, end - at);
    switch (rest[0]) {
      case '`':
        return 1;
      case '\\':
        if (rest.size() >= 2 &&
            std::string_view("*_`#[]()<>&~|\\!").find(rest[1]) != std::string_view::npos) {
          put(rest.substr(1, 1), at + 1, out_);
          return 2;
        }
        return 0;
      case '*':
      case '_':
      case '~': {
        const size_t run = std::min(rest.find_first_not_of(rest[0]), rest.size());
        if (rest[0] == '~' && run != 2) return 0;
        if (run > 3 || !is_emphasis(at, run, begin, end)) return 0;
        return run;
      }
      case '!':
        return rest.size() >= 2 && rest[1] == '[' && link(at + 1, end, depth) ? link_length_ + 1
                                                                              : 0;
      case '[':
        return link(at, end, depth) ? link_length_ : 0;
      case '<':
        return tag(rest, at);
      case '&':
        return entity(rest, at);
      default:
        return 0;
    }
  }

  bool link(size_t at, size_t end, int depth) {
    if (depth >= kMaxNesting) return false;
    const std::string_view rest = input_.substr(at, std::min(end - at, kMaxMarkup));
    const size_t close = rest.find("](");
    if (close == std::string_view::npos) return false;
    // The inner one of two is read first, by the same rule.
    if (rest.substr(0, close).rfind('[') != 0) return false;
    const size_t parenthesis = rest.find(')', close);
    if (parenthesis == std::string_view::npos) return false;
    inline_text(at + 1, at + close, depth + 1);
    link_length_ = parenthesis + 1;
    return true;
  }

  size_t tag(std::string_view rest, size_t at) {
    const std::string_view near = rest.substr(0, kMaxMarkup);
    const size_t close = near.find('>');
    if (close == std::string_view::npos || close < 2) return 0;
    std::string_view inside = near.substr(1, close - 1);
    if (inside.find("://") != std::string_view::npos ||
        inside.find('@') != std::string_view::npos) {
      if (inside.find_first_of(" \"'") == std::string_view::npos) {
        append_characters(inside, at + 1, out_);
        return close + 1;
      }
    }
    if (inside.starts_with("!--")) return close + 1;
    if (inside[0] == '/') inside.remove_prefix(1);
    if (inside.empty() || !is_letter(inside[0]) || inside.find('<') != std::string_view::npos)
      return 0;
    const size_t name = std::min(inside.find_first_of(" \t/"), inside.size());
    for (size_t i = 0; i < name; ++i) {
      if (!is_alnum(inside[i])) return 0;
    }
    static constexpr std::array<std::string_view, 5> kBlocks = {"br", "p", "li", "div", "tr"};
    for (const std::string_view block : kBlocks) {
      if (name == block.size() && starts_with_any_case(inside, block)) end_paragraph(at);
    }
    return close + 1;
  }

  size_t entity(std::string_view rest, size_t at) {
    struct Entity {
      std::string_view name;
      std::string_view plain;
    };
    static constexpr std::array<Entity, 8> kEntities = {{{"&amp;", "&"},
                                                         {"&lt;", "<"},
                                                         {"&gt;", ">"},
                                                         {"&quot;", "\""},
                                                         {"&apos;", "'"},
                                                         {"&#39;", "'"},
                                                         {"&nbsp;", " "},
                                                         {"&mdash;", " -- "}}};
    for (const Entity& known : kEntities) {
      if (rest.starts_with(known.name)) {
        put(known.plain, at, out_, known.name.size());
        return known.name.size();
      }
    }
    return 0;
  }

  std::string_view input_;
  CleanTextOptions options_;
  MarkedText out_;
  size_t link_length_ = 0;
};

}  // namespace

MarkedText clean_text(std::string_view input, const CleanTextOptions& options) {
  if (input.size() >= std::numeric_limits<uint32_t>::max()) {
    throw Error(ErrorCode::kInput,
                fmt::format("a text of {} bytes; at most 4 GiB can be read", input.size()));
  }
  return Cleaner(input, options).run();
}

void append_characters(std::string_view input, size_t source, MarkedText& to) {
  size_t at = 0;
  bool greek_before = false;
  while (at < input.size()) {
    const Character character = first_character(input.substr(at));
    const std::string_view plain = character.valid ? plain_form(character.code) : "";
    const std::string_view greek = character.valid ? greek_name(character.code) : "";
    const size_t next = at + character.length;
    if (plain == "\n") {
      put(" ", source + at, to);
    } else if (plain == kVanishes) {
      // Nothing is missed.
    } else if (!plain.empty()) {
      put(plain, source + at, to, character.length);
    } else if (!greek.empty() && !greek_before &&
               (next == input.size() ||
                greek_name(first_character(input.substr(next)).code).empty())) {
      // A letter that stands alone is a symbol; several are a word of another script.
      put(" ", source + at, to);
      put(greek, source + at, to, character.length);
      put(" ", source + at, to);
    } else {
      ++to.skipped;
      if (to.text.empty() || to.text.back() != ' ') put(" ", source + at, to);
    }
    greek_before = !greek.empty();
    at = next;
  }
}

bool are_phones(const std::vector<std::string>& phones) {
  bool vowel = false;
  for (const std::string& phone : phones) {
    std::string_view name = phone;
    const bool stressed = name.size() == 3 && name[2] >= '0' && name[2] <= '2';
    if (stressed) name.remove_suffix(1);
    if (is_one_of(name, kVowels)) {
      vowel = true;
    } else if (stressed || !is_one_of(name, kConsonants)) {
      return false;
    }
  }
  return vowel;
}

}  // namespace bivox
