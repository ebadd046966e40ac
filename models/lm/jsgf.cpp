#include "models/lm/jsgf.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Deeper groups are no grammar that a person wrote; the parser recurses into each.
constexpr int kMaxNesting = 200;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

bool is_operator(char c) {
  return std::string_view(";=|*+<>()[]{}/\"").find(c) != std::string::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_blank(text[at])) ++at;
    size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  JsgfFile parse() {
    JsgfFile file;
    file.source = std::string(source_);
    read_header(file);
    read_name(file);
    while (keyword_follows("import")) read_import(file);
    skip_blanks();
    while (at_ < text_.size()) {
      read_rule(file);
      skip_blanks();
    }
    return file;
  }

 private:
  [[noreturn]] void fail(GrammarPosition position, const std::string& what,
                         const std::string& expected) const {
    fail_in_grammar(source_, position, what,
                    expected.empty() ? std::string() : "expected " + expected);
  }
  [[noreturn]] void fail_here(const std::string& expected) {
    fail(here(), "found " + found(), expected);
  }
  // What stands at the current place, for a message.
  std::string found() const {
    if (at_ >= text_.size()) return "the end of the file";
    size_t end = at_ + 1;
    if (!is_operator(text_[at_])) {
      while (end < text_.size() && !is_blank(text_[end]) && !is_operator(text_[end])) ++end;
    }
    return fmt::format("'{}'", text_.substr(at_, std::min<size_t>(end - at_, 40)));
  }

  // Lines and columns are counted on the way, so a position costs nothing.
  GrammarPosition here() const { return {line_, column_}; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
      ++column_;  // bytes that continue a character count as none
    }
    ++at_;
  }
  void step(size_t count) {
    for (size_t i = 0; i < count; ++i) step();
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (is_blank(rest[0])) {
        step();
      } else if (rest.starts_with("//")) {
        while (at_ < text_.size() && text_[at_] != '\n') step();
      } else if (rest.starts_with("/*")) {
        const GrammarPosition begin = here();
        const size_t end = rest.find("*/", 2);
        if (end == std::string_view::npos) fail(begin, "a comment does not end", "*/");
        step(end + 2);
      } else {
        return;
      }
    }
  }

  bool take(char c) {
    skip_blanks();
    if (peek() != c || at_ >= text_.size()) return false;
    step();
    return true;
  }
  void expect(char c, const char* after) {
    if (!take(c)) fail_here(fmt::format("'{}' after {}", c, after));
  }

  bool keyword_follows(std::string_view keyword) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with(keyword) &&
           (rest.size() == keyword.size() || is_blank(rest[keyword.size()]) ||
            is_operator(rest[keyword.size()]));
  }
  void take_keyword(std::string_view keyword) {
    if (!keyword_follows(keyword)) fail_here(fmt::format("'{}'", keyword));
    step(keyword.size());
  }

  void read_header(JsgfFile& file) {
    if (!text_.starts_with("#JSGF")) fail_here("'#JSGF V1.0;' at the start of the file");
    const size_t end = text_.find(';');
    const size_t line_end = text_.find('\n');
    if (end == std::string_view::npos || end > line_end) {
      fail(here(), "the header does not end on its line", "';'");
    }
    const std::vector<std::string> words = words_of(text_.substr(5, end - 5));
    if (words.empty() || words.size() > 3) {
      fail(here(), "a header of another form", "'#JSGF V1.0 [encoding [locale]];'");
    }
    if (words[0] != "V1.0") {
      fail(here(), fmt::format("version '{}'", words[0].substr(0, 40)), "V1.0");
    }
    file.version = words[0];
    if (words.size() > 1) file.encoding = words[1];
    if (words.size() > 2) file.locale = words[2];
    step(end + 1);
  }

  void read_name(JsgfFile& file) {
    take_keyword("grammar");
    skip_blanks();
    file.name = read_bare("a name for the grammar");
    expect(';', "the grammar's name");
  }

  std::string read_bare(const char* expected) {
    const size_t begin = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) && !is_operator(text_[at_])) step();
    if (at_ == begin) fail_here(expected);
    return std::string(text_.substr(begin, at_ - begin));
  }

  // <name>, without its brackets and the blanks inside them.
  std::string read_rule_name() {
    const GrammarPosition begin = here();
    if (!take('<')) fail_here("'<' before the name of a rule");
    const size_t first = at_;
    while (at_ < text_.size() && text_[at_] != '>' && text_[at_] != '<' && text_[at_] != '\n') {
      step();
    }
    if (peek() != '>' || at_ >= text_.size()) {
      fail(begin, "the name of a rule does not end", "'>' on the same line");
    }
    const std::vector<std::string> words = words_of(text_.substr(first, at_ - first));
    step();
    if (words.size() != 1) fail(begin, "a rule's name of another form", "one word between < and >");
    return words[0];
  }

  void read_import(JsgfFile& file) {
    take_keyword("import");
    skip_blanks();
    const GrammarPosition position = here();
    const std::string name = read_rule_name();
    const size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) {
      fail(position, fmt::format("import of <{}>", name.substr(0, 80)),
           "<grammar.rule> or <grammar.*>");
    }
    expect(';', "the import");
    file.imports.push_back({name.substr(0, dot), name.substr(dot + 1), position});
  }

  void read_rule(JsgfFile& file) {
    JsgfRule rule;
    rule.is_public = keyword_follows("public");
    if (rule.is_public) take_keyword("public");
    skip_blanks();
    rule.position = here();
    if (peek() != '<') fail_here("a rule: [public] <name> = ... ;");
    rule.name = read_rule_name();
    if (rule.name == "NULL" || rule.name == "VOID" || rule.name.find('.') != std::string::npos) {
      fail(rule.position, fmt::format("a rule named <{}>", rule.name.substr(0, 80)),
           "a name other than NULL and VOID, without dots");
    }
    expect('=', "the name of a rule");
    rule.expansion = read_alternatives(0);
    if (!take(';')) fail_here("'|', ';' or more of the rule");
    file.rules.push_back(std::move(rule));
  }

  RuleExpansion read_alternatives(int nesting) {
    if (nesting > kMaxNesting) fail(here(), "groups nest too deep", "at most 200 levels");
    RuleExpansion all;
    all.kind = RuleExpansion::Kind::kAlternatives;
    skip_blanks();
    all.position = here();
    double sum = 0.0;
    do {
      all.weights.push_back(read_weight());
      sum += all.weights.back();
      all.parts.push_back(read_sequence(nesting));
    } while (take('|'));
    if (!(sum > 0.0) || !std::isfinite(sum)) {
      fail(all.position, "weights that do not add up to a positive number",
           "at least one weight above 0");
    }
    // What is written without a choice is none.
    if (all.parts.size() == 1) {
      RuleExpansion only = std::move(all.parts.front());
      return only;
    }
    return all;
  }

  double read_weight() {
    skip_blanks();
    if (peek() != '/') return 1.0;
    const GrammarPosition begin = here();
    step();
    const size_t end = text_.find_first_of("/\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') {
      fail(begin, "a weight does not end", "/number/");
    }
    const std::vector<std::string> words = words_of(text_.substr(at_, end - at_));
    double weight = -1.0;
    if (words.size() == 1) {
      const char* last = words[0].data() + words[0].size();
      const auto [stop, error] = std::from_chars(words[0].data(), last, weight);
      if (error != std::errc() || stop != last) weight = -1.0;
    }
    if (!(weight >= 0.0) || weight > 1e30) {
      fail(begin, fmt::format("weight '{}'", text_.substr(at_, std::min<size_t>(end - at_, 40))),
           "a number from 0 to 1e30");
    }
    step(end + 1 - at_);
    return weight;
  }

  RuleExpansion read_sequence(int nesting) {
    RuleExpansion sequence;
    sequence.kind = RuleExpansion::Kind::kSequence;
    skip_blanks();
    sequence.position = here();
    while (std::optional<RuleExpansion> item = read_item(nesting)) {
      sequence.parts.push_back(*std::move(item));
    }
    if (sequence.parts.empty()) fail_here("a word, <rule>, '(' or '['");
    if (sequence.parts.size() == 1) {
      RuleExpansion only = std::move(sequence.parts.front());
      return only;
    }
    return sequence;
  }

  // A word, reference or group with its operator and tags; nothing at the end of a sequence.
  std::optional<RuleExpansion> read_item(int nesting) {
    skip_blanks();
    if (at_ >= text_.size()) fail_here("';' at the end of the rule");
    RuleExpansion item;
    const GrammarPosition position = here();
    const char c = peek();
    if (c == '(' || c == '[') {
      step();
      item = read_alternatives(nesting + 1);
      if (!take(c == '(' ? ')' : ']')) {
        fail_here(fmt::format("'{}' for the '{}' of line {}, column {}", c == '(' ? ')' : ']', c,
                              position.line, position.column));
      }
      if (c == '[') item = wrapped(RuleExpansion::Kind::kOptional, std::move(item), position);
    } else if (c == '<') {
      item = read_reference();
    } else if (c == '"') {
      item = read_quoted();
    } else if (c == ';' || c == '|' || c == ')' || c == ']') {
      return std::nullopt;
    } else {
      item.kind = RuleExpansion::Kind::kWord;
      item.text = read_bare("a word, <rule>, '(' or '['");
    }
    item.position = position;
    read_operator(item);
    return item;
  }

  // The operator of an item, and tags on either side of it.
  void read_operator(RuleExpansion& item) {
    read_tags(item);
    skip_blanks();
    const char c = peek();
    if (c != '*' && c != '+') return;
    const auto kind = c == '*' ? RuleExpansion::Kind::kStar : RuleExpansion::Kind::kPlus;
    step();
    const GrammarPosition position = item.position;
    item = wrapped(kind, std::move(item), position);
    read_tags(item);
    skip_blanks();
    if (peek() == '*' || peek() == '+') fail_here("one operator an item; group it with ( ) first");
  }

  static RuleExpansion wrapped(RuleExpansion::Kind kind, RuleExpansion part,
                               GrammarPosition position) {
    RuleExpansion outer;
    outer.kind = kind;
    outer.position = position;
    outer.parts.push_back(std::move(part));
    return outer;
  }

  void read_tags(RuleExpansion& item) {
    skip_blanks();
    for (GrammarPosition begin = here(); take('{'); begin = here()) {
      item.tags.push_back(read_tag(begin));
      skip_blanks();
    }
  }

  std::string read_tag(GrammarPosition begin) {
    std::string tag;
    while (at_ < text_.size() && text_[at_] != '}') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) step();
      tag += text_[at_];
      step();
    }
    if (at_ >= text_.size()) fail(begin, "a tag does not end", "'}'");
    step();
    const size_t first = tag.find_first_not_of(" \t\r\n\f");
    if (first == std::string::npos) return "";
    return tag.substr(first, tag.find_last_not_of(" \t\r\n\f") + 1 - first);
  }

  RuleExpansion read_reference() {
    RuleExpansion item;
    item.kind = RuleExpansion::Kind::kRule;
    item.text = read_rule_name();
    if (item.text == "NULL") item.kind = RuleExpansion::Kind::kNull;
    if (item.text == "VOID") item.kind = RuleExpansion::Kind::kVoid;
    return item;
  }

  RuleExpansion read_quoted() {
    const GrammarPosition position = here();
    step();
    std::string text;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) step();
      text += text_[at_];
      step();
    }
    if (peek() != '"' || at_ >= text_.size()) {
      fail(position, "a quoted word does not end", "'\"' on the same line");
    }
    step();
    const std::vector<std::string> words = words_of(text);
    if (words.empty()) fail(position, "a quoted word is empty", "a word between the quotes");
    RuleExpansion sequence;
    sequence.kind = RuleExpansion::Kind::kSequence;
    for (const std::string& word : words) {
      RuleExpansion item;
      item.kind = RuleExpansion::Kind::kWord;
      item.position = position;
      item.text = word;
      if (words.size() == 1) return item;
      sequence.parts.push_back(std::move(item));
    }
    return sequence;
  }

  std::string_view text_;
  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace

bool is_jsgf(std::string_view text) { return without_byte_order_mark(text).starts_with("#JSGF"); }

JsgfFile parse_jsgf(std::string_view text, std::string_view source) {
  text = without_byte_order_mark(text);
  const std::vector<std::string> header =
      words_of(text.substr(0, std::min(text.find_first_of(";\n"), text.size())));
  const std::string encoding = header.size() > 2 ? lower_case(header[2]) : "utf-8";
  if (encoding == "iso8859-1" || encoding == "iso-8859-1" || encoding == "latin1") {
    return Parser(utf8_of_latin1(text), source).parse();
  }
  if (encoding != "utf-8" && encoding != "utf8" && encoding != "us-ascii" && encoding != "ascii") {
    fail_in_grammar(source, {1, 1}, fmt::format("encoding '{}'", header[2].substr(0, 40)),
                    "expected UTF-8 or ISO8859-1: convert the file with iconv");
  }
  return Parser(text, source).parse();
}

void fail_in_grammar(std::string_view source, GrammarPosition position, const std::string& what,
                     const std::string& hint) {
  throw Error(ErrorCode::kModel,
              fmt::format("{}:{}:{}: {}", source, position.line, position.column, what), hint);
}

}  // namespace bivox
