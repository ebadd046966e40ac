// A table that grows by one line a step or an epoch, for people and for plotting programs:
// tab-separated, one header line, numbers that give the same bits back.
//
//   step  epoch  loss  rate  norm
//   1     0      2.31  0.001 0.8
//
// A resumed training cuts the table where its checkpoint was made and goes on, so that no line is
// there twice: save position() with the checkpoint, give it to the constructor.
// Errors: Error(kRuntime) when the disk refuses. Thread rule: one thread.
// Test: tests/models/nn/training_log_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace bivox {

class TrainingLog {
 public:
  /// Keeps the first `position` bytes of what stands there (0: starts anew).
  TrainingLog(std::filesystem::path path, std::vector<std::string> columns, int64_t position = 0);

  /// One value a column; whole numbers are written without a point.
  void append(std::span<const double> values);
  /// Bytes so far, all of them handed to the system.
  int64_t position();

 private:
  void check();

  std::filesystem::path path_;
  size_t columns_;
  std::ofstream stream_;
};

}  // namespace bivox
