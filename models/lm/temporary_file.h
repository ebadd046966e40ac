// A file without a name that holds what does not fit in memory, and is gone with its owner.
//
// It is made in the folder given (empty: the system's own, $TMPDIR or /tmp) and unlinked at once,
// so neither an error nor an interruption leaves anything behind.
// Errors: Error(kRuntime) with the folder and the system's reason. Thread rule: one thread writes;
// read() may be called by several once all is written. Test: tests/models/ngram_counts_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace bivox {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& folder);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void append(std::span<const std::byte> bytes);
  uint64_t size() const { return size_; }
  /// Exactly these bytes; the range must have been written.
  void read(uint64_t offset, std::span<std::byte> bytes) const;

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path folder_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

}  // namespace bivox
