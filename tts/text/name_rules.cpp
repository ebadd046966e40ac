// Rules of TokenReader for everything that is not a number: names, abbreviations, addresses, signs.
#include <algorithm>
#include <array>

#include "tts/text/characters.h"
#include "tts/text/number_words.h"
#include "tts/text/token_reader.h"
#include "tts/text/word_tables.h"

namespace bivox {
namespace {

// Longer runs of letters are no word of any language; they are read piece by piece.
constexpr size_t kMaxWordLetters = 40;
constexpr int kMaxDepth = 6;

bool all_of_kind(std::string_view text, bool (*kind)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), kind);
}

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

void join(std::string& words, std::string_view more) {
  if (more.empty()) return;
  if (!words.empty()) words += ' ';
  words += more;
}

bool has_vowel(std::string_view lower) {
  return lower.find_first_of("aeiouy") != std::string_view::npos;
}

/// Pieces of letters, of digits, and single marks.
std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at + 1;
    if (is_letter(text[at])) {
      while (end < text.size() && is_letter(text[end])) ++end;
    } else if (is_digit(text[at])) {
      while (end < text.size() && is_digit(text[end])) ++end;
    }
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

std::string_view mark_name(char mark) {
  switch (mark) {
    case '.':
      return "dot";
    case '/':
      return "slash";
    case '-':
      return "dash";
    case '_':
      return "underscore";
    case '@':
      return "at";
    case ':':
      return "colon";
    case '?':
      return "question mark";
    case '=':
      return "equals";
    case '&':
      return "and";
    case '#':
      return "hash";
    case '%':
      return "percent";
    case '+':
      return "plus";
    case '~':
      return "tilde";
    case '\\':
      return "backslash";
    case '*':
      return "star";
    default:
      return {};
  }
}

/// "XIV" alone could be nothing else; "MIX", "CD" or "IV" could.
bool is_plain_roman(std::string_view text) {
  return text.size() >= 2 && text != "IV" && text != "XX" &&
         text.find_first_not_of("IVX") == std::string_view::npos;
}

}  // namespace

std::string spelled(std::string_view text) {
  std::string words;
  for (const std::string_view piece : pieces(text)) {
    if (is_digit(piece[0])) {
      join(words, piece.size() <= 2 && piece[0] != '0' ? cardinal_words(piece)
                  : piece[0] == '0'                    ? digit_words(piece)
                                                       : pair_words(piece));
    } else if (is_letter(piece[0])) {
      for (const char c : piece) {
        const char letter = to_upper(c);
        join(words, {&letter, 1});
      }
    }
  }
  return words;
}

std::string address_words(std::string_view text, const Normalizer::IsWord& is_word) {
  for (const std::string_view scheme : {"https://", "http://", "ftp://", "mailto:"}) {
    if (lower_of(text.substr(0, scheme.size())) == scheme) text.remove_prefix(scheme.size());
  }
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  const size_t path = std::min(text.find('/'), text.size());
  const size_t last_dot = text.substr(0, path).rfind('.');
  std::string words;
  size_t at = 0;
  for (const std::string_view piece : pieces(text)) {
    const std::string lower = lower_of(piece);
    if (is_digit(piece[0])) {
      join(words, piece.size() == 4 && piece[0] != '0'  ? year_words(piece)
                  : piece.size() > 4 || piece[0] == '0' ? digit_words(piece)
                                                        : cardinal_words(piece));
    } else if (!is_letter(piece[0])) {
      join(words, mark_name(piece[0]));
    } else if (lower == "www") {
      join(words, "W W W");
    } else if (last_dot != std::string_view::npos && at > last_dot && at < path &&
               !domain_words(lower).empty()) {
      join(words, domain_words(lower));
    } else if (lower == "co" || lower == "com") {
      join(words, lower);
    } else if (lower == "html" || lower == "htm" || lower == "php" || lower.size() == 1 ||
               (!has_vowel(lower) && lower.size() <= 4) ||
               (lower.size() <= 3 && is_word && !is_word(lower))) {
      join(words, spelled(piece));
    } else {
      for (size_t begin = 0; begin < lower.size(); begin += kMaxWordLetters) {
        join(words, lower.substr(begin, kMaxWordLetters));
      }
    }
    at += piece.size();
  }
  return words;
}

size_t TokenReader::read_address_form(size_t i) {
  const std::string_view text = tokens_[i].text;
  const bool has_letter = std::any_of(text.begin(), text.end(), is_letter);
  if (text.size() < 3 || !has_letter) return 0;
  const size_t at = text.find('@');
  const auto finish = [&](std::string_view words) {
    emit(words, i, i);
    return size_t{1};
  };
  if (at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos) {
    return finish(address_words(text, is_word_));
  }
  if (text.find("://") != std::string_view::npos || lower_of(text.substr(0, 4)) == "www.") {
    return finish(address_words(text, is_word_));
  }
  if (at == 0 && text.size() > 1) {
    std::string words = "at";
    for (const std::string_view piece : pieces(text.substr(1))) {
      join(words, is_letter(piece[0])  ? name_form(piece, i)
                  : is_digit(piece[0]) ? cardinal_words(piece)
                                       : std::string(mark_name(piece[0])));
    }
    return finish(words);
  }
  if (text[0] == '#' && is_letter(text[1])) {
    return finish("hashtag " + name_form(text.substr(1), i));
  }
  if (text == "R&B" || text == "Q&A") return 0;
  // /usr/bin, ~/notes.txt, C:\Windows
  const bool drive = text.size() >= 3 && text[1] == ':' && text[2] == '\\';
  if ((text[0] == '/' && is_alnum(text[1])) || text.starts_with("~/") || text.starts_with("./") ||
      drive) {
    return finish(address_words(text, is_word_));
  }
  // example.com/path, notes.txt
  const size_t path = std::min(text.find('/'), text.size());
  const std::string_view host = text.substr(0, path);
  const size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 >= host.size()) return 0;
  if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") !=
      std::string_view::npos) {
    return 0;
  }
  const std::string ending = lower_of(host.substr(dot + 1));
  const std::string_view stem = host.substr(0, dot);
  if (stem.size() < 2 || stem.find("..") != std::string_view::npos) return 0;
  // "U.S", "e.g", "a.m" are initials.
  const size_t first_dot = host.find('.');
  if (first_dot <= 1 &&
      host.size() <= 2 * static_cast<size_t>(std::count(host.begin(), host.end(), '.')) + 1)
    return 0;
  const bool domain =
      !domain_words(ending).empty() && (is_letter(stem.back()) || is_digit(stem.back()));
  const bool name_is_number = all_of_kind(stem, is_digit);
  if (domain && !name_is_number) return finish(address_words(text, is_word_));
  if (is_file_ending(ending) && path == text.size() && !name_is_number) {
    std::string words;
    for (const std::string_view piece : pieces(stem)) {
      join(words, is_letter(piece[0])  ? name_form(piece, i)
                  : is_digit(piece[0]) ? (piece[0] == '0'     ? digit_words(piece)
                                          : piece.size() == 4 ? year_words(piece)
                                                              : cardinal_words(piece))
                                       : std::string(mark_name(piece[0])));
    }
    join(words, "dot");
    static constexpr std::array<std::string_view, 12> kSaid = {
        "doc", "zip", "exe", "log", "java", "bin", "tar", "go", "conf", "mov", "json", "toml"};
    const bool said = std::find(kSaid.begin(), kSaid.end(), ending) != kSaid.end();
    const auto reading = acronym_reading(spelled(ending));
    join(words, ending == "jpg" || ending == "jpeg" ? "jay peg"
                : reading                           ? *reading
                : said                              ? ending
                                                    : spelled(ending));
    return finish(words);
  }
  return 0;
}

size_t TokenReader::read_abbreviation(size_t i) {
  const Token& token = tokens_[i];
  std::string_view text = token.text;
  std::string suffix;
  if (text.size() > 2 && text.ends_with("'s")) {
    suffix = "'s";
    text.remove_suffix(2);
  }
  const Token* following = next(i);
  const bool capital_next = is_capitalized(following) && token.after == Punctuation::kNone;
  const std::string lower = lower_of(text);
  if (lower == "st") {
    // A saint stands before a name, a street after one; "St. James St."
    const bool after_number = i >= 1 && is_digit(before(i)->text.back());
    const bool name_before = is_capitalized(before(i)) && before(i)->after == Punctuation::kNone &&
                             i >= 1 && lower_before(i) != "the" && lower_before(i) != "in" &&
                             lower_before(i) != "at";
    const bool opener =
        following != nullptr &&
        (following->lower == "the" || following->lower == "in" || following->lower == "and");
    const bool saint = capital_next && !opener && !after_number &&
                       (!name_before || !is_street_type(lower_after(i, 2))
                            ? !name_before || !is_address(i >= 2 ? i - 2 : 0)
                            : true);
    const bool in_address = (name_before && (i >= 2 && is_digit(before(i, 2)->text.back())));
    emit((saint && !in_address ? "saint" : "street") + suffix, i, i);
    return 1;
  }
  if (lower == "dr") {
    const bool name_before = is_capitalized(before(i)) && before(i)->after == Punctuation::kNone;
    const bool drive =
        name_before && (!capital_next || (i >= 2 && is_digit(before(i, 2)->text[0])));
    emit((drive ? "drive" : "doctor") + suffix, i, i);
    return 1;
  }
  if (text == "EST") return 0;
  const bool dated = following != nullptr && following->text.size() >= 3 &&
                     std::all_of(following->text.begin(), following->text.end(), is_digit);
  if (lower == "est" && token.period && dated) {
    emit("established", i, i);
    return 1;
  }
  if ((lower == "b" || lower == "c" || lower == "d") &&
      !(is_lower(text[0]) && token.period && dated))
    return 0;
  // "350 5th Ave": mostly without its period.
  if (lower == "ave" && i > 0 && is_capitalized(&token) &&
      (is_capitalized(before(i)) || is_digit(before(i)->text[0]))) {
    emit("avenue", i, i);
    return 1;
  }
  if (is_street_type(lower_before(i))) {
    struct Quarter {
      std::string_view text;
      std::string_view words;
    };
    static constexpr std::array<Quarter, 4> kQuarters = {
        {{"NW", "northwest"}, {"NE", "northeast"}, {"SW", "southwest"}, {"SE", "southeast"}}};
    for (const Quarter& quarter : kQuarters) {
      if (text != quarter.text) continue;
      emit(quarter.words, i, i);
      return 1;
    }
  }
  // "15 W. 4th St."
  if (text.size() == 1 && i > 0 && is_upper(text[0]) && is_digit(before(i)->text[0]) &&
      is_address(i - 1)) {
    const std::string_view direction = text == "N"   ? "north"
                                       : text == "S" ? "south"
                                       : text == "E" ? "east"
                                       : text == "W" ? "west"
                                                     : "";
    if (!direction.empty()) {
      emit(direction, i, i);
      return 1;
    }
  }
  if (lower == "ft" && (!capital_next || !token.period)) return 0;
  if (lower == "v" && !(capital_next && is_capitalized(before(i)))) return 0;
  if ((lower == "pt" || lower == "mt" || lower == "col" || lower == "gen") && !capital_next &&
      !(lower == "pt" && following != nullptr && is_digit(following->text[0]))) {
    return 0;
  }
  if (lower == "no" && !(token.period && following != nullptr && is_digit(following->text[0])))
    return 0;
  if ((lower == "p" || lower == "pp" || lower == "ch" || lower == "op" || lower == "art" ||
       lower == "sec" || lower == "fig" || lower == "ca") &&
      !(following != nullptr && (is_digit(following->text[0]) || roman_value(following->text)))) {
    return 0;
  }
  if (lower == "ed" && i == 0) return 0;
  if ((lower == "mon" || lower == "sat" || lower == "sun" || lower == "wed" || lower == "mar" ||
       lower == "min" || lower == "max" || lower == "mass" || lower == "ill" || lower == "wash" ||
       lower == "conn" || lower == "tex") &&
      (!token.period ||
       (is_last(i) && lower != "min" && lower != "max" && !is_capitalized(&token)))) {
    return 0;
  }
  if (lower == "vs" && token.text == "VS" && shouting_) return 0;
  if (const Abbreviation* entry = find_abbreviation(lower)) {
    const bool period = token.period || lower.find('.') != std::string::npos;
    const bool all_capitals =
        text.size() >= 2 && all_of_kind(text, is_upper) && !shouting_ && !period;
    if ((!entry->period_needed || period) && !(all_capitals && entry->words != "mister")) {
      emit(std::string(entry->words) + suffix, i, i);
      return 1;
    }
  }
  // "U.S", "J.R.R", "Ph.D"
  if (text.size() >= 3 && text.find('.') != std::string_view::npos) {
    size_t run = 0;
    bool initials = true;
    for (const char c : text) {
      if (c == '.') {
        initials = initials && run > 0;
        run = 0;
      } else {
        initials = initials && is_letter(c) && ++run <= 2;
      }
    }
    if (initials) {
      emit(spelled(text) + suffix, i, i);
      return 1;
    }
  }
  // "Springfield, IL" and "CA 90210"
  if (text.size() == 2 && all_of_kind(text, is_upper) && suffix.empty() && !shouting_) {
    const std::string_view state = state_name(text);
    const Token* previous = before(i);
    const bool after_city = is_capitalized(previous) && previous->after == Punctuation::kComma;
    const bool before_zip = following != nullptr && following->text.size() >= 5 &&
                            is_digit(following->text[0]) && is_digit(following->text[4]);
    if (!state.empty() && (after_city || before_zip)) {
      emit(state, i, i);
      return 1;
    }
  }
  return 0;
}

size_t TokenReader::read_roman(size_t i) {
  std::string_view text = tokens_[i].text;
  std::string suffix;
  if (text.size() > 2 && text.ends_with("'s")) {
    suffix = "'s";
    text.remove_suffix(2);
  }
  const auto value = roman_value(text);
  if (!value || shouting_) return 0;
  const std::string digits = std::to_string(*value);
  const std::string_view previous = lower_before(i);
  const Token* name = before(i);
  const bool joined = name != nullptr && name->after == Punctuation::kNone;
  const auto finish = [&](const std::string& words) {
    emit(words + suffix, i, i);
    return size_t{1};
  };
  const bool rare = text.size() == 1 && text != "I" && text != "V" && text != "X";
  if (is_lower(text[0])) {
    const bool numbered = joined && is_numbered_thing(previous) && text != "c" && text != "d" &&
                          text != "m" && text != "l";
    if (numbered ||
        (tokens_[i].bracketed && text != "c" && text != "d" && text != "m" && text != "l"))
      return finish(cardinal_words(digits));
    return 0;
  }
  if (joined && is_numbered_thing(previous) && !rare) return finish(cardinal_words(digits));
  if (rare) return 0;
  if (joined && is_first_name(previous) && is_capitalized(name)) {
    static constexpr std::array<std::string_view, 13> kAfterName = {
        "of",     "was",     "and",   "is", "had", "who", "died",
        "became", "reigned", "ruled", "in", "to",  "at"};
    static constexpr std::array<std::string_view, 13> kTitles = {
        "king",   "queen",  "pope",   "emperor", "empress", "tsar",    "czar",
        "prince", "kaiser", "sultan", "saint",   "pharaoh", "archduke"};
    const std::string_view title = lower_before(i, 2);
    const bool titled = std::find(kTitles.begin(), kTitles.end(), title) != kTitles.end();
    const bool closed =
        next(i) == nullptr || tokens_[i].after != Punctuation::kNone || !suffix.empty() ||
        std::find(kAfterName.begin(), kAfterName.end(), lower_after(i)) != kAfterName.end();
    if (text.size() == 1 && !(titled || (closed && !(text == "X" && previous == "malcolm"))))
      return 0;
    return finish("the " + ordinal_words(digits));
  }
  if (text.size() == 1) return 0;
  if (joined && is_capitalized(name) && is_first_name(lower_before(i, 2)) && *value <= 5) {
    return finish("the " + ordinal_words(digits));
  }
  if (is_plain_roman(text) ||
      (text == "IV" && joined && is_capitalized(name) && previous != "the" && previous != "an")) {
    return finish(cardinal_words(digits));
  }
  if (text.size() >= 3 && joined && is_capitalized(name) &&
      text.find_first_not_of("IVXL") == std::string_view::npos) {
    return finish(cardinal_words(digits));
  }
  if (text.size() >= 4 && text[0] == 'M' && *value >= 1000) return finish(year_words(digits));
  return 0;
}

size_t TokenReader::read_symbol(size_t i) {
  const std::string_view text = tokens_[i].text;
  struct Sign {
    std::string_view text;
    std::string_view words;
  };
  static constexpr std::array<Sign, 24> kSigns = {{{"+", "plus"},
                                                   {"=", "equals"},
                                                   {"&", "and"},
                                                   {"&&", "and"},
                                                   {"%", "percent"},
                                                   {"@", "at"},
                                                   {"#", "number"},
                                                   {"-", "minus"},
                                                   {"\xC3\x97", "times"},
                                                   {"\xC3\xB7", "divided by"},
                                                   {"\xC2\xB1", "plus or minus"},
                                                   {"\xE2\x89\xA0", "is not equal to"},
                                                   {"\xE2\x89\xA4", "is less than or equal to"},
                                                   {"\xE2\x89\xA5", "is greater than or equal to"},
                                                   {"~", "about"},
                                                   {"\xC2\xA9", "copyright"},
                                                   {"\xC2\xA7", "section"},
                                                   {"\xC2\xB6", "paragraph"},
                                                   {"\xC2\xB0", "degrees"},
                                                   {"$", "dollars"},
                                                   {"\xC2\xA3", "pounds"},
                                                   {"\xE2\x82\xAC", "euros"},
                                                   {"\xC2\xA5", "yen"},
                                                   {"\xC2\xA2", "cents"}}};
  for (const Sign& sign : kSigns) {
    if (text == sign.text) {
      emit(sign.words, i, i);
      return 1;
    }
  }
  const Token* previous = before(i);
  const Token* following = next(i);
  const auto is_term = [](const Token* token) {
    return token != nullptr && !token->text.empty() && is_alnum(token->text[0]) &&
           (is_digit(token->text[0]) || token->text.size() == 1);
  };
  const bool between = is_term(previous) && is_term(following);
  if (text == "/" || text == "*" || text == "<" || text == ">" || text == "x" || text == "==" ||
      text == ">=" || text == "<=" || text == "!=") {
    std::string_view words;
    const bool numbers = between && is_digit(previous->text[0]) && is_digit(following->text[0]);
    if (text == "/")
      words = numbers ? "divided by" : previous != nullptr && following != nullptr ? "slash" : "";
    if (text == "*" && between) words = "times";
    if (text == "<" && between) words = "is less than";
    if (text == ">" && between) words = "is greater than";
    // 3" x 5" and 2m x 4m are sizes.
    if (text == "x" && numbers) {
      words = is_digit(previous->text.back()) && is_digit(following->text.back()) ? "times" : "by";
    }
    if (text == "==") words = "equals";
    if (text == ">=") words = "is greater than or equal to";
    if (text == "<=") words = "is less than or equal to";
    if (text == "!=") words = "is not equal to";
    if (text == "x" && words.empty()) return 0;
    emit(words, i, i);
    return 1;
  }
  return 0;
}

std::string TokenReader::capitals_form(std::string_view text, size_t i) const {
  const std::string lower = lower_of(text);
  if (shouting_ && (is_word(lower) || !has_vowel(lower) || text.size() > 4)) {
    return is_word(lower) || has_vowel(lower) ? lower : spelled(text);
  }
  if (!has_vowel(lower)) return spelled(text);
  if (is_word(lower)) return lower;
  (void)i;
  return text.size() <= 4 ? spelled(text) : lower;
}

std::string TokenReader::mixed_form(std::string_view text) const {
  // MP3, H2O, 221B, 4K; "B2B" and the like too.
  std::string words;
  for (const std::string_view piece : pieces(text)) {
    if (is_digit(piece[0])) {
      join(words, piece[0] == '0' && piece.size() > 1      ? digit_words(piece, "oh")
                  : piece.size() >= 3 && piece.size() <= 4 ? pair_words(piece)
                  : piece.size() > 4                       ? digit_words(piece)
                                                           : cardinal_words(piece));
    } else if (is_letter(piece[0])) {
      const std::string lower = lower_of(piece);
      const bool word = piece.size() >= 3 &&
                        (is_word(lower) || (!all_of_kind(piece, is_upper) && has_vowel(lower)));
      join(words, word ? lower : spelled(piece));
    }
  }
  return words;
}

std::string TokenReader::name_form(std::string_view text, size_t i, int depth) const {
  if (text.empty()) return {};
  if (depth > kMaxDepth) return spelled(text.substr(0, kMaxWordLetters));
  if (const auto reading = acronym_reading(text);
      reading && !(shouting_ && is_word(lower_of(text)))) {
    return std::string(*reading);
  }
  if (const auto reading = acronym_reading(lower_of(text)); reading && i == 0 && depth == 0) {
    return std::string(*reading);
  }
  // Possessives and plurals of what is spelled.
  if (text.size() > 2 && text.ends_with("'s")) {
    const std::string_view base = text.substr(0, text.size() - 2);
    if (const std::string lower = lower_of(text); is_word(lower) && !all_of_kind(base, is_upper))
      return lower;
    return name_form(base, i, depth + 1) + "'s";
  }
  if (text.size() >= 3 && text.back() == 's' &&
      all_of_kind(text.substr(0, text.size() - 1), is_upper)) {
    const std::string_view base = text.substr(0, text.size() - 1);
    const std::string words = name_form(base, i, depth + 1);
    return words.empty() ? words : words + (is_upper(words.back()) ? "'s" : "s");
  }
  if (text.size() > 2 && text.starts_with("w/")) {
    return "with " + name_form(text.substr(2), i, depth + 1);
  }
  // I-405: digits as on the road sign.
  if (text.size() == 5 && text.starts_with("I-") && all_of_kind(text.substr(2), is_digit)) {
    return "i " + pair_words(text.substr(2));
  }
  if (text == "C++") return "C plus plus";
  if (text == "C#") return "C sharp";
  if (text == "F#") return "F sharp";
  if (text.size() >= 4 && text[0] == '.' && all_of_kind(text.substr(1), is_letter)) {
    return "dot " + name_form(text.substr(1), i, depth + 1);
  }
  const bool letters_only =
      std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || c == '\''; });
  if (letters_only) {
    if (text.size() == 1) {
      const char letter = text[0];
      if (letter == '\'') return {};
      if (letter == 'I' || letter == 'a') return std::string(1, to_lower(letter));
      if (letter == 'A') {
        const bool letter_name =
            i < tokens_.size() && i > 0 && !shouting_ && depth == 0 &&
            tokens_[i - 1].after == Punctuation::kNone && !tokens_[i].opened &&
            (is_last(i) || tokens_[i].after != Punctuation::kNone || !is_capitalized(next(i)));
        return letter_name || depth > 0 ? "A" : "a";
      }
      if (letter == 'O' && i + 1 < tokens_.size() && is_capitalized(next(i))) return "o";
      return std::string(1, to_upper(letter));
    }
    std::string lower = lower_of(text);
    while (!lower.empty() && lower.back() == '\'') lower.pop_back();
    const bool capitals = std::none_of(text.begin(), text.end(), is_lower);
    if (capitals && text.find('\'') == std::string_view::npos) return capitals_form(text, i);
    if (lower.size() > kMaxWordLetters) {
      std::string words;
      for (size_t begin = 0; begin < lower.size(); begin += kMaxWordLetters) {
        join(words, lower.substr(begin, kMaxWordLetters));
      }
      return words;
    }
    if (is_word(lower)) return lower;
    // GitHub, JavaScript, OpenAI, iPhone
    size_t hump = std::string_view::npos;
    for (size_t c = 1; c < text.size() && hump == std::string_view::npos; ++c) {
      if (is_upper(text[c]) && is_lower(text[c - 1])) hump = c;
    }
    const bool name_prefix = text.starts_with("Mc") || text.starts_with("Mac") ||
                             text.starts_with("De") || text.starts_with("Le") ||
                             text.starts_with("O'") || text.starts_with("D'") ||
                             text.starts_with("L'");
    if (hump != std::string_view::npos && !name_prefix) {
      return name_form(text.substr(0, hump), i, depth + 1) + ' ' +
             name_form(text.substr(hump), i, depth + 1);
    }
    if (!has_vowel(lower) && lower.find('\'') == std::string::npos && lower.size() <= 5 &&
        lower != "hmm" && lower != "shh" && lower != "psst" && lower != "pfft" && lower != "brr" &&
        lower != "mmm" && lower != "nth" && lower != "zzz") {
      return spelled(text);
    }
    return lower;
  }
  // Parts with marks between them.
  size_t at = std::string_view::npos;
  for (const char mark :
       {'/', '&', '+', '=', '-', '_', '.', '\\', '~', '^', '*', '@', ':', '<', '>'}) {
    at = text.find(mark);
    if (at != std::string_view::npos) break;
  }
  const size_t times = text.find("\xC3\x97");
  if (times != std::string_view::npos) at = times;
  if (at != std::string_view::npos) {
    const size_t width = times == at ? 2 : 1;
    const std::string_view left = text.substr(0, at);
    const std::string_view right = text.substr(at + width);
    std::string_view between;
    switch (text[at]) {
      case '/': {
        const std::string lower = lower_of(text);
        const bool joined = lower == "and/or" || lower == "n/a" || lower == "a/c" ||
                            lower == "tcp/ip" ||
                            (left.size() <= 2 && right.size() <= 2 && all_of_kind(left, is_upper));
        between = joined ? "" : "slash";
        break;
      }
      case '&':
        between = "and";
        if (left.size() <= 2 && right.size() <= 2 && all_of_kind(left, is_upper) &&
            all_of_kind(right, is_upper)) {
          return spelled(left) + " and " + spelled(right);
        }
        break;
      case '+':
        between = "plus";
        break;
      case '=':
        between = left.ends_with('!') ? "is not equal to" : "equals";
        break;
      case '_':
        between = left.empty() || right.empty() ? "" : "underscore";
        break;
      case '.':
        between = left.empty() || right.empty() ? "" : "dot";
        break;
      case '\\':
        between = "backslash";
        break;
      case '*':
      case '\xC3':
        between = left.empty() || right.empty() ? "" : "times";
        break;
      case '@':
        between = "at";
        break;
      case '<':
        between = "is less than";
        break;
      case '>':
        between = left.ends_with('-') || left.ends_with('=') ? "" : "is greater than";
        break;
      case '^':
        if (right == "2") return name_form(left, i, depth + 1) + " squared";
        if (right == "3") return name_form(left, i, depth + 1) + " cubed";
        between = "to the power of";
        break;
      default:
        break;
    }
    // "A-Z", "Mon-Fri": from one to the other.
    if (text[at] == '-' && !left.empty() && !right.empty()) {
      if (!weekday_name(left).empty() && !weekday_name(right).empty()) {
        return std::string(weekday_name(left)) + " to " + std::string(weekday_name(right));
      }
      if (is_upper(left[0]) && is_upper(right[0]) && !month_name(left).empty() &&
          !month_name(right).empty()) {
        return std::string(month_name(left)) + " to " + std::string(month_name(right));
      }
      if (left.size() == 1 && right.size() == 1 && is_letter(left[0]) && is_letter(right[0])) {
        const bool span = to_lower(left[0]) == 'a' && to_lower(right[0]) >= 'd';
        return spelled(left) + (span ? " to " : " ") + spelled(right);
      }
    }
    std::string words;
    const auto side = [&](std::string_view part) {
      const std::string numeric = numeric_form(part, i);
      return numeric.empty() ? name_form(part, i, depth + 1) : numeric;
    };
    join(words, side(left));
    join(words, between);
    join(words, side(right));
    return words;
  }
  const bool mixed = std::any_of(text.begin(), text.end(), is_alnum);
  return mixed ? mixed_form(text) : std::string();
}

size_t TokenReader::read_name(size_t i) {
  std::string_view text = tokens_[i].text;
  // Numbers that no rule knew: sign, digits and rest.
  emit(name_form(text, i), i, i);
  return 1;
}

}  // namespace bivox
