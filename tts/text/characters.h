// UTF-8 read character by character, and what each is in plain text.
//
// Thread rule: free functions. Test: tests/tts/text/clean_text_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace bivox {

struct Character {
  char32_t code = 0;
  size_t length = 1;  ///< Bytes.
  bool valid = true;  ///< False: one byte that is not UTF-8.
};

/// The character at the beginning of `text`, which must not be empty.
Character first_character(std::string_view text);

/// What stands for a character in plain text: ASCII, or a symbol with a reading as UTF-8. Empty
/// where there is none. What is to vanish without being missed is kVanishes.
std::string_view plain_form(char32_t code);
extern const std::string_view kVanishes;

/// "alpha" for Greek letters of either case; empty for others.
std::string_view greek_name(char32_t code);

// ASCII only, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace bivox
