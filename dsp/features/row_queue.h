// A queue of feature rows `[rows x dims]`, contiguous, that the streaming stages hand to each
// other.
//
// Rows are pushed at the back and dropped at the front; memory moves only now and then, so a long
// stream costs no more than the rows that wait. Row pointers are valid until the next push or drop.
// Thread rule: one owner.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bivox {

class RowQueue {
 public:
  explicit RowQueue(int dims) : dims_(static_cast<size_t>(dims)) {}

  int dims() const { return static_cast<int>(dims_); }
  int size() const { return static_cast<int>((data_.size() - begin_) / dims_); }
  /// Adds a row, to be filled in.
  float* push() {
    data_.resize(data_.size() + dims_);
    return data_.data() + data_.size() - dims_;
  }
  void push(const float* row) { std::copy_n(row, dims_, push()); }
  const float* row(int i) const { return data_.data() + begin_ + static_cast<size_t>(i) * dims_; }
  float* row(int i) { return data_.data() + begin_ + static_cast<size_t>(i) * dims_; }
  /// Forgets the first `count` rows.
  void drop(int count) {
    begin_ += static_cast<size_t>(count) * dims_;
    if (begin_ > data_.size() / 2) {
      data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
  }
  void clear() {
    data_.clear();
    begin_ = 0;
  }

 private:
  size_t dims_;
  std::vector<float> data_;
  size_t begin_ = 0;
};

}  // namespace bivox
