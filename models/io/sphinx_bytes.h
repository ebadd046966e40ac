// A cursor over the bytes of a binary CMU Sphinx file: every step is checked against the end, words
// are swapped when the writer's byte order was the other one.
//
// Errors: Error(kModel) "<name>: truncated ...". Thread rule: a value.
// Test: tests/models/sphinx_files_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

class SphinxBytes {
 public:
  SphinxBytes(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  void set_swap(bool swap) { swap_ = swap; }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  /// Throws unless `count` items of `size` bytes each are left; `what` names them in the error.
  void require(uint64_t count, uint64_t size, std::string_view what) const;
  std::string_view take(uint64_t count, std::string_view what);
  uint32_t u32(std::string_view what);
  int32_t i32(std::string_view what) { return static_cast<int32_t>(u32(what)); }
  /// An int32 that must be in [low, high].
  int bounded(int low, int high, std::string_view what);
  std::vector<uint16_t> u16s(uint64_t count, std::string_view what);
  std::vector<float> floats(uint64_t count, std::string_view what);
  /// Throws Error(kModel, "<name>: <problem>").
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  std::string_view bytes_;
  std::string_view name_;
  size_t position_ = 0;
  bool swap_ = false;
};

}  // namespace bivox
