// Rules of TokenReader for everything that begins with digits.
#include <algorithm>
#include <array>

#include "tts/text/characters.h"
#include "tts/text/number_words.h"
#include "tts/text/token_reader.h"
#include "tts/text/word_tables.h"

namespace bivox {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

int value_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits.substr(0, 9)) value = 10 * value + (c - '0');
  return value;
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  size_t at = 0;
  while (true) {
    const size_t end = text.find(mark, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

bool all_parts_digits(const std::vector<std::string_view>& parts) {
  return std::all_of(parts.begin(), parts.end(), all_digits);
}

/// "twenty fifth" of "25" or "25th"; empty if it is no day of a month.
std::string day_words(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const std::string_view suffix = text.substr(digits);
  if (digits == 0 || digits > 2) return {};
  if (!suffix.empty() && suffix != "st" && suffix != "nd" && suffix != "rd" && suffix != "th") {
    return {};
  }
  const int day = value_of(text.substr(0, digits));
  if (day < 1 || day > 31) return {};
  return ordinal_words(text.substr(0, digits));
}

bool is_year(std::string_view text) {
  return text.size() == 4 && all_digits(text) && value_of(text) >= 1000 && value_of(text) < 2200;
}

std::string date_words(int year, std::string_view year_text, int month, int day) {
  if (month < 1 || month > 12 || day < 1 || day > 31) return {};
  std::string words = std::string(month_name(month)) + ' ' + ordinal_words(std::to_string(day));
  if (year_text.empty()) return words;
  if (year_text.size() == 2) {
    return words + ' ' +
           (year < 10 ? "oh " + cardinal_words(year_text) : cardinal_words(year_text));
  }
  return words + ' ' + year_words(year_text);
}

/// 12/25/2020, 25.12.2020, 2020-12-25.
std::string numeric_date(std::string_view text) {
  for (const char mark : {'/', '-', '.'}) {
    const auto parts = split(text, mark);
    if (parts.size() != 3 || !all_parts_digits(parts)) continue;
    if (parts[0].size() == 4 && parts[1].size() <= 2 && parts[2].size() <= 2 && mark != '.') {
      return date_words(value_of(parts[0]), parts[0], value_of(parts[1]), value_of(parts[2]));
    }
    if (parts[0].size() > 2 || parts[1].size() > 2) continue;
    const bool full_year = is_year(parts[2]);
    if (!full_year && (parts[2].size() != 2 || mark != '/')) continue;
    int month = value_of(parts[0]);
    int day = value_of(parts[1]);
    // Elsewhere the day comes first; where that is certain, or with periods, it does here.
    if (month > 12 || mark == '.') std::swap(month, day);
    return date_words(value_of(parts[2]), parts[2], month, day);
  }
  return {};
}

/// 3:30, 10:15:30, with am or pm attached; empty if it is no time.
std::string time_words(std::string_view text, bool bare) {
  std::string half;
  for (const std::string_view end : {"am", "pm", "AM", "PM", "a.m", "p.m"}) {
    if (text.size() > end.size() && text.ends_with(end)) {
      half = to_lower(end[0]) == 'a' ? " A M" : " P M";
      text.remove_suffix(end.size());
      break;
    }
  }
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3 || !all_parts_digits(parts)) return {};
  if (parts[0].size() > 2 || parts[1].size() != 2 || value_of(parts[0]) > 24 ||
      value_of(parts[1]) > 59) {
    return {};
  }
  std::string words = cardinal_words(parts[0]);
  const int minute = value_of(parts[1]);
  if (minute == 0 && parts.size() == 2) {
    if (value_of(parts[0]) == 0 || value_of(parts[0]) > 12) {
      words += " hundred hours";
      if (value_of(parts[0]) == 0) words = "midnight";
    } else if (half.empty() && bare) {
      words += " o'clock";
    }
  } else {
    words += minute == 0   ? " oh oh"
             : minute < 10 ? " oh " + cardinal_words(parts[1])
                           : ' ' + cardinal_words(parts[1]);
  }
  if (parts.size() == 3) {
    if (parts[2].size() != 2 || value_of(parts[2]) > 59) return {};
    words += " and " + cardinal_words(parts[2]) + (parts[2] == "01" ? " second" : " seconds");
  }
  return words + half;
}

bool is_magnitude_letter(std::string_view text) {
  return text.size() <= 2 && !magnitude(text).empty();
}

}  // namespace

std::optional<NumberText> starts_with_number(std::string_view text) {
  NumberText number;
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.negative = text[at++] == '-';
  while (at < text.size()) {
    if (is_digit(text[at])) {
      number.whole += text[at++];
      continue;
    }
    // A comma groups three digits, no more.
    const bool group = text[at] == ',' && !number.whole.empty() && at + 3 < text.size() &&
                       is_digit(text[at + 1]) && is_digit(text[at + 2]) && is_digit(text[at + 3]) &&
                       (at + 4 >= text.size() || !is_digit(text[at + 4]));
    if (!group) break;
    number.commas = true;
    ++at;
  }
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    while (at < text.size() && is_digit(text[at])) number.fraction += text[at++];
  }
  if (number.whole.empty() && number.fraction.empty()) return std::nullopt;
  number.length = at;
  return number;
}

std::string words_of(const NumberText& number) {
  std::string words = number.negative ? "minus " : "";
  words += number.whole.size() > 1 && number.whole[0] == '0' && number.is_integer()
               ? digit_words(number.whole)
               : cardinal_words(number.whole);
  if (!number.fraction.empty()) words += " point " + digit_words(number.fraction);
  return words;
}

bool TokenReader::is_year_context(size_t i) const {
  static constexpr std::array<std::string_view, 31> kCues = {
      "in",       "since", "by",     "from",   "until", "till",  "before",   "after",
      "during",   "year",  "around", "circa",  "early", "late",  "mid",      "spring",
      "summer",   "fall",  "autumn", "winter", "of",    "years", "ca",       "january",
      "february", "march", "april",  "may",    "june",  "back",  "copyright"};
  const std::string_view previous = lower_before(i);
  if (std::find(kCues.begin(), kCues.end(), previous) != kCues.end()) return true;
  if (!previous.empty() && !month_name(previous).empty()) return true;
  const std::string_view following = lower_after(i);
  return following == "ad" || following == "bc" || following == "bce" || following == "ce" ||
         following == "a.d" || following == "b.c";
}

bool TokenReader::counts_things(size_t i) const {
  if (tokens_[i].after != Punctuation::kNone) return false;
  const std::string_view thing = lower_after(i);
  if (thing.size() < 3 || !is_lower(next(i)->text[0])) return false;
  static constexpr std::array<std::string_view, 12> kNotThings = {
      "was", "has", "this", "its", "his", "does", "is", "as", "us", "yes", "thus", "les"};
  static constexpr std::array<std::string_view, 14> kThings = {
      "people", "men",       "women", "children", "feet",    "percent", "sheep",
      "fish",   "different", "new",   "more",     "million", "billion", "thousand"};
  if (std::find(kThings.begin(), kThings.end(), thing) != kThings.end()) return true;
  if (std::find(kNotThings.begin(), kNotThings.end(), thing) != kNotThings.end()) return false;
  return thing.back() == 's' && thing[thing.size() - 2] != 's';
}

bool TokenReader::is_attributive(size_t first, size_t last) const {
  static constexpr std::array<std::string_view, 12> kDeterminers = {
      "a", "an", "the", "his", "her", "its", "my", "our", "their", "this", "that", "every"};
  static constexpr std::array<std::string_view, 40> kNotNouns = {
      "of",   "in",   "to",   "and",   "or",    "long", "wide",    "tall",   "high",  "deep",
      "away", "ago",  "from", "per",   "at",    "is",   "was",     "are",    "were",  "on",
      "by",   "for",  "with", "than",  "more",  "less", "between", "before", "after", "when",
      "that", "each", "but",  "later", "thick", "up",   "down",    "as",     "if",    "i"};
  const std::string_view previous = lower_before(first);
  const Token* following = next(last);
  if (following == nullptr || tokens_[last].after != Punctuation::kNone ||
      following->text.empty() || !is_lower(following->text[0])) {
    return false;
  }
  if (std::find(kNotNouns.begin(), kNotNouns.end(), following->lower) != kNotNouns.end())
    return false;
  return previous.ends_with("'s") ||
         std::find(kDeterminers.begin(), kDeterminers.end(), previous) != kDeterminers.end();
}

bool TokenReader::is_address(size_t i) const {
  // "1234 Main St.", "1600 Pennsylvania Avenue NW".
  for (size_t n = 1; n <= 4; ++n) {
    const Token* following = next(i, n);
    if (following == nullptr || !(is_capitalized(following) || is_digit(following->text[0])))
      return false;
    if (n >= 2 && is_street_type(following->lower)) return true;
    if (following->after != Punctuation::kNone) return false;
  }
  return false;
}

std::string TokenReader::plain_number(size_t i, std::string_view digits) const {
  static constexpr std::array<std::string_view, 18> kPairThings = {
      "route",  "highway", "flight",    "room",    "interstate", "boeing",
      "airbus", "suite",   "apartment", "channel", "bus",        "exit",
      "studio", "area",    "apt",       "us",      "hwy",        "rte"};
  const std::string_view previous = lower_before(i);
  const bool paired =
      std::find(kPairThings.begin(), kPairThings.end(), previous) != kPairThings.end();
  const bool counting = counts_things(i);
  if (digits.size() > 1 && digits[0] == '0') {
    return digits.size() == 5 ? digit_words(digits, "oh") : digit_words(digits);
  }
  if (digits.size() == 3) {
    static constexpr std::array<std::string_view, 5> kCalled = {"911", "411", "311", "411", "988"};
    if (std::find(kCalled.begin(), kCalled.end(), digits) != kCalled.end() && !counting &&
        previous != "porsche") {
      return digit_words(digits);
    }
    if ((paired || is_address(i) || previous == "code") && digits.substr(1) != "00")
      return pair_words(digits);
  }
  if (digits.size() == 4) {
    const int value = value_of(digits);
    if (previous == "pin" || previous == "code" || previous == "extension" || previous == "ext") {
      return digit_words(digits);
    }
    if (previous == "in" && lower_before(i, 2) == "ending") return pair_words(digits);
    if ((paired || is_address(i)) && value % 1000 != 0) return pair_words(digits);
    const bool century = value >= 1100 && value < 2100;
    if (is_year_context(i) && value >= 1000 && value < 2100 && !counting) return year_words(digits);
    if (century && !counting) return year_words(digits);
  }
  if (digits.size() == 5 && !counting) {
    const Token* name = before(i);
    const bool after_name = i >= 1 && is_capitalized(name) && (i >= 2 || tokens_.size() > 1);
    bool said = previous == "zip" || previous == "code";
    for (size_t n = 2; n <= 4; ++n) said = said || lower_before(i, n) == "zip";
    const bool alone = i == 0 && !digits.ends_with("00");
    const bool zip = said || after_name || alone;
    if (zip) return digit_words(digits, "oh");
  }
  return cardinal_words(digits);
}

size_t TokenReader::read_date(size_t i) {
  const std::string words = numeric_date(tokens_[i].text);
  if (!words.empty()) {
    emit(words, i, i);
    return 1;
  }
  // 12/25 where a day is meant.
  const auto parts = split(tokens_[i].text, '/');
  if (parts.size() == 2 && all_parts_digits(parts) && parts[0].size() <= 2 &&
      parts[1].size() <= 2) {
    static constexpr std::array<std::string_view, 6> kCues = {"on",    "by",  "until",
                                                              "since", "due", "dated"};
    const std::string_view previous = lower_before(i);
    if (std::find(kCues.begin(), kCues.end(), previous) != kCues.end() ||
        !weekday_name(previous).empty()) {
      const std::string date = date_words(0, "", value_of(parts[0]), value_of(parts[1]));
      if (!date.empty()) {
        emit(date, i, i);
        return 1;
      }
    }
    if (tokens_[i].text == "9/11") {
      emit("nine eleven", i, i);
      return 1;
    }
  }
  return 0;
}

size_t TokenReader::read_day_month(size_t i) {
  const Token& first = tokens_[i];
  // January 5, 2001
  const std::string_view month =
      is_capitalized(&first) ? month_name(first.text) : std::string_view();
  if (!month.empty() && (first.after == Punctuation::kNone || first.period)) {
    const Token* day = next(i);
    if (day == nullptr) return 0;
    std::string words = day_words(day->text);
    if (words.empty()) {
      const auto days = split(day->text, '-');
      if (days.size() == 2 && !day_words(days[0]).empty() && !day_words(days[1]).empty()) {
        words = day_words(days[0]) + " to " + day_words(days[1]);
      }
    }
    if (!words.empty()) {
      emit(month, i, i);
      emit(words, i + 1, i + 1);
      const Token* year = next(i, 2);
      if (year != nullptr && is_year(year->text) && day->after <= Punctuation::kComma) {
        emit(year_words(year->text), i + 2, i + 2);
        return 3;
      }
      return 2;
    }
    if (is_year(day->text)) {
      emit(month, i, i);
      emit(year_words(day->text), i + 1, i + 1);
      return 2;
    }
    return 0;
  }
  // 5 January 2001
  const Token* name = next(i);
  if (name == nullptr || !is_capitalized(name) || first.after != Punctuation::kNone) return 0;
  const std::string words = day_words(first.text);
  const std::string_view later = month_name(name->text);
  if (words.empty() || later.empty() || (name->lower == "may" && !is_capitalized(name))) return 0;
  emit(lower_before(i) == "the" ? words + " of" : "the " + words + " of", i, i);
  emit(later, i + 1, i + 1);
  const Token* year = next(i, 2);
  if (year != nullptr && is_year(year->text) && name->after <= Punctuation::kComma) {
    emit(year_words(year->text), i + 2, i + 2);
    return 3;
  }
  return 2;
}

size_t TokenReader::read_phone(size_t i) {
  std::string_view text = tokens_[i].text;
  std::vector<std::string> groups;
  size_t used = 1;
  bool plus = false;
  if (text.size() >= 2 && text[0] == '+' && is_digit(text[1])) {
    plus = true;
    text.remove_prefix(1);
  }
  const auto add = [&groups](std::string_view chunk) {
    for (const char mark : {'-', '.'}) {
      const auto parts = split(chunk, mark);
      if (!all_parts_digits(parts)) continue;
      for (const std::string_view part : parts) groups.emplace_back(part);
      return true;
    }
    return false;
  };
  const auto is_pattern = [&groups](std::initializer_list<size_t> lengths) {
    return groups.size() == lengths.size() &&
           std::equal(
               groups.begin(), groups.end(), lengths.begin(),
               [](const std::string& group, size_t length) { return group.size() == length; });
  };
  const auto known = [&] {
    return is_pattern({3, 3, 4}) || (is_pattern({1, 3, 3, 4}) && groups[0] == "1");
  };
  // 1-800-FLOWERS
  const auto parts = split(text, '-');
  if (parts.size() >= 3 && parts[0] == "1" && parts[1].size() == 3 && all_digits(parts[1]) &&
      std::any_of(parts[2].begin(), parts[2].end(), is_upper)) {
    std::string words = "one " + (parts[1].substr(1) == "00" ? cardinal_words(parts[1])
                                                             : digit_words(parts[1], "oh"));
    for (size_t p = 2; p < parts.size(); ++p) words += ' ' + name_form(parts[p], i);
    emit(words, i, i);
    return 1;
  }
  if (!add(text)) return 0;
  const bool area = tokens_[i].bracketed && is_pattern({3});
  const bool dialled = lower_before(i) == "call" || lower_before(i) == "phone" ||
                       lower_before(i) == "at" || lower_before(i) == "tel" ||
                       lower_before(i) == "dial" || lower_before(i) == "number";
  if (plus || area ||
      (groups.size() == 1 && groups[0] == "1" && next(i) != nullptr && next(i)->bracketed)) {
    // Groups with blanks between them.
    while (next(i, used) != nullptr && used < 6) {
      const Token* following = next(i, used);
      const size_t before_add = groups.size();
      if (following->atom >= 0 || !is_digit(following->text[0]) || !add(following->text)) break;
      if (std::any_of(groups.begin() + static_cast<std::ptrdiff_t>(before_add), groups.end(),
                      [](const std::string& g) { return g.size() > 4; })) {
        groups.resize(before_add);
        break;
      }
      ++used;
      if (following->after != Punctuation::kNone && !following->bracketed) break;
    }
  } else if (is_pattern({3}) && next(i) != nullptr && next(i, 2) != nullptr &&
             next(i)->text.size() == 3 && next(i, 2)->text.size() == 4 &&
             tokens_[i].after == Punctuation::kNone && next(i)->after == Punctuation::kNone &&
             all_digits(next(i)->text) && all_digits(next(i, 2)->text)) {
    groups.push_back(next(i)->text);
    groups.push_back(next(i, 2)->text);
    used = 3;
  }
  const bool local = is_pattern({3, 4}) && text.find('-') != std::string_view::npos &&
                     (dialled || value_of(groups[1]) % 100 != 0);
  size_t total = 0;
  for (const std::string& group : groups) total += group.size();
  const bool international = plus && groups.size() >= 2 && total >= 8;
  const bool lone_run = plus && groups.size() == 1 && total >= 8;
  const bool ten = groups.size() == 1 && total == 10 &&
                   (dialled || (groups[0][0] != '0' && groups[0][0] != '1' && tokens_.size() == 1));
  // 078-05-1120 and book numbers, though they are no phones.
  const bool code =
      !plus && groups.size() >= 3 && total >= 9 && std::count(text.begin(), text.end(), '-') >= 2;
  if (!(known() || (area && total == 10) || local || international || lone_run || ten || code)) {
    return 0;
  }
  if (ten) groups = {groups[0].substr(0, 3), groups[0].substr(3, 3), groups[0].substr(6)};
  std::string words = plus ? "plus" : "";
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!words.empty()) words += words == "plus" ? " " : groups[g - 1] == "1" ? " " : ", ";
    const bool hundreds = groups[g].size() == 3 && groups[g].ends_with("00") &&
                          groups[g] != "000" && g + 2 < groups.size();
    words += hundreds ? cardinal_words(groups[g]) : digit_words(groups[g], "oh");
  }
  emit(words, i, i + used - 1);
  return used;
}

size_t TokenReader::read_money(size_t i) {
  std::string_view text = tokens_[i].text;
  const bool minus = text.starts_with('-');
  const bool about = text.starts_with('~');
  if (minus || about || (text.starts_with('+') && text.size() > 1)) text.remove_prefix(1);
  const Currency* currency = starts_with_currency(text);
  size_t used = 1;
  if (currency != nullptr) {
    text.remove_prefix(currency->symbol.size());
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.empty() && next(i) != nullptr && is_digit(next(i)->text[0])) {
      text = next(i)->text;
      ++used;
    }
  } else {
    // 20€, 20 EUR, USD 20
    const auto number = starts_with_number(text);
    if (number) {
      const std::string_view rest = text.substr(number->length);
      currency = starts_with_currency(rest);
      if (currency != nullptr && rest.size() != currency->symbol.size()) return 0;
      if (currency == nullptr && rest.empty() && next(i) != nullptr) {
        currency = find_currency_code(next(i)->text);
        if (currency == nullptr && starts_with_currency(next(i)->text) != nullptr &&
            starts_with_currency(next(i)->text)->symbol == next(i)->text && next(i)->text != "$") {
          currency = starts_with_currency(next(i)->text);
        }
        if (currency != nullptr) ++used;
      }
      if (currency == nullptr) return 0;
      text = text.substr(0, number->length);
    } else {
      currency = find_currency_code(text);
      if (currency == nullptr || next(i) == nullptr || !is_digit(next(i)->text[0])) return 0;
      text = next(i)->text;
      ++used;
    }
  }
  const auto number = starts_with_number(text);
  if (!number || number->negative) return 0;
  std::string_view rest = text.substr(number->length);
  std::string words = minus ? "minus " : about ? "about " : "";
  std::string amount = words_of(*number);
  bool cents = number->fraction.size() == 2 && !currency->cents.empty();
  bool one = number->is_one();
  // $10-20, $10-$20
  if (rest.size() >= 2 && rest[0] == '-' &&
      (is_digit(rest[1]) || starts_with_currency(rest.substr(1)))) {
    rest.remove_prefix(1);
    if (const Currency* again = starts_with_currency(rest))
      rest.remove_prefix(again->symbol.size());
    const auto second = starts_with_number(rest);
    if (second) {
      amount += " to " + words_of(*second);
      rest.remove_prefix(second->length);
      cents = false;
      one = false;
    }
  }
  // "$3-million", "$20-a-day"
  std::string tail;
  bool attributive = false;
  if (rest.size() >= 2 && rest[0] == '-' && is_letter(rest[1])) {
    const auto parts = split(rest.substr(1), '-');
    size_t p = 0;
    if (!magnitude(parts[0]).empty()) {
      amount += ' ' + std::string(magnitude(parts[0]));
      p = 1;
      cents = false;
    }
    attributive = true;
    for (; p < parts.size(); ++p) tail += ' ' + name_form(parts[p], i);
    rest = {};
  } else if (!rest.empty()) {
    const size_t letters =
        static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), is_letter) - rest.begin());
    const std::string_view size = magnitude(rest.substr(0, letters));
    if (!size.empty()) {
      amount += ' ' + std::string(size);
      rest.remove_prefix(letters);
      one = false;
      cents = false;
    }
  }
  if (const Token* following = next(i, used);
      rest.empty() && following != nullptr && tokens_[i + used - 1].after == Punctuation::kNone) {
    const std::string_view size = magnitude(following->text);
    if (size.size() > 3 && (following->text == size || is_magnitude_letter(following->text)) &&
        !attributive) {
      amount += ' ' + std::string(size);
      ++used;
      one = false;
      cents = false;
    } else if (following->lower == "bill" || following->lower == "note" ||
               following->lower == "coin" || following->lower == "check" ||
               following->lower == "fine" || following->lower == "fee") {
      attributive = true;
    }
  }
  if (attributive || (rest.empty() && is_attributive(i, i + used - 1))) one = true;
  if (cents && !(one && is_attributive(i, i + used - 1))) {
    const bool no_whole = number->whole.empty() || number->whole == "0";
    const bool no_cents = number->fraction == "00";
    NumberText whole = *number;
    whole.fraction.clear();
    amount = words_of(whole);
    if (!no_whole || no_cents)
      words += amount + ' ' + std::string(whole.is_one() ? currency->singular : currency->plural);
    if (!no_cents) {
      if (!no_whole) words += " and ";
      words += cardinal_words(number->fraction) + ' ' +
               std::string(number->fraction == "01" ? currency->cent : currency->cents);
    }
  } else {
    words += amount + ' ' + std::string(one ? currency->singular : currency->plural);
  }
  words += tail;
  if (rest.starts_with('/') && rest.size() > 1) {
    const Unit* unit = find_unit(rest.substr(1));
    words +=
        " per " + (unit != nullptr ? std::string(unit->singular) : name_form(rest.substr(1), i));
    rest = {};
  } else if (rest == "+") {
    words += " plus";
    rest = {};
  }
  if (!rest.empty()) return 0;
  emit(words, i, i + used - 1);
  return used;
}

size_t TokenReader::read_mixed_fraction(size_t i) {
  const auto number = starts_with_number(tokens_[i].text);
  const Token* following = next(i);
  if (!number || number->length != tokens_[i].text.size() || !number->is_integer() ||
      following == nullptr || tokens_[i].after != Punctuation::kNone || is_year(number->whole)) {
    return 0;
  }
  const auto parts = split(following->text, '/');
  if (parts.size() != 2 || !all_digits(parts[0])) return 0;
  size_t digits = 0;
  while (digits < parts[1].size() && is_digit(parts[1][digits])) ++digits;
  if (digits == 0 || value_of(parts[0]) >= value_of(parts[1].substr(0, digits))) return 0;
  const auto fraction = fraction_words(parts[0], parts[1].substr(0, digits));
  if (!fraction) return 0;
  std::string words = words_of(*number) + " and " +
                      (fraction->starts_with("one ") ? "a " + fraction->substr(4) : *fraction);
  std::string_view unit_text = parts[1].substr(digits);
  if (unit_text.size() >= 2 && unit_text[0] == '-' && is_digit(unit_text[1])) {
    const auto most = starts_with_number(unit_text.substr(1));
    words += " to " + words_of(*most);
    unit_text.remove_prefix(1 + most->length);
  }
  size_t used = 2;
  if (unit_text.starts_with('-')) unit_text.remove_prefix(1);
  const Unit* unit = unit_text.empty() ? nullptr : find_unit(unit_text);
  if (!unit_text.empty() && unit == nullptr) return 0;
  if (unit == nullptr && following->after == Punctuation::kNone && next(i, 2) != nullptr) {
    const Token* name = next(i, 2);
    unit = name->period ? find_unit(name->text + '.') : nullptr;
    if (unit == nullptr) unit = find_unit(name->text);
    if (unit != nullptr && unit->only_attached_or_period && !name->period) unit = nullptr;
    if (unit != nullptr) ++used;
  }
  if (unit != nullptr) words += ' ' + std::string(unit->plural);
  emit(words, i, i + used - 1);
  return used;
}

size_t TokenReader::read_time(size_t i) {
  const Token* following = next(i);
  const bool half_after =
      following != nullptr && (following->lower == "am" || following->lower == "pm" ||
                               following->lower == "a.m" || following->lower == "p.m");
  const std::string& text = tokens_[i].text;
  if (text.find(':') == std::string::npos) return 0;
  const bool o_clock_after = lower_after(i) == "o'clock";
  std::string words = time_words(text, !half_after && !o_clock_after);
  size_t used = 1;
  if (!words.empty() && half_after && tokens_[i].after == Punctuation::kNone) {
    words += to_lower(following->lower[0]) == 'a' ? " A M" : " P M";
    ++used;
  }
  if (words.empty()) {
    // 9:30-10:30
    const size_t hyphen = text.find('-');
    if (hyphen != std::string::npos) {
      const std::string_view left = std::string_view(text).substr(0, hyphen);
      const std::string_view right = std::string_view(text).substr(hyphen + 1);
      const std::string first = all_digits(left) ? cardinal_words(left) : time_words(left, false);
      const std::string second =
          all_digits(right) ? cardinal_words(right) : time_words(right, false);
      if (!first.empty() && !second.empty()) words = first + " to " + second;
    }
  }
  if (words.empty()) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || !all_parts_digits(parts)) return 0;
    for (const std::string_view part : parts)
      words += (words.empty() ? "" : " to ") + cardinal_words(part);
  }
  emit(words, i, i + used - 1);
  return used;
}

}  // namespace bivox
