// Writes the bytes of CMU Sphinx files for tests, in either byte order: a tiny model of three
// phones.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bivox::test {

class SphinxWriter {
 public:
  explicit SphinxWriter(bool swap = false) : swap_(swap) {}

  void u32(uint32_t value) {
    if (swap_) value = __builtin_bswap32(value);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void u32s(std::initializer_list<uint32_t> values) {
    for (const uint32_t value : values) u32(value);
  }
  void u16(uint16_t value) {
    if (swap_) value = __builtin_bswap16(value);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void floats(std::span<const float> values) {
    for (const float value : values) u32(std::bit_cast<uint32_t>(value));
  }
  void text(std::string_view text) { bytes_ += text; }
  void nul_text(std::string_view text) {
    u32(static_cast<uint32_t>(text.size() + 1));
    bytes_ += text;
    bytes_ += '\0';
  }
  const std::string& bytes() const { return bytes_; }

 private:
  bool swap_;
  std::string bytes_;
};

/// An s3 file: header, magic, the words of `sizes`, the number of values, the values, a checksum.
inline std::string s3_file(std::initializer_list<uint32_t> sizes, std::span<const float> values,
                           bool swap = false, bool checksum = true) {
  SphinxWriter file(swap);
  file.text("s3\nversion 1.0\n");
  if (checksum) file.text("chksum0 yes\n");
  file.text("          endhdr\n");
  file.u32(0x11223344);
  uint32_t sum = 0;
  const auto word = [&](uint32_t value) {
    sum = std::rotl(sum, 20) + value;
    file.u32(value);
  };
  for (const uint32_t size : sizes) word(size);
  word(static_cast<uint32_t>(values.size()));
  for (const float value : values) word(std::bit_cast<uint32_t>(value));
  if (checksum) file.u32(sum);
  return file.bytes();
}

/// Phones A, B and the filler SIL; two states an HMM, nine tied states; one triphone, A between
/// B and SIL at the end of a word.
inline std::string mdef_text() {
  return "0.3\n3 n_base\n1 n_tri\n12 n_state_map\n9 n_tied_state\n6 n_tied_ci_state\n"
         "3 n_tied_tmat\n#\n# base lft rt p attrib tmat states\n"
         "A - - - n/a 0 0 1 N\nB - - - n/a 1 2 3 N\nSIL - - - filler 2 4 5 N\n"
         "A B SIL e n/a 0 6 7 N\n";
}

/// The same definition in the binary form.
inline std::string mdef_binary(bool swap = false) {
  SphinxWriter file(swap);
  file.text(swap ? "FDMB" : "BMDF");
  file.u32(1);
  file.u32(8);
  file.text("any text");
  file.u32s({3, 4, 2, 6, 9, 3, 4, 3, 1, 2});
  file.text(std::string_view("A\0B\0SIL\0", 8));
  file.u32s({0, 0});  // one node of the context tree
  const auto record = [&file](uint32_t sequence, uint32_t matrix, std::string_view info) {
    file.u32s({sequence, matrix});
    file.text(info);
  };
  record(0, 0, std::string_view("\0\0\0\0", 4));
  record(1, 1, std::string_view("\0\0\0\0", 4));
  record(2, 2, std::string_view("\1\0\0\0", 4));
  record(3, 0, std::string_view("\2\0\1\2", 4));
  file.u32(8);
  for (uint16_t state = 0; state < 8; ++state) file.u16(state);
  return file.bytes();
}

}  // namespace bivox::test
