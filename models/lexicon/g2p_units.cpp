#include "models/lexicon/g2p_units.h"

#include <algorithm>
#include <map>

#include "dsp/core/check.h"

namespace bivox {
namespace {

/// Base letters of U+00C0 .. U+017F, '?' where there is none; two-letter ones are spelled below.
constexpr std::string_view kLatinBases =
    "aaaaaaaceeeeiiiidnooooo?ouuuuyts"                                   // U+00C0 .. U+00DF
    "aaaaaaaceeeeiiiidnooooo?ouuuuyty"                                   // U+00E0 .. U+00FF
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"   // U+0100 .. U+013F
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // U+0140 .. U+017F
static_assert(kLatinBases.size() == 0x180 - 0xC0);

constexpr std::string_view kVowels = "aeiouy";

char second_letter(uint32_t code) {
  switch (code) {
    case 0xC6:  // Æ
    case 0xE6:
    case 0x152:  // Œ
    case 0x153:
      return 'e';
    case 0xDE:  // Þ
    case 0xFE:
      return 'h';
    case 0xDF:  // ß
      return 's';
    case 0x132:  // Ĳ
    case 0x133:
      return 'j';
    default:
      return 0;
  }
}

}  // namespace

G2pUnits::G2pUnits(std::vector<std::string> phones, std::vector<G2pPair> pairs)
    : phones_(std::move(phones)), bare_(bare_phones(phones_)), pairs_(std::move(pairs)) {
  std::sort(pairs_.begin(), pairs_.end());
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
  BIVOX_CHECK(!pairs_.empty() && num_pairs() <= kG2pMaxUnits);
  for (size_t i = 0; i < pairs_.size();) {
    const auto letters = pairs_[i].letters;
    const size_t first = i;
    while (i < pairs_.size() && pairs_[i].letters == letters) ++i;
    ranges_[place(letters[0], letters[1])] = {static_cast<G2pUnit>(first), static_cast<G2pUnit>(i)};
  }
}

G2pUnit G2pUnits::find(const G2pPair& pair) const {
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), pair);
  BIVOX_CHECK(at != pairs_.end() && *at == pair);
  return static_cast<G2pUnit>(at - pairs_.begin());
}

std::vector<uint8_t> g2p_letters(std::string_view word) {
  std::vector<uint8_t> letters;
  const auto add = [&letters](char c) { letters.push_back(static_cast<uint8_t>(c - 'a')); };
  for (size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    if (byte < 0x80) {
      const char lower = static_cast<char>(byte | 0x20U);
      if (lower >= 'a' && lower <= 'z') add(lower);
      continue;
    }
    // Two bytes of UTF-8 hold all that has a base letter here; longer sequences are skipped.
    if (byte < 0xC3 || byte > 0xC5 || i + 1 == word.size()) continue;
    const auto next = static_cast<unsigned char>(word[i + 1]);
    if ((next & 0xC0U) != 0x80) continue;
    ++i;
    const uint32_t code = (byte & 0x1FU) << 6 | (next & 0x3FU);
    const char base = kLatinBases[code - 0xC0];
    if (base == '?') continue;
    // OE and IJ stand in the table as their neighbours do; their first letter is this one.
    const bool is_oe = code == 0x152 || code == 0x153;
    const bool is_ij = code == 0x132 || code == 0x133;
    add(is_oe ? 'o' : is_ij ? 'i' : base);
    if (const char second = second_letter(code)) add(second);
  }
  return letters;
}

bool is_initialism(const std::vector<uint8_t>& letters) {
  return letters.size() > 1 && std::none_of(letters.begin(), letters.end(), [](uint8_t letter) {
           return kVowels.find(static_cast<char>('a' + letter)) != std::string_view::npos;
         });
}

std::vector<uint8_t> bare_phones(const std::vector<std::string>& phones) {
  std::map<std::string_view, uint8_t> first;
  std::vector<uint8_t> bare;
  for (size_t i = 0; i < phones.size(); ++i) {
    bare.push_back(first.emplace(without_stress(phones[i]), i).first->second);
  }
  return bare;
}

std::string_view without_stress(std::string_view phone) {
  if (phone.size() > 1 && phone.back() >= '0' && phone.back() <= '9') phone.remove_suffix(1);
  return phone;
}

}  // namespace bivox
