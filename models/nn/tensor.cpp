#include "models/nn/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// Freed blocks by size. Sizes are rounded up to a few per power of two, so that utterances of
// slightly different lengths share blocks.
class BlockCache {
 public:
  static BlockCache& instance() {
    static BlockCache* cache = new BlockCache;  // outlives every static tensor
    return *cache;
  }

  static size_t rounded(size_t bytes) {
    size_t step = Tensor::kAlignment;
    while (step * 16 < bytes) step *= 2;
    return (bytes + step - 1) / step * step;
  }

  void* take(size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      auto found = free_.find(bytes);
      if (found != free_.end() && !found->second.empty()) {
        void* block = found->second.back();
        found->second.pop_back();
        held_ -= bytes;
        return block;
      }
    }
    return ::operator new (bytes, std::align_val_t{Tensor::kAlignment});
  }

  void give(void* block, size_t bytes) noexcept {
    try {
      const std::lock_guard lock(mutex_);
      // Full of sizes that are no longer asked for: better to begin anew.
      if (held_ + bytes > kMaxHeld) drop_held();
      if (bytes <= kMaxHeld) {
        free_[bytes].push_back(block);
        held_ += bytes;
        return;
      }
    } catch (...) {  // no memory for the list: the block goes back to the system
    }
    ::operator delete (block, std::align_val_t{Tensor::kAlignment});
  }

  size_t held() {
    const std::lock_guard lock(mutex_);
    return held_;
  }

  void drop() {
    const std::lock_guard lock(mutex_);
    drop_held();
  }

 private:
  void drop_held() {
    for (auto& [bytes, blocks] : free_) {
      for (void* block : blocks) ::operator delete (block, std::align_val_t{Tensor::kAlignment});
    }
    free_.clear();
    held_ = 0;
  }

  static constexpr size_t kMaxHeld = size_t{4} << 30;

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<void*>> free_;
  size_t held_ = 0;
};

}  // namespace

Shape::Shape(std::initializer_list<int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  BIVOX_CHECK(dims.size() <= kMaxRank);
  std::copy(dims.begin(), dims.end(), dims_.begin());
  for (const int64_t dim : dims) BIVOX_CHECK(dim >= 0);
}

int64_t Shape::size() const {
  int64_t size = 1;
  for (int i = 0; i < rank_; ++i) size *= dims_[static_cast<size_t>(i)];
  return size;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : " x ", dims_[static_cast<size_t>(i)]);
  }
  return text + "]";
}

void Tensor::Release::operator()(float* block) const noexcept {
  BlockCache::instance().give(block, bytes);
}

Tensor::Tensor() : shape_({0}) {}

Tensor::Tensor(Tensor&& other) noexcept
    : shape_(std::exchange(other.shape_, Shape({0}))),
      size_(std::exchange(other.size_, 0)),
      data_(std::move(other.data_)) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  shape_ = std::exchange(other.shape_, Shape({0}));
  size_ = std::exchange(other.size_, 0);
  data_ = std::move(other.data_);
  return *this;
}

Tensor Tensor::uninitialized(const Shape& shape) {
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.size_ = shape.size();
  if (tensor.size_ > 0) {
    const size_t bytes = BlockCache::rounded(static_cast<size_t>(tensor.size_) * sizeof(float));
    tensor.data_ = std::unique_ptr<float[], Release>(
        static_cast<float*>(BlockCache::instance().take(bytes)), Release{bytes});
  }
  return tensor;
}

Tensor::Tensor(const Shape& shape) : Tensor(uninitialized(shape)) { fill(0.0F); }

Tensor Tensor::filled(const Shape& shape, float value) {
  Tensor tensor = uninitialized(shape);
  tensor.fill(value);
  return tensor;
}

Tensor Tensor::from(const Shape& shape, std::span<const float> values) {
  BIVOX_CHECK(static_cast<int64_t>(values.size()) == shape.size());
  Tensor tensor = uninitialized(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

Tensor Tensor::clone() const { return from(shape_, values()); }

float Tensor::item() const {
  BIVOX_CHECK(size_ == 1);
  return data_[0];
}

void Tensor::reshape(const Shape& shape) {
  BIVOX_CHECK(shape.size() == size_);
  shape_ = shape;
}

void Tensor::fill(float value) { std::fill_n(data_.get(), size_, value); }

size_t tensor_cache_bytes() { return BlockCache::instance().held(); }

void drop_tensor_cache() { BlockCache::instance().drop(); }

}  // namespace bivox
