#include "dsp/core/file_io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bivox {
namespace {

class FileDescriptor {
 public:
  FileDescriptor(const std::filesystem::path& path, ErrorCode code)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) {
      throw Error(code, fmt::format("{}: {}", path.string(), std::strerror(errno)),
                  "check the path and its permissions");
    }
    struct stat status = {};
    if (::fstat(fd_, &status) != 0 || S_ISDIR(status.st_mode)) {
      ::close(fd_);
      throw Error(code, fmt::format("{}: is a directory, expected a file", path.string()));
    }
    size_ = static_cast<size_t>(status.st_size);
  }
  ~FileDescriptor() { ::close(fd_); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  size_t size() const { return size_; }

 private:
  int fd_;
  size_t size_ = 0;
};

// Waits until the disk holds what was written to `path`, a file or a folder.
bool synchronize(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0 || errno == EINVAL;  // some file systems cannot; not a failure
  ::close(fd);
  return done;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, ErrorCode code) {
  const FileDescriptor file(path, code);
  std::string content;
  content.reserve(file.size());
  // Read to the end rather than to the stated size: pipes and /proc state none.
  char block[1 << 16];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof(block));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error(code, fmt::format("{}: {}", path.string(), std::strerror(errno)));
    }
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
  }
}

MappedFile::MappedFile(const std::filesystem::path& path, ErrorCode code) {
  const FileDescriptor file(path, code);
  size_ = file.size();
  if (size_ == 0) return;  // mmap refuses an empty range
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) {
    throw Error(
        code, fmt::format("{}: cannot be memory-mapped: {}", path.string(), std::strerror(errno)));
  }
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  temporary_ = target_;
  temporary_ += fmt::format(".{}.tmp", ::getpid());
  stream_.open(temporary_, std::ios::binary | std::ios::trunc);
  if (!stream_) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: cannot be written: {}", target_.string(), std::strerror(errno)),
                "check that the folder exists and is writable");
  }
}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  stream_.close();
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void AtomicFile::commit(bool durable) {
  stream_.close();
  if (stream_.fail() || (durable && !synchronize(temporary_))) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: write failed: {}", target_.string(), std::strerror(errno)),
                "check that the disk has room");
  }
  std::error_code failure;
  std::filesystem::rename(temporary_, target_, failure);
  if (failure) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: cannot be replaced: {}", target_.string(), failure.message()));
  }
  committed_ = true;
  // The name is in place; that it may not outlive a loss of power is not worth an error.
  if (durable) {
    const std::filesystem::path folder = target_.parent_path();
    synchronize(folder.empty() ? std::filesystem::path(".") : folder);
  }
}

}  // namespace bivox
