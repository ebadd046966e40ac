#include "tts/text/characters.h"

#include <algorithm>
#include <array>

namespace bivox {
namespace {

struct Form {
  char32_t code;
  std::string_view plain;
};

// Sorted by code. Letters of U+00C0 to U+017F have a table of their own.
constexpr std::array kForms = {
    Form{0x00A0, " "},
    Form{0x00A1, ""},
    Form{0x00A2, "\xC2\xA2"},
    Form{0x00A3, "\xC2\xA3"},
    Form{0x00A5, "\xC2\xA5"},
    Form{0x00A7, "\xC2\xA7"},
    Form{0x00A9, "\xC2\xA9"},
    Form{0x00AA, "a"},
    Form{0x00AB, "\""},
    Form{0x00B0, "\xC2\xB0"},
    Form{0x00B1, "\xC2\xB1"},
    Form{0x00B2, "^2"},
    Form{0x00B3, "^3"},
    Form{0x00B4, "'"},
    Form{0x00B5, "u"},
    Form{0x00B6, "\xC2\xB6"},
    Form{0x00B7, " "},
    Form{0x00BA, "\xC2\xB0"},
    Form{0x00BB, "\""},
    Form{0x00BC, " 1/4"},
    Form{0x00BD, " 1/2"},
    Form{0x00BE, " 3/4"},
    Form{0x00D7, "\xC3\x97"},
    Form{0x00F7, "\xC3\xB7"},
    Form{0x02BC, "'"},
    Form{0x2010, "-"},
    Form{0x2011, "-"},
    Form{0x2012, "-"},
    Form{0x2013, "-"},
    Form{0x2014, " -- "},
    Form{0x2015, " -- "},
    Form{0x2018, "'"},
    Form{0x2019, "'"},
    Form{0x201A, "'"},
    Form{0x201B, "'"},
    Form{0x201C, "\""},
    Form{0x201D, "\""},
    Form{0x201E, "\""},
    Form{0x2022, "* "},
    Form{0x2026, "..."},
    Form{0x202F, " "},
    Form{0x2032, "'"},
    Form{0x2033, "\""},
    Form{0x2039, "'"},
    Form{0x203A, "'"},
    Form{0x2044, "/"},
    Form{0x20AC, "\xE2\x82\xAC"},
    Form{0x20B9, "\xE2\x82\xB9"},
    Form{0x2103,
         "\xC2\xB0"
         "C"},
    Form{0x2109,
         "\xC2\xB0"
         "F"},
    Form{0x2116, "No. "},
    Form{0x2153, " 1/3"},
    Form{0x2154, " 2/3"},
    Form{0x2155, " 1/5"},
    Form{0x2159, " 1/6"},
    Form{0x215B, " 1/8"},
    Form{0x215C, " 3/8"},
    Form{0x215D, " 5/8"},
    Form{0x215E, " 7/8"},
    Form{0x2190, " "},
    Form{0x2192, " "},
    Form{0x2212, "-"},
    Form{0x221A, " square root of "},
    Form{0x2248, "~"},
    Form{0x2260, " \xE2\x89\xA0 "},
    Form{0x2264, " \xE2\x89\xA4 "},
    Form{0x2265, " \xE2\x89\xA5 "},
    Form{0x3000, " "},
    Form{0x3001, ", "},
    Form{0x3002, ". "},
    Form{0xFB00, "ff"},
    Form{0xFB01, "fi"},
    Form{0xFB02, "fl"},
    Form{0xFB03, "ffi"},
    Form{0xFB04, "ffl"},
};
static_assert(std::is_sorted(kForms.begin(), kForms.end(),
                             [](const Form& a, const Form& b) { return a.code < b.code; }));

// U+00C0 to U+017F, one letter or two each.
constexpr std::array<std::string_view, 192> kLatin = {
    "A", "A", "A",  "A",  "A", "A", "AE", "C",  "E",  "E", "E", "E", "I",  "I",  "I", "I", "D", "N",
    "O", "O", "O",  "O",  "O", "x", "O",  "U",  "U",  "U", "U", "Y", "Th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "/", "o",  "u",  "u", "u", "u",  "y",  "th", "y", "A", "a", "A",  "a",  "A", "a", "C", "c",
    "C", "c", "C",  "c",  "C", "c", "D",  "d",  "D",  "d", "E", "e", "E",  "e",  "E", "e", "E", "e",
    "E", "e", "G",  "g",  "G", "g", "G",  "g",  "G",  "g", "H", "h", "H",  "h",  "I", "i", "I", "i",
    "I", "i", "I",  "i",  "I", "i", "IJ", "ij", "J",  "j", "K", "k", "k",  "L",  "l", "L", "l", "L",
    "l", "L", "l",  "L",  "l", "N", "n",  "N",  "n",  "N", "n", "n", "N",  "n",  "O", "o", "O", "o",
    "O", "o", "OE", "oe", "R", "r", "R",  "r",  "R",  "r", "S", "s", "S",  "s",  "S", "s", "S", "s",
    "T", "t", "T",  "t",  "T", "t", "U",  "u",  "U",  "u", "U", "u", "U",  "u",  "U", "u", "U", "u",
    "W", "w", "Y",  "y",  "Y", "Z", "z",  "Z",  "z",  "Z", "z", "s"};

constexpr std::array<std::string_view, 25> kGreek = {
    "alpha", "beta",   "gamma",   "delta", "epsilon", "zeta",    "eta",  "theta", "iota",
    "kappa", "lambda", "mu",      "nu",    "xi",      "omicron", "pi",   "rho",   "sigma",
    "sigma", "tau",    "upsilon", "phi",   "chi",     "psi",     "omega"};

constexpr auto kAscii = [] {
  std::array<char, 128> all{};
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  return all;
}();

}  // namespace

const std::string_view kVanishes = "\b";

Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t length = lead >= 0xF0 && lead < 0xF5   ? 4
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                                                      : 0;
  if (length == 0 || length > text.size()) return {lead, 1, false};
  char32_t code = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {lead, 1, false};
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  // Longer than need be, surrogates, beyond Unicode.
  static constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) {
    return {lead, 1, false};
  }
  return {code, length, true};
}

std::string_view plain_form(char32_t code) {
  if (code < 0x80) {
    if (code == '\n') return "\n";
    if (code < 0x20 || code == 0x7F) return " ";
    return {&kAscii[code], 1};
  }
  const auto form = std::lower_bound(kForms.begin(), kForms.end(), code,
                                     [](const Form& f, char32_t c) { return f.code < c; });
  if (form != kForms.end() && form->code == code) {
    return form->plain.empty() ? kVanishes : form->plain;
  }
  if (code >= 0xC0 && code < 0x180) return kLatin[code - 0xC0];
  if (code >= 0xFF01 && code <= 0xFF5E) return {&kAscii[code - 0xFF01 + '!'], 1};
  if (code >= 0x2000 && code <= 0x200A) return " ";
  if (code == 0x2028 || code == 0x2029 || code == 0x85) return "\n";
  const bool vanishes = (code >= 0x200B && code <= 0x200F) || code == 0xFEFF || code == 0xAD ||
                        code == 0xAE || code == 0x2122 || code == 0xBF ||
                        (code >= 0x300 && code < 0x370) || (code >= 0xFE00 && code <= 0xFE0F);
  if (vanishes) return kVanishes;
  if (code >= 0x80 && code < 0xA0) return " ";
  return {};
}

std::string_view greek_name(char32_t code) {
  if (code >= 0x391 && code <= 0x3A9) return kGreek[code - 0x391];
  if (code >= 0x3B1 && code <= 0x3C9) return kGreek[code - 0x3B1];
  return {};
}

}  // namespace bivox
