// Lines of a text, as it is or compressed by gzip or xz, with their numbers.
//
// The text lies in memory or comes from a stream (a file, standard input). What is compressed is
// told by its first bytes and decoded by blocks: only the line at hand is held, but for texts in
// memory. Several gzip or xz members one after the other are one text. A carriage return before
// the newline is dropped.
// Errors: Error, of the kind given, for damaged or unfinished data, and for a line longer than
// 1 MiB, which no model file has but a damaged or malicious one may. Thread rule: one thread. Test:
// tests/models/text_lines_test.cpp, tests/models/arpa_test.cpp.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/core/error.h"
#include "models/lm/text_decoder.h"

namespace bivox {

class TextLines {
 public:
  /// The bytes must outlive the lines.
  TextLines(std::span<const std::byte> bytes, std::string_view name,
            ErrorCode code = ErrorCode::kModel);
  /// Reads as it goes; the stream must be binary and outlive the lines.
  TextLines(std::istream& stream, std::string_view name, ErrorCode code = ErrorCode::kModel);
  TextLines(const TextLines&) = delete;
  TextLines& operator=(const TextLines&) = delete;

  /// The next line, valid until the next call; false at the end.
  bool next(std::string_view& line);
  /// 1-based number of the line given last.
  size_t number() const { return number_; }
  /// Bytes of the text as it is stored that have been read so far.
  size_t bytes_read() const { return bytes_read_ - rest_.size(); }
  /// "name:line: what", an Error of the kind given.
  [[noreturn]] void fail(const std::string& what, std::string hint = "") const;

 private:
  std::string_view bare(std::string_view line) const;
  bool read_stream();
  bool decode_more();

  std::string name_;
  ErrorCode code_;
  size_t number_ = 0;
  size_t bytes_read_ = 0;
  std::istream* stream_ = nullptr;        // null for a text in memory
  std::vector<std::byte> input_;          // the block of the stream at hand
  std::span<const std::byte> rest_;       // plain text not yet given, or data not yet decoded
  std::unique_ptr<TextDecoder> decoder_;  // null for plain text
  std::vector<char> buffer_;              // decoded, of which [begin_, end_) is not yet given
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace bivox
