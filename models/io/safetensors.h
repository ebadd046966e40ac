// Safetensors: named tensors in one file that can be mapped and read in place.
//
//   8 bytes   N, the length of the header, little endian
//   N bytes   JSON {"name": {"dtype": "F32", "shape": [3, 4], "data_offsets": [begin, end]}, ...},
//             optionally "__metadata__": {"key": "text", ...}
//   the rest  the tensors' bytes, little endian, one after another, in the order of the header
//
// Reading trusts nothing: the header must be valid JSON of at most 100 MB, every name unique, every
// size the product of its shape, and the tensors must cover the rest of the file in the header's
// order without holes or overlaps. Memory taken is in proportion to the header.
// Writing is deterministic: widest type first, then by name, so that every tensor is aligned to the
// size of its elements; the header is padded with spaces so that the data starts at 64 bytes.
// Types: F32, BF16, F16, I8, I32.
//
// Errors: Error(kModel) naming the file and what is wrong with it.
// Thread rule: a SafetensorsFile is immutable; share freely. A writer belongs to one thread.
// Source: huggingface/safetensors, README.md "Format". Test: tests/models/io/safetensors_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/core/file_io.h"
#include "models/nn/tensor.h"

namespace bivox {

enum class StoredType { kFloat32, kBfloat16, kFloat16, kInt8, kInt32 };
/// "F32", "BF16", "F16", "I8", "I32".
std::string_view stored_type_name(StoredType type);
/// Bytes of one element.
size_t stored_type_size(StoredType type);

/// One tensor of a file; `bytes` live as long as the file.
struct StoredTensor {
  std::string name;
  StoredType type = StoredType::kFloat32;
  Shape shape;
  std::span<const std::byte> bytes;

  /// As floats, whatever the type.
  Tensor to_float() const;
  /// The elements of an I8 or I32 tensor.
  std::vector<int8_t> to_int8() const;
  std::vector<int32_t> to_int32() const;
};

class SafetensorsFile {
 public:
  /// Maps the file.
  static SafetensorsFile open(const std::filesystem::path& path);
  /// Reads bytes that outlive the result; `name` stands for the path in errors.
  static SafetensorsFile parse(std::span<const std::byte> bytes, std::string name);

  const std::string& name() const { return name_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  /// nullptr if there is none.
  const StoredTensor* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  MappedFile file_;
  std::string name_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

class SafetensorsWriter {
 public:
  /// Rounded to `type`, one of the kinds of float. Names are unique.
  void add(std::string name, const Tensor& tensor, StoredType type = StoredType::kFloat32);
  void add_int8(std::string name, const Shape& shape, std::span<const int8_t> values);
  void add_int32(std::string name, const Shape& shape, std::span<const int32_t> values);
  void set_metadata(std::string key, std::string value);

  /// The whole file.
  std::string serialize() const;
  /// Replaces the file at once.
  void write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    StoredType type;
    Shape shape;
    std::string bytes;
  };
  void add_entry(std::string name, Entry entry);

  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace bivox
