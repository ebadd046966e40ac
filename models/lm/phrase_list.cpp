#include "models/lm/phrase_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace bivox {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_comment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) return line.substr(0, i);
  }
  return line;
}

// The weight after the first tab that is not at the end of the line.
double take_weight(std::string_view& line, std::string_view source, int number) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return 1.0;
  std::string_view field = trimmed(line.substr(tab));
  if (field.starts_with('+')) field.remove_prefix(1);
  double weight = -1.0;
  const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), weight);
  if (error != std::errc() || stop != field.data() + field.size() || !(weight >= 0.0) ||
      weight > 1e30) {
    fail_in_grammar(source, {number, static_cast<int>(tab) + 1},
                    fmt::format("weight '{}'", field.substr(0, 40)),
                    "expected a number from 0 to 1e30 after the tab");
  }
  line = trimmed(line.substr(0, tab));
  return weight;
}

RuleExpansion phrase_of(std::string_view text, int number) {
  RuleExpansion phrase;
  phrase.kind = RuleExpansion::Kind::kSequence;
  phrase.position = {number, 1};
  while (!text.empty()) {
    size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    RuleExpansion word;
    word.kind = RuleExpansion::Kind::kWord;
    word.position = phrase.position;
    word.text = std::string(text.substr(0, end));
    phrase.parts.push_back(std::move(word));
    text = trimmed(text.substr(end));
  }
  return phrase;
}

}  // namespace

JsgfFile parse_phrase_grammar(std::string_view text, std::string_view source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  JsgfFile file;
  file.source = std::string(source);
  file.name = "phrases";
  JsgfRule rule;
  rule.name = "phrases";
  rule.is_public = true;
  rule.expansion.kind = RuleExpansion::Kind::kAlternatives;
  double sum = 0.0;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const double weight = take_weight(line, source, number);
    if (line.empty()) {
      fail_in_grammar(source, {number, 1}, "a weight without a phrase", "expected words before it");
    }
    sum += weight;
    rule.expansion.weights.push_back(weight);
    rule.expansion.parts.push_back(phrase_of(line, number));
  }
  if (rule.expansion.parts.empty()) {
    fail_in_grammar(source, {1, 1}, "no phrase", "expected one phrase a line, or '#JSGF V1.0;'");
  }
  if (!(sum > 0.0)) {
    fail_in_grammar(source, {1, 1}, "weights that add up to 0", "expected at least one above 0");
  }
  file.rules.push_back(std::move(rule));
  return file;
}

}  // namespace bivox
