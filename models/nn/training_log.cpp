#include "models/nn/training_log.h"

#include <fmt/format.h>

#include <cmath>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {

TrainingLog::TrainingLog(std::filesystem::path path, std::vector<std::string> columns,
                         int64_t position)
    : path_(std::move(path)), columns_(columns.size()) {
  std::error_code failure;
  const auto kept = static_cast<uintmax_t>(position);
  const uintmax_t size = std::filesystem::file_size(path_, failure);
  // A table that was lost or is shorter than it was cannot be mended: it starts anew.
  const bool resumes = position > 0 && !failure && size >= kept;
  if (resumes) {
    std::filesystem::resize_file(path_, kept, failure);
    if (failure) {
      throw Error(ErrorCode::kRuntime,
                  fmt::format("{}: cannot be cut: {}", path_.string(), failure.message()));
    }
  }
  stream_.open(path_, std::ios::binary | (resumes ? std::ios::app : std::ios::trunc));
  if (!resumes) {
    for (size_t i = 0; i < columns.size(); ++i) stream_ << (i == 0 ? "" : "\t") << columns[i];
    stream_ << '\n';
  }
  check();
}

void TrainingLog::append(std::span<const double> values) {
  BIVOX_CHECK(values.size() == columns_);
  std::string line;
  for (const double value : values) {
    if (!line.empty()) line += '\t';
    const bool whole = std::abs(value) < 1e15 && value == std::floor(value);
    line += whole ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{}", value);
  }
  stream_ << line << '\n';
  check();
}

int64_t TrainingLog::position() {
  stream_.flush();
  check();
  return static_cast<int64_t>(stream_.tellp());
}

void TrainingLog::check() {
  if (stream_) return;
  throw Error(ErrorCode::kRuntime, fmt::format("{}: cannot be written", path_.string()),
              "check that the folder is writable and the disk has room");
}

}  // namespace bivox
