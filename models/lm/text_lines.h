// Lines of a text that lies in memory, as it is or compressed by gzip, with their numbers.
//
// Compressed text is inflated by blocks: only the line at hand is held. Several gzip members one
// after the other are one text. A carriage return before the newline is dropped.
// Errors: Error(kModel) for damaged or unfinished gzip data, and for a line longer than 1 MiB,
// which no model file has but a damaged or malicious one may. Thread rule: one thread. Test:
// tests/models/arpa_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct z_stream_s;

namespace bivox {

class TextLines {
 public:
  TextLines(std::span<const std::byte> bytes, std::string_view name);
  ~TextLines();
  TextLines(const TextLines&) = delete;
  TextLines& operator=(const TextLines&) = delete;

  /// The next line, valid until the next call; false at the end.
  bool next(std::string_view& line);
  /// 1-based number of the line given last.
  size_t number() const { return number_; }
  /// Error(kModel) "name:line: what".
  [[noreturn]] void fail(const std::string& what, std::string hint = "") const;

 private:
  bool inflate_more();

  std::string name_;
  size_t number_ = 0;
  std::span<const std::byte> rest_;     // plain text not yet given, or gzip data not yet inflated
  std::unique_ptr<z_stream_s> stream_;  // null for plain text
  std::vector<char> buffer_;            // inflated, of which [begin_, end_) is not yet given
  size_t begin_ = 0;
  size_t end_ = 0;
  bool in_member_ = true;
};

}  // namespace bivox
