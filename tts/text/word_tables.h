// What short forms stand for: abbreviations, units, currencies, acronyms, months and names.
//
// The tables hold facts of the language only; the rules that read them are in the normalizer.
// Thread rule: constant data. Test: tests/tts/text/normalizer_test.cpp (the golden table).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bivox {

/// Whether the period after an abbreviation may also end the sentence.
enum class AbbreviationEnd {
  kNotAbbreviation,
  kNever,              ///< "Dr. Smith", "approx. five".
  kBeforeCapital,      ///< "etc.", "p.m.": the next word begins with a capital.
  kBeforeOpener,       ///< "U.S.", "Inc.", "St.": it also is a usual first word ("The").
  kBeforeNumberNever,  ///< "No. 5", "Fig. 2", but "No." alone ends a sentence.
};

struct Abbreviation {
  std::string_view text;  ///< Lower case, without the final period.
  std::string_view words;
  AbbreviationEnd end;
  bool period_needed;  ///< Without its period it is a word of its own ("gen", "no").
};

/// Any case, without the final period; null where there is none.
const Abbreviation* find_abbreviation(std::string_view text);
AbbreviationEnd abbreviation_end(std::string_view text);

struct Unit {
  std::string_view text;  ///< Case matters: "Mb", "MB".
  std::string_view singular;
  std::string_view plural;
  bool only_attached_or_period;  ///< "in", "m": words or letters unless "5m" or "5 in.".
};

const Unit* find_unit(std::string_view text);

struct Currency {
  std::string_view symbol;
  std::string_view singular;
  std::string_view plural;
  std::string_view cent;  ///< Empty: none.
  std::string_view cents;
};

/// The currency that `text` starts with; null where there is none.
const Currency* starts_with_currency(std::string_view text);
/// The currency of a code ("USD").
const Currency* find_currency_code(std::string_view code);

/// "january" for "jan", "January", "Sept"; empty where there is none.
std::string_view month_name(std::string_view text);
/// 1..12; empty otherwise.
std::string_view month_name(int month);
std::string_view weekday_name(std::string_view text);
/// "EST", "UTC": what follows a time. Case matters.
bool is_time_zone(std::string_view text);
/// "california" for "CA".
std::string_view state_name(std::string_view code);

/// Acronyms read as words ("NASA"), as letters though they are also words ("US"), or in a way of
/// their own ("JPEG"): their reading, letters upper case. Case matters.
std::optional<std::string_view> acronym_reading(std::string_view text);

/// "William", "Louis": first names, which a roman numeral makes "the third".
bool is_first_name(std::string_view lower);
/// "chapter", "world war": a roman numeral or a number after it is a cardinal.
bool is_numbered_thing(std::string_view lower);
/// "street", "st", "ave": what ends an address.
bool is_street_type(std::string_view lower);
/// "million", "billion" and their letters "M", "bn": the word, or empty.
std::string_view magnitude(std::string_view text);
/// Names of top-level domains and how they are said: "com", "U K". Empty for others.
std::string_view domain_words(std::string_view lower);
/// Endings of file names, "txt": whether a name with a period before it is a file's.
bool is_file_ending(std::string_view lower);

}  // namespace bivox
