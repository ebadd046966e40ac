// A dense array of floats with a shape: the one tensor type of Bivox.
//
// Row-major, contiguous, 64-byte aligned. The conventions of the engine, outermost first:
//   activations   [batch x time x channels]   (a single utterance or stream: batch = 1)
//   convolution   [kernel x inputs x outputs] weights, [outputs] bias
//   linear        [inputs x outputs]
// Channels are innermost, so that a convolution over time is one matrix product over rows that
// overlap in memory, without unfolding.
//
// A tensor owns its memory and is moved, not copied; clone() says when a copy is meant. Narrow
// types (bfloat16, int8) live only where they pay: packed inside kernels and in model files.
// Thread rule: a value; one owner. Test: tests/models/nn/tensor_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

namespace bivox {

/// Up to four sizes, outermost first. Rank 0 is a scalar and has one element.
class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);

  int rank() const { return rank_; }
  int64_t operator[](int i) const { return dims_[static_cast<size_t>(i)]; }
  /// Product of the sizes.
  int64_t size() const;
  /// The innermost size; 1 for a scalar.
  int64_t last() const { return rank_ == 0 ? 1 : dims_[static_cast<size_t>(rank_ - 1)]; }
  /// "[8 x 100 x 256]", for messages.
  std::string text() const;
  bool operator==(const Shape&) const = default;

 private:
  std::array<int64_t, kMaxRank> dims_ = {};
  int rank_ = 0;
};

class Tensor {
 public:
  static constexpr size_t kAlignment = 64;

  /// No elements, shape [0].
  Tensor();
  /// All zeros.
  explicit Tensor(const Shape& shape);
  /// Contents not set: for results of which every element is written.
  static Tensor uninitialized(const Shape& shape);
  static Tensor filled(const Shape& shape, float value);
  static Tensor from(const Shape& shape, std::span<const float> values);
  static Tensor scalar(float value) { return filled(Shape{}, value); }

  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor() = default;
  Tensor clone() const;

  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int i) const { return shape_[i]; }
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::span<float> values() { return {data_.get(), static_cast<size_t>(size_)}; }
  std::span<const float> values() const { return {data_.get(), static_cast<size_t>(size_)}; }
  float& operator[](int64_t i) { return data_[static_cast<size_t>(i)]; }
  float operator[](int64_t i) const { return data_[static_cast<size_t>(i)]; }
  /// The value of a tensor of one element.
  float item() const;

  /// The same elements under another shape of the same size.
  void reshape(const Shape& shape);
  void fill(float value);

 private:
  // Blocks of freed tensors are kept and used again (tensor.cpp): a training step asks for the same
  // sizes again and again, and fresh pages from the system cost more than the arithmetic of small
  // layers.
  struct Release {
    size_t bytes;
    void operator()(float* block) const noexcept;
  };

  Shape shape_;
  int64_t size_ = 0;
  std::unique_ptr<float[], Release> data_;
};

/// Bytes that freed tensors hold back for reuse; drop_tensor_cache() returns them to the system.
size_t tensor_cache_bytes();
void drop_tensor_cache();

}  // namespace bivox
