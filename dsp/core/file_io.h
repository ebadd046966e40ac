// Whole files in, whole files out.
//
// Reading: read_file for small files, MappedFile for large ones (memory-mapped, shared, read-only).
// Writing: AtomicFile writes to a temporary name beside the target and renames on commit(), so an
// interrupted run never leaves a half file in the place of a good one.
// Errors: Error(kInput or the code given) that names the path and the system's reason.
// Thread rule: each object belongs to one thread; a MappedFile's bytes may be read by all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "dsp/core/error.h"

namespace bivox {

/// The whole file as bytes. A directory, a missing file or a refused one is an Error with `code`.
std::string read_file(const std::filesystem::path& path, ErrorCode code = ErrorCode::kInput);

/// A read-only memory map of a whole file, unmapped by the destructor.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path, ErrorCode code = ErrorCode::kModel);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Writes beside the target and renames in commit(); without commit() the target is untouched.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  std::ostream& stream() { return stream_; }
  /// The temporary file, for writers that want a path of their own (close what they opened first).
  const std::filesystem::path& temporary_path() const { return temporary_; }
  /// Flushes, checks for write errors and renames over the target. A durable file survives a loss
  /// of power right after commit(): file and folder are synchronized with the disk, which takes
  /// milliseconds.
  void commit(bool durable = false);

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::ofstream stream_;
  bool committed_ = false;
};

}  // namespace bivox
