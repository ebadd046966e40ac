// Rules of TokenReader for numbers with units, ranges, ordinals, versions and plain numbers.
#include <algorithm>
#include <array>
#include <utility>

#include "tts/text/characters.h"
#include "tts/text/number_words.h"
#include "tts/text/token_reader.h"
#include "tts/text/word_tables.h"

namespace bivox {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

size_t digits_at(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

bool is_ordinal_suffix(std::string_view text) {
  return text == "st" || text == "nd" || text == "rd" || text == "th" || text == "ST" ||
         text == "ND" || text == "RD" || text == "TH";
}

/// 1990s, '90s, 20s: "nineteen nineties".
std::string decade_words(std::string_view text) {
  const bool short_form = text.starts_with('\'');
  if (short_form) text.remove_prefix(1);
  const size_t digits = digits_at(text);
  std::string_view rest = text.substr(digits);
  if (rest.starts_with('\'')) rest.remove_prefix(1);
  if (rest != "s" || digits < 2 || digits > 4 || digits == 3) return {};
  const std::string_view number = text.substr(0, digits);
  if (number.back() != '0') return {};
  if (digits == 2) {
    if (number == "00") return "two thousands";
    return plural_words(cardinal_words(number));
  }
  return plural_words(year_words(number));
}

/// "five foot ten" of 5'10" and 5'10.
std::string feet_inches_words(std::string_view text) {
  const size_t feet = digits_at(text);
  if (feet == 0 || feet > 2 || feet >= text.size() || text[feet] != '\'') return {};
  const std::string_view rest = text.substr(feet + 1);
  const size_t inches = digits_at(rest);
  if (inches == 0 || inches > 2 || (rest.size() > inches && rest.substr(inches) != "\"")) return {};
  return cardinal_words(text.substr(0, feet)) + " foot " + cardinal_words(rest.substr(0, inches));
}

/// 1.2.3, 192.168.0.1, v2.0: numbers with points between them.
std::string version_words(std::string_view text) {
  std::string words;
  size_t parts = 0;
  bool address = std::count(text.begin(), text.end(), '.') == 3;
  bool long_part = false;
  size_t at = 0;
  std::string_view tail;
  std::vector<std::string_view> numbers;
  while (at < text.size()) {
    const size_t digits = digits_at(text.substr(at));
    if (digits == 0) return {};
    numbers.push_back(text.substr(at, digits));
    long_part = long_part || digits == 3;
    address = address && digits <= 3;
    ++parts;
    at += digits;
    if (at == text.size()) break;
    if (text[at] != '.') {
      tail = text.substr(at);
      break;
    }
    ++at;
  }
  if (parts < 2) return {};
  address = address && long_part && tail.empty();
  for (const std::string_view number : numbers) {
    if (!words.empty()) words += address ? " dot " : " point ";
    words += number.size() > 1 && number[0] == '0' ? digit_words(number, "oh")
             : address && number.size() == 3       ? pair_words(number)
                                                   : cardinal_words(number);
  }
  if (tail.empty()) return words;
  // -beta, -rc1, a
  if (tail[0] == '-' || tail[0] == '+') tail.remove_prefix(1);
  size_t letters = 0;
  while (letters < tail.size() && is_letter(tail[letters])) ++letters;
  if (letters == 0 || (letters < tail.size() && !all_digits(tail.substr(letters)))) return {};
  std::string name(tail.substr(0, letters));
  std::transform(name.begin(), name.end(), name.begin(), to_lower);
  words += ' ' + (letters <= 2 ? spelled(tail.substr(0, letters)) : name);
  if (letters < tail.size()) words += ' ' + cardinal_words(tail.substr(letters));
  return words;
}

std::string unit_words(const Unit& unit, bool one) {
  return std::string(one ? unit.singular : unit.plural);
}

/// " times ten to the power of minus three" of e-3; empty if it is none.
std::string power_of_ten(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return {};
  const bool sign = text[1] == '-' || text[1] == '+';
  if (text[0] == 'E' && !sign) return {};
  const std::string_view digits = text.substr(sign ? 2 : 1);
  if (!all_digits(digits) || digits.size() > 3) return {};
  return std::string(" times ten to the power of ") + (text[1] == '-' ? "minus " : "") +
         cardinal_words(digits);
}

/// mg/day, x/week: "milligrams per day"; empty if it is none.
std::string rate_words(std::string_view text, bool one) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || find_unit(text) != nullptr) return {};
  const Unit* unit = find_unit(text.substr(0, slash));
  const std::string_view per = text.substr(slash + 1);
  if (unit == nullptr || per.empty() || !std::all_of(per.begin(), per.end(), is_letter)) return {};
  const Unit* below = find_unit(per);
  std::string name(per);
  std::transform(name.begin(), name.end(), name.begin(), to_lower);
  return unit_words(*unit, one) + " per " +
         (below != nullptr ? std::string(below->singular) : name);
}

}  // namespace

std::string TokenReader::range_side(std::string_view side, size_t i) const {
  const size_t digits = digits_at(side);
  if (digits == side.size() && digits > 0) {
    if (digits == 4 && side[0] != '0' && side >= "1100" && side < "2100") return year_words(side);
    return digits > 1 && side[0] == '0' ? digit_words(side, "oh") : cardinal_words(side);
  }
  return numeric_form(side, i);
}

std::string TokenReader::range_form(std::string_view text, size_t i) const {
  const size_t hyphen = text.find('-', 1);
  if (hyphen == std::string_view::npos || hyphen + 1 >= text.size()) return {};
  const std::string_view left = text.substr(0, hyphen);
  const std::string_view right = text.substr(hyphen + 1);
  if (!is_digit(left.back()) && left.back() != '%' && !is_letter(left.back()) && left.back() >= 0 &&
      left.back() != 's') {
    return {};
  }
  const bool numeric_left = is_digit(left[0]);
  const bool numeric_right = is_digit(right[0]) || (right[0] == '.' && right.size() > 1);
  if (!numeric_left || !numeric_right) return {};
  // ZIP+4: digit by digit.
  if (left.size() == 5 && right.size() == 4 && all_digits(left) && all_digits(right)) {
    return digit_words(left, "oh") + ", " + digit_words(right, "oh");
  }
  const size_t right_digits = digits_at(right);
  // 2019-20: a season or a span of years.
  std::string first = range_side(left, i);
  if (first.empty()) return {};
  std::string second = right_digits == right.size() && right.find('-') == std::string_view::npos
                           ? range_side(right, i)
                           : numeric_form(right, i);
  if (second.empty()) return {};
  return first + " to " + second;
}

std::string TokenReader::numeric_form(std::string_view text, size_t i) const {
  if (text.empty()) return {};
  if (std::string words = decade_words(text); !words.empty()) return words;
  if (std::string words = feet_inches_words(text); !words.empty()) return words;
  if (text == "24/7") return "twenty four seven";
  if (text == "50/50") return "fifty fifty";
  // v1.2.3
  if ((text[0] == 'v' || text[0] == 'V') && text.size() >= 2 && is_digit(text[1])) {
    std::string words = version_words(text.substr(1));
    if (words.empty() && all_digits(text.substr(1))) words = cardinal_words(text.substr(1));
    if (!words.empty()) return "version " + words;
  }
  for (const auto& [sign, name] :
       {std::pair<char, const char*>{'~', "about "}, {'<', "less than "}, {'>', "more than "}}) {
    if (text[0] != sign || text.size() < 2 || !is_digit(text[1])) continue;
    const std::string words = numeric_form(text.substr(1), i);
    return words.empty() ? words : name + words;
  }
  if (text.starts_with("\xC2\xB1") && text.size() > 2) {
    const std::string words = numeric_form(text.substr(2), i);
    return words.empty() ? words : "plus or minus " + words;
  }
  if (text[0] == '#' && text.size() >= 2 && all_digits(text.substr(1))) {
    return "number " + cardinal_words(text.substr(1));
  }
  for (const auto& [sign, name] : {std::pair<std::string_view, const char*>{"\xC2\xA7", "section "},
                                   {"\xC2\xB6", "paragraph "}}) {
    if (!text.starts_with(sign) || text.size() == sign.size()) continue;
    const std::string words = numeric_form(text.substr(sign.size()), i);
    return words.empty() ? words : name + words;
  }
  if (text[0] == '+' && all_digits(text.substr(1))) return "plus " + cardinal_words(text.substr(1));
  const auto number = starts_with_number(text);
  if (!number) return {};
  const std::string_view rest = text.substr(number->length);
  if (rest.empty()) {
    if (number->is_integer() && !number->commas && !number->negative && text[0] != '+') {
      return plain_number(i, number->whole);
    }
    // "Python 3.11" counts versions, not tenths.
    static constexpr std::array<std::string_view, 14> kVersioned = {
        "version", "python", "ubuntu", "debian", "release", "gcc",  "cmake",
        "qt",      "java",   "rust",   "perl",   "php",     "node", "firefox"};
    const std::string_view previous = lower_before(i);
    if (!number->fraction.empty() && number->fraction.size() <= 2 &&
        std::find(kVersioned.begin(), kVersioned.end(), previous) != kVersioned.end()) {
      return version_words(text);
    }
    return words_of(*number);
  }
  if (is_ordinal_suffix(rest) && number->is_integer()) return ordinal_words(number->whole);
  if (std::string words = version_words(text); !words.empty() && rest[0] == '.') return words;
  if (rest[0] == '/' && number->is_integer()) {
    const size_t digits = digits_at(rest.substr(1));
    const std::string_view below = rest.substr(1, digits);
    const std::string_view tail = rest.substr(1 + digits);
    if (digits == 0) return {};
    const auto fraction = fraction_words(number->whole, below);
    if (tail.empty()) {
      return fraction ? *fraction
                      : cardinal_words(number->whole) + " over " + cardinal_words(below);
    }
    if (is_ordinal_suffix(tail) && fraction) return *fraction;
    if (tail[0] == '-' && fraction) {
      const std::string_view thing = tail.substr(1);
      if (const Unit* unit = find_unit(thing)) return *fraction + ' ' + std::string(unit->singular);
      const std::string words = name_form(thing, i);
      return words.empty() ? words : *fraction + ' ' + words;
    }
    if (const Unit* unit = find_unit(tail); unit != nullptr && fraction) {
      return *fraction + ' ' + std::string(unit->singular);
    }
    return {};
  }
  if (rest[0] == '-' && rest.size() >= 2) {
    if (std::string words = range_form(text, i); !words.empty()) return words;
    // 5-star, 20-year-old, 5-kg, 7-Eleven, 2-to-1
    const std::string_view thing = rest.substr(1);
    const size_t hyphen = std::min(thing.find('-'), thing.size());
    if (const Unit* unit = find_unit(thing.substr(0, hyphen)); unit != nullptr && hyphen > 1) {
      std::string words = words_of(*number) + ' ' + std::string(unit->singular);
      if (hyphen + 1 < thing.size()) words += ' ' + name_form(thing.substr(hyphen + 1), i);
      return words;
    }
    const std::string words = name_form(thing, i);
    return words.empty() ? words : words_of(*number) + ' ' + words;
  }
  if ((rest[0] == 'x' || rest[0] == 'X') && rest.size() >= 2 && is_digit(rest[1])) {
    const auto second = starts_with_number(rest.substr(1));
    const auto side = [](const NumberText& n) {
      return n.is_integer() && !n.commas && n.whole.size() == 4 ? pair_words(n.whole) : words_of(n);
    };
    if (second) {
      const std::string_view tail = rest.substr(1 + second->length);
      const std::string words = side(*number) + " by " + side(*second);
      if (tail.empty()) return words;
      if (tail[0] == 'x' || tail[0] == 'X') {
        const auto third = starts_with_number(tail.substr(1));
        if (third && third->length == tail.size() - 1) return words + " by " + side(*third);
      }
      if (const Unit* unit = find_unit(tail)) return words + ' ' + std::string(unit->plural);
    }
    return {};
  }
  if (std::string power = power_of_ten(rest); !power.empty()) return words_of(*number) + power;
  // Units, several of them: 2h30m.
  const bool one = number->is_one() || is_attributive(i, i);
  if (std::string rate = rate_words(rest, one); !rate.empty()) {
    return words_of(*number) + ' ' + rate;
  }
  if (const Unit* unit = find_unit(rest)) {
    const bool half_day = unit->plural == "A M" || unit->plural == "P M";
    std::string words =
        number->is_integer() && half_day ? cardinal_words(number->whole) : words_of(*number);
    if (rest == "k" || rest == "K" || rest == "s") {
      return words + ' ' + (rest == "s" ? unit_words(*unit, one) : std::string("K"));
    }
    return words + ' ' + unit_words(*unit, one);
  }
  if (rest == "%+") return words_of(*number) + " percent plus";
  if (rest == "+") return words_of(*number) + " plus";
  if (rest.starts_with("%")) {
    if (rest[1] == '-') {
      const std::string words = numeric_form(rest.substr(2), i);
      if (!words.empty()) return words_of(*number) + " percent to " + words;
    }
    return {};
  }
  if (rest == "M" || rest == "B" || rest == "bn" || rest == "MM") {
    if (counts_things(i)) return words_of(*number) + ' ' + std::string(magnitude(rest));
  }
  size_t letters = 0;
  while (letters < rest.size() && is_letter(rest[letters])) ++letters;
  if (letters > 0 && letters < rest.size() && is_digit(rest[letters])) {
    const Unit* unit = find_unit(rest.substr(0, letters));
    if (unit != nullptr) {
      std::string more = numeric_form(rest.substr(letters), i);
      if (more.ends_with(" meters") && rest[0] == 'h') more.replace(more.size() - 6, 6, "minutes");
      if (!more.empty() && (rest.substr(0, letters) == "h" || rest.substr(0, letters) == "m" ||
                            rest.substr(0, letters) == "ft")) {
        return words_of(*number) + ' ' + unit_words(*unit, one) + ' ' + more;
      }
    }
  }
  if (letters > 1 && letters < rest.size() && rest[letters] == '-') {
    // 9am-5pm
    const std::string first = numeric_form(text.substr(0, number->length + letters), i);
    const std::string second = range_side(rest.substr(letters + 1), i);
    if (!first.empty() && !second.empty()) return first + " to " + second;
  }
  return {};
}

size_t TokenReader::read_quantity(size_t i) {
  const std::string& text = tokens_[i].text;
  const Token* following = next(i);
  if (following == nullptr || following->atom >= 0) return 0;
  if (!is_digit(text.back()) && !text.ends_with("\xC2\xB0")) return 0;
  if (tokens_[i].after != Punctuation::kNone) return 0;
  const bool degrees = text.ends_with("\xC2\xB0");
  const auto number = starts_with_number(text);
  std::string amount;
  bool one = false;
  bool fraction = false;
  if (number && number->length == text.size()) {
    amount = number->is_integer() ? words_of(*number) : words_of(*number);
    one = number->is_one();
  } else if (degrees) {
    if (!number || number->length + 2 != text.size()) return 0;
    if (following->text != "C" && following->text != "F") return 0;
    emit(words_of(*number) + (one ? " degree " : " degrees ") +
             (following->text == "C" ? "celsius" : "fahrenheit"),
         i, i + 1);
    return 2;
  } else {
    amount = range_form(text, i);
    if (amount.empty()) {
      amount = numeric_form(text, i);
      fraction = text.find('/') != std::string::npos;
      one = fraction;
      const bool power = text.find('^') != std::string::npos;  // 3×10^8 m/s
      if (power) amount = name_form(text, i);
      if (!fraction && !power && text[0] != '<' && text[0] != '>') return 0;
    }
    if (amount.empty()) return 0;
  }
  const std::string_view size = magnitude(following->text);
  size_t used = 1;
  if (size.size() > 3 && following->text == size) {
    amount += ' ' + std::string(size);
    ++used;
    one = false;
    emit(amount, i, i + 1);
    return 2;
  }
  const Unit* unit = following->period ? find_unit(following->text + '.') : nullptr;
  if (unit == nullptr) unit = find_unit(following->text);
  if (unit == nullptr) {
    const std::string rate = rate_words(following->text, one);
    if (rate.empty()) return 0;
    emit(amount + ' ' + rate, i, i + 1);
    return 2;
  }
  if (unit->only_attached_or_period &&
      !(following->period && following->after == Punctuation::kNone))
    return 0;
  const bool half_day = unit->plural == "A M" || unit->plural == "P M";
  if (half_day && (!number || !number->is_integer() || number->whole.size() > 2)) return 0;
  if (following->text.size() == 1 && is_upper(following->text[0]) && i + 2 < tokens_.size() &&
      (is_capitalized(next(i, 2)) || is_digit(next(i, 2)->text[0])) &&
      following->after == Punctuation::kNone) {
    return 0;  // "5 W Main Street", "5 W. 4th St.", "5 V. Smith"
  }
  ++used;
  one = one || is_attributive(i, i + 1);
  std::string name(one ? unit->singular : unit->plural);
  if (unit->text == "sq" || unit->text == "fl") {
    const Token* second = next(i, 2);
    const Unit* base = second == nullptr ? nullptr
                       : second->period  ? find_unit(second->text + '.')
                                         : nullptr;
    if (base == nullptr && second != nullptr) base = find_unit(second->text);
    if (base == nullptr) return 0;
    name += ' ' + std::string(one ? base->singular : base->plural);
    ++used;
  }
  emit(amount + ' ' + name, i, i + used - 1);
  return used;
}

size_t TokenReader::read_number(size_t i) {
  std::string_view text = tokens_[i].text;
  // 1908's
  std::string suffix;
  if (text.size() > 2 && text.ends_with("'s") && is_digit(text[text.size() - 3]) &&
      decade_words(text).empty()) {
    suffix = "'s";
    text.remove_suffix(2);
  }
  std::string words = numeric_form(text, i);
  if (words.empty()) return 0;
  emit(words + suffix, i, i);
  return 1;
}

}  // namespace bivox
