// Decoders of compressed text: gzip and xz, block by block.
//
// A compressed text is one or several members, one after the other; between members zeros may
// stand (the padding of tapes and block devices). Memory: at most 192 MiB, which xz needs for its
// largest presets only. Thread rule: one thread. Errors: a Status, since only the caller knows the
// name and the line. Sources: RFC 1952 (gzip); the .xz file format 1.1.0, sections 1 and 2.
// Test: tests/models/text_lines_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace bivox {

class TextDecoder {
 public:
  enum class Status { kOk, kDamaged };

  /// The decoder that the first bytes of a text ask for; null for plain text.
  static std::unique_ptr<TextDecoder> for_text(std::span<const std::byte> beginning);
  virtual ~TextDecoder() = default;
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;

  /// Decodes what it can; both spans lose at the front what was read and written.
  Status decode(std::span<const std::byte>& in, std::span<char>& out);
  /// Whether the text may end here: no member is open.
  bool between_members() const { return !in_member_; }
  /// "gzip" or "xz".
  virtual std::string_view form() const = 0;

 protected:
  TextDecoder() = default;
  enum class Step { kOk, kEndOfMember, kDamaged };
  virtual Step step(std::span<const std::byte>& in, std::span<char>& out) = 0;
  virtual void begin_member() = 0;

 private:
  bool in_member_ = false;
};

}  // namespace bivox
