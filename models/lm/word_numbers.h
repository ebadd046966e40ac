// Numbers for words: each word that is new gets the next one.
//
// All spellings lie one after the other; a table of (hash, number) finds them, so that counting a
// text costs one cache miss a word. Thread rule: one thread, but for const members. Errors:
// Error(kModel) beyond 2^31 words or 4 GiB of spellings. Test: tests/models/training_text_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

class WordNumbers {
 public:
  WordNumbers();

  /// The number of `word`, 0-based, a new one if it was not there.
  uint32_t add(std::string_view word);
  std::optional<uint32_t> find(std::string_view word) const;
  std::string_view word(uint32_t number) const {
    const uint32_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(bytes_).substr(begin, ends_[number] - begin);
  }
  uint32_t size() const { return static_cast<uint32_t>(ends_.size()); }
  /// Spellings, one after the other, and where each ends.
  const std::string& bytes() const { return bytes_; }
  const std::vector<uint32_t>& ends() const { return ends_; }

 private:
  struct Slot {
    uint32_t hash;
    uint32_t number_plus_one;  // 0 is empty
  };
  size_t slot(std::string_view word, uint32_t hash) const;
  void grow();

  std::string bytes_;
  std::vector<uint32_t> ends_;
  std::vector<Slot> slots_;  // open addressing, power of two
};

}  // namespace bivox
