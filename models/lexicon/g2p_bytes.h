// Little-endian numbers and deflated parts, for the file of the pronunciation model.
//
// Errors: Error(kModel) with the name of the file. Thread rule: free functions and a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bivox {

void put_u32(std::string& out, uint32_t value);
void put_f32(std::string& out, float value);
/// Seven bits a byte, lowest first.
void put_varint(std::string& out, uint32_t value);
/// Size before and after, then the bytes deflated.
void put_deflated(std::string& out, std::string_view bytes);

/// Takes values off the front of bytes; what is not there is an Error.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  std::string_view take(size_t size);
  uint8_t take_u8() { return static_cast<uint8_t>(take(1).front()); }
  uint32_t take_u32();
  /// An Error too when it is no number or its magnitude is above `limit`.
  float take_f32(float limit);
  uint32_t take_varint();
  /// The sizes must be such as deflate makes: nothing is allocated for a claim.
  std::string take_deflated();

  std::string_view rest() const { return bytes_; }
  std::string_view name() const { return name_; }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string_view bytes_;
  std::string_view name_;
};

}  // namespace bivox
