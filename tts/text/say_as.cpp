#include "tts/text/say_as.h"

#include <algorithm>
#include <vector>

#include "tts/text/characters.h"
#include "tts/text/number_words.h"
#include "tts/text/word_tables.h"

namespace bivox {
namespace {

void join(std::string& words, std::string_view more) {
  if (more.empty()) return;
  if (!words.empty()) words += ' ';
  words += more;
}

std::string digits_of(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), is_digit);
  return digits;
}

int value_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits.substr(0, 9)) value = 10 * value + (c - '0');
  return value;
}

std::string_view sign_name(char c) {
  switch (c) {
    case '.':
      return "dot";
    case ',':
      return "comma";
    case '-':
      return "dash";
    case '_':
      return "underscore";
    case '/':
      return "slash";
    case '@':
      return "at";
    case '#':
      return "hash";
    case '&':
      return "and";
    case '+':
      return "plus";
    case '*':
      return "star";
    case '%':
      return "percent";
    case '$':
      return "dollar";
    case '!':
      return "exclamation mark";
    case '?':
      return "question mark";
    case ':':
      return "colon";
    case ';':
      return "semicolon";
    case '=':
      return "equals";
    case '(':
      return "open parenthesis";
    case ')':
      return "close parenthesis";
    default:
      return {};
  }
}

std::string characters_words(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const char upper = to_upper(c);
    if (is_letter(c)) join(words, {&upper, 1});
    if (is_digit(c)) join(words, digit_words({&c, 1}));
    join(words, sign_name(c));
  }
  return words;
}

std::string telephone_words(std::string_view text) {
  std::string words;
  std::string group;
  const auto flush = [&] {
    if (group.empty()) return;
    if (!words.empty() && words != "plus") words += ',';
    join(words, digit_words(group, "oh"));
    group.clear();
  };
  for (const char c : text) {
    if (is_digit(c)) {
      group += c;
      continue;
    }
    flush();
    if (c == '+') join(words, "plus");
    if (is_letter(c)) join(words, characters_words({&c, 1}));
  }
  flush();
  return words;
}

std::string year_of(const std::string& digits) {
  if (digits.size() == 2) {
    return digits[0] == '0' ? digit_words(digits, "oh") : cardinal_words(digits);
  }
  return year_words(digits);
}

std::string date_words(std::string_view format, std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text) {
    if (is_digit(c)) {
      part += c;
    } else if (is_letter(c)) {
      return {};
    } else if (!part.empty()) {
      parts.push_back(std::move(part));
      part.clear();
    }
  }
  if (!part.empty()) parts.push_back(std::move(part));
  if (parts.size() == 1 && parts[0].size() == 8 && format.size() == 3) {
    // 20201225 and 12252020
    const std::string all = parts[0];
    const bool year_first = format == "ymd";
    parts = year_first
                ? std::vector<std::string>{all.substr(0, 4), all.substr(4, 2), all.substr(6)}
                : std::vector<std::string>{all.substr(0, 2), all.substr(2, 2), all.substr(4)};
  }
  if (parts.size() != format.size()) return {};
  std::string month;
  std::string day;
  std::string year;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].size() > 4) return {};
    const int value = value_of(parts[i]);
    switch (format[i]) {
      case 'm':
        month = month_name(value);
        if (month.empty()) return {};
        break;
      case 'd':
        if (value < 1 || value > 31) return {};
        day = ordinal_words(parts[i]);
        break;
      case 'y':
        year = year_of(parts[i]);
        break;
      default:
        return {};
    }
  }
  std::string words = month;
  join(words, day);
  join(words, year);
  return words;
}

std::string fraction_of(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  std::string_view above = text.substr(0, slash);
  std::string whole;
  const size_t mark = above.find_first_of("+ ");
  if (mark != std::string_view::npos) {
    whole = digits_of(above.substr(0, mark));
    above = above.substr(mark + 1);
  }
  const std::string numerator = digits_of(above);
  const std::string denominator = digits_of(text.substr(slash + 1));
  if (numerator.empty() || denominator.empty()) return {};
  const auto named = fraction_words(numerator, denominator);
  const std::string part =
      named ? *named : cardinal_words(numerator) + " over " + cardinal_words(denominator);
  return whole.empty() ? part : cardinal_words(whole) + " and " + part;
}

}  // namespace

std::string say_as_words(std::string_view interpret_as, std::string_view format,
                         std::string_view text, const Normalizer& normalizer) {
  std::string words;
  const std::string digits = digits_of(text);
  const bool negative =
      text.find('-') != std::string_view::npos && text.find('-') < text.find_first_of("0123456789");
  const bool only_number = text.find_first_not_of("0123456789,+- ") == std::string_view::npos;
  if (interpret_as == "characters" || interpret_as == "spell-out" || interpret_as == "verbatim" ||
      interpret_as == "letters") {
    words = characters_words(text);
  } else if (interpret_as == "digits") {
    if (!digits.empty()) words = digit_words(digits);
  } else if (interpret_as == "cardinal" || interpret_as == "number") {
    if (!digits.empty() && only_number) words = (negative ? "minus " : "") + cardinal_words(digits);
    if (const auto roman = roman_value(text)) words = cardinal_words(*roman);
  } else if (interpret_as == "ordinal") {
    if (!digits.empty()) words = ordinal_words(digits);
    if (const auto roman = roman_value(text)) words = ordinal_words(std::to_string(*roman));
  } else if (interpret_as == "telephone") {
    words = telephone_words(text);
  } else if (interpret_as == "fraction") {
    words = fraction_of(text);
  } else if (interpret_as == "date") {
    words = date_words(format.empty() ? "mdy" : format, text);
    if (words.empty() && format.empty()) words = date_words("ymd", text);
  }
  return words.empty() ? normalizer.words_of(text) : words;
}

}  // namespace bivox
