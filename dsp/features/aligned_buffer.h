// A fixed-size array of floats that starts on a 64-byte boundary, zeroed when it is made.
//
// SIMD loads and FFTW's fastest plans want aligned rows; std::vector promises 16 bytes only.
// Thread rule: a value that owns its memory; one owner.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace bivox {

class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;
  /// The next multiple of 16 floats, so that rows of this stride stay aligned.
  static constexpr int padded(int n) { return (n + 15) / 16 * 16; }

  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size)
      : data_(new (std::align_val_t{kAlignment}) float[size]()), size_(size) {}

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  float& operator[](size_t i) { return data_[i]; }
  float operator[](size_t i) const { return data_[i]; }

 private:
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

}  // namespace bivox
