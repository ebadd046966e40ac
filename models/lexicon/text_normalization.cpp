#include "models/lexicon/text_normalization.h"

#include <cstdint>

#include "models/lm/text_words.h"

namespace bivox {
namespace {

constexpr char32_t kNotUtf8 = 0x110000;  // past the last code point

struct CodePoint {
  char32_t value = kNotUtf8;
  size_t num_bytes = 1;
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t size = 0;
  char32_t value = 0;
  if (lead >= 0xC2 && lead < 0xE0) {
    size = 2;
    value = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
    value = lead & 0x0FU;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    size = 4;
    value = lead & 0x07U;
  }
  if (size == 0 || size > text.size()) return {};
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  return {value, size};
}

void append(std::string& text, char32_t value) {
  const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (value < 0x80) {
    add(value);
  } else if (value < 0x800) {
    add(0xC0U | (value >> 6U));
    add(0x80U | (value & 0x3FU));
  } else if (value < 0x10000) {
    add(0xE0U | (value >> 12U));
    add(0x80U | ((value >> 6U) & 0x3FU));
    add(0x80U | (value & 0x3FU));
  } else {
    add(0xF0U | (value >> 18U));
    add(0x80U | ((value >> 12U) & 0x3FU));
    add(0x80U | ((value >> 6U) & 0x3FU));
    add(0x80U | (value & 0x3FU));
  }
}

char32_t lower(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c < 0xC0) return c;
  if (c <= 0xDE) return c == 0xD7 ? c : c + 32;  // Latin-1, but for the times sign
  if (c >= 0x100 && c <= 0x137) return c == 0x130 ? U'i' : c | 1U;  // even upper, odd lower
  if (c >= 0x139 && c <= 0x148) return c + (c & 1U);                // odd upper, even lower
  if (c >= 0x14A && c <= 0x177) return c | 1U;
  if (c == 0x178) return 0xFF;
  if (c >= 0x179 && c <= 0x17E) return c + (c & 1U);
  if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 32;  // Greek
  if (c >= 0x410 && c <= 0x42F) return c + 32;                // Cyrillic
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

bool is_dash(char32_t c) {
  return c == U'-' || c == U'/' || c == 0xAD || (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
}

bool is_apostrophe(char32_t c) { return c == U'\'' || c == 0x2018 || c == 0x2019; }

bool is_punctuation(char32_t c) {
  if (c < 0x80) {
    return c > 0x20 && c < 0x7F &&
           std::string_view("!\"#$%&()*+,.:;<=>?@[\\]^`{|}~").find(static_cast<char>(c)) !=
               std::string_view::npos;
  }
  if (c >= 0xA1 && c <= 0xBF) return c != 0xAA && c != 0xB5 && c != 0xBA;
  return c >= 0x2010 && c <= 0x205E;
}

}  // namespace

std::string normalize_text(std::string_view text, const TextNormalization& options) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (point.value == kNotUtf8) {
      plain += text[0];
    } else {
      const char32_t c = options.fold_case ? lower(point.value) : point.value;
      const bool strip = options.strip_punctuation;
      if (strip && is_apostrophe(c)) {
        plain += '\'';
      } else if (strip && (is_dash(c) || c == 0xA0)) {
        plain += ' ';
      } else if (!strip || !is_punctuation(c)) {
        append(plain, c);
      }
    }
    text.remove_prefix(point.num_bytes);
  }

  std::string result;
  for_each_text_word(plain, [&](std::string_view word) {
    if (options.strip_punctuation) {
      while (word.starts_with('\'')) word.remove_prefix(1);
      while (word.ends_with('\'')) word.remove_suffix(1);
    }
    if (word.empty()) return;
    if (!result.empty()) result += ' ';
    result += word;
  });
  return result;
}

}  // namespace bivox
