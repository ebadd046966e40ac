// Numbers as people say them (US English).
//
//   cardinal   1234    one thousand two hundred thirty four
//   ordinal    21      twenty first
//   year       1908    nineteen oh eight         2001  two thousand one     1500  fifteen hundred
//   pairs      1234    twelve thirty four        101   one oh one           5000  five thousand
//   digits     90210   nine oh two one oh
//
// All take the digits as text, because telephone numbers begin with 0 and numbers are longer than
// any integer type. Results are words joined by single blanks, lower case, without hyphens.
// Numbers of more than 36 digits have no names that people know and are read digit by digit.
// Thread rule: free functions. Test: tests/tts/text/number_words_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bivox {

/// `digits` holds 0-9 only (checked), without separators; leading zeros do not count.
std::string cardinal_words(std::string_view digits);
std::string cardinal_words(int number);
/// "first", "twenty first", "hundredth".
std::string ordinal_words(std::string_view digits);
/// A year as it is read; `digits` of another length than 3 or 4 are read as a cardinal.
std::string year_words(std::string_view digits);
/// House numbers, flights, roads: two digits at a time where three or four are given.
std::string pair_words(std::string_view digits);
/// Digit by digit; 0 is `zero` ("oh" or "zero").
std::string digit_words(std::string_view digits, std::string_view zero = "zero");
/// "3.14" -> "three point one four"; commas are skipped, and a leading point reads "zero point".
std::string decimal_words(std::string_view number);
/// "two thirds", "three quarters", "one half"; nullopt where people would say "over".
std::optional<std::string> fraction_words(std::string_view numerator, std::string_view denominator);
/// The plural of a number's last word: "nineties", "hundreds", "sixes".
std::string plural_words(std::string words);

/// The value of a roman numeral in its usual form (IV, not IIII), of one case; nullopt for others
/// and above 3999.
std::optional<int> roman_value(std::string_view text);

}  // namespace bivox
