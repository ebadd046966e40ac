// The symbols of the pronunciation model: letters, phones and the units that pair them.
//
// A unit (a "graphone" of Bisani and Ney 2008) pairs one or two letters with none to two phones:
// (c:K), (ph:F), (x:K S), (e:). Index types, 0-based and dense: a letter is 0..25 for a..z, a phone
// indexes G2pUnits::phones(), a G2pUnit indexes the inventory. Units are sorted by their letters,
// then by their phones, so that those which may read the next letters of a word lie together:
// all a decoder has to ask for is a range.
//
// Thread rule: a value; immutable after it is built. Test: tests/models/g2p_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

using G2pUnit = uint16_t;

inline constexpr int kG2pLetters = 26;
inline constexpr uint8_t kG2pNone = 255;  ///< No second letter, no first or second phone.

/// One pairing; unused places hold kG2pNone, used ones come first.
struct G2pPair {
  std::array<uint8_t, 2> letters = {kG2pNone, kG2pNone};
  std::array<uint8_t, 2> phones = {kG2pNone, kG2pNone};

  int num_letters() const { return letters[1] == kG2pNone ? 1 : 2; }
  int num_phones() const { return phones[0] == kG2pNone ? 0 : phones[1] == kG2pNone ? 1 : 2; }
  friend bool operator==(const G2pPair&, const G2pPair&) = default;
  /// By letters (a, aa, ab, .., b), then by phones; none comes first.
  friend bool operator<(const G2pPair& a, const G2pPair& b) { return a.key() < b.key(); }

 private:
  uint32_t key() const {
    const auto up = [](uint8_t x) { return static_cast<uint32_t>((x + 1) & 0xff); };
    return up(letters[0]) << 24 | up(letters[1]) << 16 | up(phones[0]) << 8 | up(phones[1]);
  }
};

class G2pUnits {
 public:
  G2pUnits() = default;
  /// Sorts `pairs` and drops repetitions. Preconditions: at least one pair, letters below
  /// kG2pLetters, phones below phones.size(), at most kG2pMaxUnits pairs.
  G2pUnits(std::vector<std::string> phones, std::vector<G2pPair> pairs);

  struct Range {
    G2pUnit first = 0;
    G2pUnit last = 0;  ///< One past the end.
  };
  /// Units that read this letter alone, and these two letters together.
  Range one(uint8_t letter) const { return ranges_[place(letter, kG2pNone)]; }
  Range two(uint8_t letter, uint8_t next) const { return ranges_[place(letter, next)]; }

  const std::vector<std::string>& phones() const { return phones_; }
  /// A number that phones share which differ in nothing but stress.
  uint8_t bare(uint8_t phone) const { return bare_[phone]; }
  const G2pPair& pair(G2pUnit unit) const { return pairs_[unit]; }
  /// The unit of a pair that is in the inventory.
  G2pUnit find(const G2pPair& pair) const;
  int num_pairs() const { return static_cast<int>(pairs_.size()); }
  /// The two marks that are no pairs, and how many symbols an n-gram over units has.
  G2pUnit word_end() const { return static_cast<G2pUnit>(pairs_.size()); }
  G2pUnit word_begin() const { return static_cast<G2pUnit>(pairs_.size() + 1); }
  int num_symbols() const { return num_pairs() + 2; }

 private:
  static size_t place(uint8_t letter, uint8_t next) {
    return static_cast<size_t>(letter) * (kG2pLetters + 1) +
           (next == kG2pNone ? 0 : static_cast<size_t>(next) + 1);
  }

  std::vector<std::string> phones_;
  std::vector<uint8_t> bare_;  // by phone
  std::vector<G2pPair> pairs_;
  std::array<Range, static_cast<size_t>(kG2pLetters) * (kG2pLetters + 1)> ranges_ = {};
};

inline constexpr int kG2pMaxUnits = 20'000;
inline constexpr int kG2pMaxPhones = 200;

/// The letters of a word, 0..25: lower case, Latin diacritics stripped ("é" is e, "ß" is s s, "æ"
/// is a e), everything else dropped.
std::vector<uint8_t> g2p_letters(std::string_view word);

/// Whether a word of these letters is an initialism: more than one letter and none of a e i o u y.
bool is_initialism(const std::vector<uint8_t>& letters);

/// For each phone the number of the first that differs from it in nothing but stress.
std::vector<uint8_t> bare_phones(const std::vector<std::string>& phones);

/// "AE1" -> "AE".
std::string_view without_stress(std::string_view phone);

}  // namespace bivox
