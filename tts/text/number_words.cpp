#include "tts/text/number_words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> kTens = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 12> kScales = {
    "",           "thousand",   "million",   "billion",   "trillion", "quadrillion", "quintillion",
    "sextillion", "septillion", "octillion", "nonillion", "decillion"};

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void append(std::string& words, std::string_view more) {
  if (more.empty()) return;
  if (!words.empty()) words += ' ';
  words += more;
}

int value_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = 10 * value + (c - '0');
  return value;
}

/// 1..99, or nothing for 0.
std::string below_hundred(int value) {
  std::string words;
  if (value >= 20) {
    words = kTens[static_cast<size_t>(value / 10)];
    value %= 10;
  }
  if (value > 0) append(words, kSmall[static_cast<size_t>(value)]);
  return words;
}

std::string below_thousand(int value) {
  std::string words;
  if (value >= 100) words = std::string(kSmall[static_cast<size_t>(value / 100)]) + " hundred";
  append(words, below_hundred(value % 100));
  return words;
}

/// The last two digits of a year or a house number: "oh eight", "hundred", "forty two".
std::string second_pair(int value) {
  if (value == 0) return "hundred";
  if (value < 10) return "oh " + below_hundred(value);
  return below_hundred(value);
}

std::string_view without_zeros(std::string_view digits) {
  const size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view() : digits.substr(first);
}

}  // namespace

std::string cardinal_words(std::string_view digits) {
  BIVOX_CHECK(all_digits(digits));
  const std::string_view bare = without_zeros(digits);
  if (bare.empty()) return "zero";
  if (bare.size() > 3 * kScales.size()) return digit_words(digits);
  std::string words;
  size_t groups = (bare.size() + 2) / 3;
  size_t at = 0;
  while (groups > 0) {
    const size_t length = bare.size() - at - 3 * (groups - 1);
    const int value = value_of(bare.substr(at, length));
    if (value > 0) {
      append(words, below_thousand(value));
      append(words, kScales[groups - 1]);
    }
    at += length;
    --groups;
  }
  return words;
}

std::string cardinal_words(int number) {
  const std::string digits = std::to_string(number);
  return number < 0 ? "minus " + cardinal_words(std::string_view(digits).substr(1))
                    : cardinal_words(digits);
}

std::string ordinal_words(std::string_view digits) {
  std::string words = cardinal_words(digits);
  const size_t blank = words.rfind(' ');
  const size_t last = blank == std::string::npos ? 0 : blank + 1;
  const std::string word = words.substr(last);
  static constexpr std::array<std::array<std::string_view, 2>, 7> kIrregular = {
      {{"one", "first"},
       {"two", "second"},
       {"three", "third"},
       {"five", "fifth"},
       {"eight", "eighth"},
       {"nine", "ninth"},
       {"twelve", "twelfth"}}};
  for (const auto& [from, to] : kIrregular) {
    if (word == from) return words.replace(last, std::string::npos, to);
  }
  if (word.back() == 'y') {
    words.pop_back();
    return words + "ieth";
  }
  return words + "th";
}

std::string year_words(std::string_view digits) {
  BIVOX_CHECK(all_digits(digits));
  if (digits.size() == 3 && digits[0] != '0') return pair_words(digits);
  if (digits.size() != 4 || digits[0] == '0') return cardinal_words(digits);
  const int value = value_of(digits);
  const int century = value / 100;
  if (century % 10 == 0) {
    // 2000 to 2009 as a number, 1066 and 2010 in pairs.
    return value % 100 < 10 ? cardinal_words(digits)
                            : below_hundred(century) + ' ' + below_hundred(value % 100);
  }
  return below_hundred(century) + ' ' + second_pair(value % 100);
}

std::string pair_words(std::string_view digits) {
  BIVOX_CHECK(all_digits(digits));
  if (digits.empty() || digits[0] == '0') return digit_words(digits, "oh");
  const int value = digits.size() > 4 ? 0 : value_of(digits);
  switch (digits.size()) {
    case 1:
    case 2:
      return cardinal_words(digits);
    case 3:
      return below_hundred(value / 100) + ' ' + second_pair(value % 100);
    case 4:
      if (value % 1000 == 0) return cardinal_words(digits);
      return below_hundred(value / 100) + ' ' + second_pair(value % 100);
    default:
      return digit_words(digits, "oh");
  }
}

std::string digit_words(std::string_view digits, std::string_view zero) {
  BIVOX_CHECK(all_digits(digits));
  std::string words;
  for (const char c : digits) append(words, c == '0' ? zero : kSmall[static_cast<size_t>(c - '0')]);
  return words;
}

std::string decimal_words(std::string_view number) {
  std::string whole;
  std::string fraction;
  bool in_fraction = false;
  for (const char c : number) {
    if (c == ',') continue;
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    (in_fraction ? fraction : whole) += c;
  }
  std::string words = cardinal_words(whole);
  if (!fraction.empty()) words += " point " + digit_words(fraction);
  return words;
}

std::optional<std::string> fraction_words(std::string_view numerator,
                                          std::string_view denominator) {
  BIVOX_CHECK(all_digits(numerator) && all_digits(denominator));
  const std::string_view below = without_zeros(denominator);
  if (below.empty() || below.size() > 7 || numerator.size() > 4) return std::nullopt;
  const int value = value_of(below);
  const bool power_of_ten =
      value >= 10 && below.find_first_not_of('0', 1) == std::string_view::npos && below[0] == '1';
  const bool named = value >= 2 && (value <= 20 || value == 32 || value == 64 || power_of_ten);
  if (!named) return std::nullopt;
  const bool one = value_of(numerator) == 1;
  std::string part = value == 2 ? "half" : value == 4 ? "quarter" : ordinal_words(below);
  // "five hundredths", not "five one hundredths".
  if (part.starts_with("one ")) part.erase(0, 4);
  if (!one) part = value == 2 ? "halves" : plural_words(part);
  return cardinal_words(numerator) + ' ' + part;
}

std::string plural_words(std::string words) {
  if (words.empty()) return words;
  if (words.back() == 'y') {
    words.pop_back();
    return words + "ies";
  }
  if (words.back() == 'x' || words.back() == 's') return words + "es";
  return words + 's';
}

std::optional<int> roman_value(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::string upper(text);
  const bool lower = std::islower(static_cast<unsigned char>(text[0])) != 0;
  for (char& c : upper) {
    if ((std::islower(static_cast<unsigned char>(c)) != 0) != lower) return std::nullopt;
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  struct Symbol {
    int value;
    std::string_view text;
  };
  static constexpr std::array<Symbol, 13> kSymbols = {{{1000, "M"},
                                                       {900, "CM"},
                                                       {500, "D"},
                                                       {400, "CD"},
                                                       {100, "C"},
                                                       {90, "XC"},
                                                       {50, "L"},
                                                       {40, "XL"},
                                                       {10, "X"},
                                                       {9, "IX"},
                                                       {5, "V"},
                                                       {4, "IV"},
                                                       {1, "I"}}};
  // Greedy reading, and then writing it again: only the usual form comes out the same.
  int value = 0;
  std::string_view rest = upper;
  for (const Symbol& symbol : kSymbols) {
    int repeats = 0;
    while (rest.starts_with(symbol.text)) {
      const bool repeatable =
          symbol.text.size() == 1 && symbol.text != "D" && symbol.text != "L" && symbol.text != "V";
      if (++repeats > (repeatable ? 3 : 1)) return std::nullopt;
      value += symbol.value;
      rest.remove_prefix(symbol.text.size());
    }
  }
  if (!rest.empty()) return std::nullopt;
  std::string written;
  int left = value;
  for (const Symbol& symbol : kSymbols) {
    while (left >= symbol.value) {
      written += symbol.text;
      left -= symbol.value;
    }
  }
  if (written != upper) return std::nullopt;
  return value;
}

}  // namespace bivox
