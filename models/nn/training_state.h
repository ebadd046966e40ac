// Everything that a stopped training needs to go on, as names with tensors and texts.
//
// Each part of a training (weights, optimizer, averages, data position ...) writes its own entries
// under a prefix of its own and reads them back; checkpoint.h puts the whole into one file.
// Numbers are kept as text that gives the same bits back.
// Thread rule: a value. Errors: Error(kModel) naming the entry that is missing, or of another shape
// or form than expected. Test: tests/models/nn/checkpoint_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/nn/tensor.h"

namespace bivox {

struct TrainingState {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> values;

  void set_integer(const std::string& name, int64_t value);
  int64_t integer(const std::string& name) const;
  void set_number(const std::string& name, double value);
  double number(const std::string& name) const;
  const std::string& text(const std::string& name) const;

  void set_tensor(const std::string& name, const Tensor& value) {
    tensors.insert_or_assign(name, value.clone());
  }
  /// Copies the entry into `target`, whose shape it must have.
  void get_tensor(const std::string& name, Tensor& target) const;
};

}  // namespace bivox
